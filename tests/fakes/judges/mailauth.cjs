// A judge of DKIM signatures: npm's mailauth. Arguments, input and output as mail_dkim.pl.
'use strict';
const { Resolver } = require('node:dns').promises;
const { dkimVerify } = require('mailauth/lib/dkim/verify');

const [address, port] = process.argv.slice(2);
const dns = new Resolver();
dns.setServers([`${address}:${port}`]);
const resolver = (name, type) => dns.resolve(name, type);

async function verdicts(message) {
    const { results } = await dkimVerify(message, { resolver });
    return results.map(one => `${one.selector}=${one.status.result} (${one.status.comment || ''})`).join(';');
}

(async () => {
    let buffered = [], size = 0, wanted = -1;
    for await (const piece of process.stdin) {
        buffered.push(piece);
        size += piece.length;
        for (;;) {
            if (wanted < 0) {
                const all = Buffer.concat(buffered), end = all.indexOf(10);
                if (end < 0) break;
                wanted = Number(all.subarray(0, end).toString());
                buffered = [all.subarray(end + 1)];
                size = all.length - end - 1;
            }
            if (size < wanted) break;
            const all = Buffer.concat(buffered), message = all.subarray(0, wanted);
            buffered = [all.subarray(wanted)];
            size -= wanted;
            wanted = -1;
            process.stdout.write((await verdicts(message)).replace(/[\r\n]+/g, ' ') + '\n');
        }
    }
})();
