"""Other people's mail clients, as functions that submit one message and return when the client has ended.

Each is told the port, the channel ("starttls" or "tls") and the AUTH mechanism; all log in as alice@example.org.
"""

import asyncio
import json
import os
import smtplib
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fakes.components import require_command, require_npm_package, require_perl_module
from fakes.tls import trusting_context

USER, PASSWORD = "alice@example.org", "secret"


@dataclass(frozen=True)
class Errand:
    """One message to submit."""

    port: int
    channel: str  # "starttls" or "tls"
    mechanism: str  # "PLAIN" or "LOGIN"
    sender: str
    recipients: tuple[str, ...]
    octets: bytes  # with CR LF


async def swaks(errand: Errand) -> None:
    await run(
        errand.octets.replace(b"\r\n", b"\n").removesuffix(b"\n"),  # it ends the last line itself
        [
            require_command("swaks", "swaks"), "--server", "127.0.0.1", "--port", str(errand.port),
            "--tls" if errand.channel == "starttls" else "--tls-on-connect", "--auth", errand.mechanism,
            "--auth-user", USER, "--auth-password", PASSWORD, "--from", errand.sender,
            "--to", ",".join(errand.recipients), "--data", "-", "--helo", "swaks.example",
        ],
    )  # fmt: skip


async def msmtp(errand: Errand) -> None:
    await run(
        errand.octets.replace(b"\r\n", b"\n"),
        [
            require_command("msmtp", "msmtp"), "--host=127.0.0.1", f"--port={errand.port}", "--tls=on",
            f"--tls-starttls={'on' if errand.channel == 'starttls' else 'off'}", "--tls-certcheck=off",
            f"--auth={errand.mechanism.lower()}", f"--user={USER}", f"--passwordeval=echo {PASSWORD}",
            f"--from={errand.sender}", "--", *errand.recipients,
        ],
    )  # fmt: skip


async def curl(errand: Errand) -> None:
    scheme = "smtp" if errand.channel == "starttls" else "smtps"
    to = [word for address in errand.recipients for word in ("--mail-rcpt", address)]
    await run(
        errand.octets,
        [
            require_command("curl", "curl"), "--silent", "--show-error", "--insecure", "--ssl-reqd",
            "--url", f"{scheme}://127.0.0.1:{errand.port}/curl.example", "--user", f"{USER}:{PASSWORD}",
            "--login-options", f"AUTH={errand.mechanism}", "--mail-from", errand.sender, *to, "--upload-file", "-",
        ],
    )  # fmt: skip


async def python_smtplib(errand: Errand) -> None:
    await asyncio.to_thread(_smtplib, errand)


def _smtplib(errand: Errand) -> None:
    context = trusting_context()
    if errand.channel == "tls":
        client: smtplib.SMTP = smtplib.SMTP_SSL("127.0.0.1", errand.port, "smtplib.example", context=context)
    else:
        client = smtplib.SMTP("127.0.0.1", errand.port, "smtplib.example")
        client.starttls(context=context)
    with client:
        client.ehlo()
        client.user, client.password = USER, PASSWORD
        client.auth(errand.mechanism, getattr(client, f"auth_{errand.mechanism.lower()}"))
        assert client.sendmail(errand.sender, list(errand.recipients), errand.octets) == {}


_NODEMAILER = """
const nodemailer = require('nodemailer');
const errand = JSON.parse(process.argv[1]);
const parts = [];
process.stdin.on('data', part => parts.push(part)).on('end', async () => {
  const transport = nodemailer.createTransport({
    host: '127.0.0.1', port: errand.port, secure: errand.channel === 'tls', requireTLS: errand.channel === 'starttls',
    tls: {rejectUnauthorized: false}, authMethod: errand.mechanism, auth: {user: errand.user, pass: errand.password},
  });
  await transport.sendMail({envelope: {from: errand.sender, to: errand.recipients}, raw: Buffer.concat(parts)});
  transport.close();
});
"""


async def nodemailer(errand: Errand) -> None:
    node, folder = require_npm_package("nodemailer@7")
    told = {
        "port": errand.port, "channel": errand.channel, "mechanism": errand.mechanism, "user": USER,
        "password": PASSWORD, "sender": errand.sender, "recipients": errand.recipients,
    }  # fmt: skip
    await run(errand.octets, [node, "-e", _NODEMAILER, json.dumps(told)], {"NODE_PATH": str(folder / "node_modules")})


_NET_SMTP = """
use Net::SMTP; use Authen::SASL;
binmode STDIN;
my $letter = do { local $/; <STDIN> };
my ($port, $channel, $mechanism, $user, $password, $sender, @recipients) = @ARGV;
my $smtp = Net::SMTP->new('127.0.0.1', Port => $port, Hello => 'perl.example', SSL => $channel eq 'tls',
    SSL_verify_mode => 0) or die "no greeting: $@";
if ($channel eq 'starttls') { $smtp->starttls(SSL_verify_mode => 0) or die $smtp->message }
my %login = (user => $user, authname => $user, pass => $password);
my $sasl = Authen::SASL->new(mechanism => $mechanism, callback => \\%login);
$smtp->auth($sasl) or die $smtp->message;
$smtp->mail($sender) or die $smtp->message;
$smtp->to(@recipients) or die $smtp->message;
$smtp->data($letter) or die $smtp->message;
$smtp->quit;
"""


async def perl_net_smtp(errand: Errand) -> None:
    perl = require_perl_module("Authen::SASL", "libauthen-sasl-perl")
    require_perl_module("IO::Socket::SSL", "libio-socket-ssl-perl")
    arguments = [str(errand.port), errand.channel, errand.mechanism, USER, PASSWORD, errand.sender, *errand.recipients]
    await run(errand.octets.replace(b"\r\n", b"\n"), [perl, "-e", _NET_SMTP, *arguments])


CLIENTS: dict[str, Callable[[Errand], Awaitable[None]]] = {
    "swaks": swaks,
    "msmtp": msmtp,
    "curl": curl,
    "smtplib": python_smtplib,
    "nodemailer": nodemailer,
    "Net::SMTP": perl_net_smtp,
}
"""They carry a letter as it is."""


async def run(standard_input: bytes, command: list[str], environment: dict[str, str] | None = None) -> None:
    """Run a program with more environment than ours; what it said fails the test when it fails."""
    pipe = asyncio.subprocess.PIPE
    source = pipe if standard_input else asyncio.subprocess.DEVNULL  # some end before they could be given nothing
    child = await asyncio.create_subprocess_exec(
        *command, stdin=source, stdout=pipe, stderr=asyncio.subprocess.STDOUT, env={**os.environ, **(environment or {})}
    )
    said, _ = await child.communicate(standard_input or None)
    assert child.returncode == 0, said.decode(sys.getdefaultencoding(), "replace")
