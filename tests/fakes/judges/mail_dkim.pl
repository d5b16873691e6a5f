# A judge of DKIM signatures: Perl's Mail::DKIM.
# Arguments: address and port of the DNS server. Standard input: for each message its length in octets on a line, then
# the octets. Standard output: a line for each message, "selector=result (detail);" for each signature.
use strict;
use warnings;
use Mail::DKIM::DNS;
use Mail::DKIM::Verifier;
use Net::DNS::Resolver;

my ($address, $port) = @ARGV;
Mail::DKIM::DNS::resolver(Net::DNS::Resolver->new(nameservers => [$address], port => $port, tcp_timeout => 5, udp_timeout => 5));
binmode STDIN;
$| = 1;
while (defined(my $length = <STDIN>)) {
    my $message = '';
    my $left = $length + 0;
    while ($left > 0) {
        my $got = read(STDIN, $message, $left, length $message) or die "short input\n";
        $left -= $got;
    }
    my $verifier = Mail::DKIM::Verifier->new();
    $verifier->PRINT($message);
    $verifier->CLOSE;
    my @verdicts = map { ($_->selector // '') . '=' . ($_->result // '') . ' (' . ($_->result_detail // '') . ')' } $verifier->signatures;
    my $line = join(';', @verdicts);
    $line =~ s/[\r\n]+/ /g;
    print "$line\n";
}
