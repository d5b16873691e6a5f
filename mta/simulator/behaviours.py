"""The words with which conf/simulator.toml describes how a receiver behaves.

Owns   the enumerations of the file's tables (`mta.simulator.settings`).
Knows  nothing of what they make a server do: that is the dialog's, the session's and the name system's.
"""

from enum import StrEnum


class Expectation(StrEnum):
    """What becomes of a recipient in the end; for whoever judges, the simulator only tells it."""

    DELIVERED = "delivered"  # once
    DOUBLED = "doubled"  # more than once, as after a lost reply to the final dot: nobody can know
    BOUNCED = "bounced"
    WAITING = "waiting"  # it would be tried again until it expires
    LATE = "late"  # delivered, but only when time-outs of minutes have run out; until then it waits


class Stage(StrEnum):
    """A step of the dialog at which something may happen, in order."""

    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "ehlo"
    HELO = "helo"
    STARTTLS = "starttls"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"  # the first octets of the content have arrived
    DOT = "dot"  # the final dot has arrived
    RSET = "rset"
    QUIT = "quit"


class Deed(StrEnum):
    """What a rule does."""

    REPLY = "reply"
    OCTETS = "octets"  # says octets that need not be a reply
    DROP = "drop"
    RESET = "reset"  # cuts with a TCP reset
    HALF_CLOSE = "half-close"  # ends its own side and goes on taking what comes, without a word
    HANG = "hang"
    WAIT = "wait"


class Family(StrEnum):
    """Clients of one address family."""

    ANY = ""
    IPV4 = "ipv4"
    IPV6 = "ipv6"


class NameBehaviour(StrEnum):
    """How the DNS server answers for a provider's domains."""

    MX = "mx"
    IMPLICIT = "implicit"  # no MX, the domain has the first host's address itself
    CNAME = "cname"  # the domain is another name for alias.<domain>, which has the MX
    CNAME_LOOP = "cname-loop"  # the domain is another name for loop.<domain>, and that one for the domain
    NULL_MX = "null-mx"
    NXDOMAIN = "nxdomain"
    SERVFAIL = "servfail"
    BOGUS = "bogus"  # SERVFAIL of a resolver whose DNSSEC validation failed
    SILENT = "silent"
    TRUNCATED = "truncated"  # over UDP only "ask over TCP"


class StartTls(StrEnum):
    """What becomes of STARTTLS."""

    NONE = "none"  # not offered
    GOOD = "good"
    REFUSED = "refused"  # offered, then 454
    GARBAGE = "garbage"  # 220, then octets that are no TLS
    RESET = "reset"  # 220, then a reset in the handshake
    HANG = "hang"  # 220, then silence


class Certificate(StrEnum):
    """Which certificate is shown."""

    GOOD = "good"  # for the hosts' names; self-signed
    EXPIRED = "expired"
    OTHER_NAME = "other-name"


class TlsVersions(StrEnum):
    """Which versions of TLS are spoken."""

    ANY = "any"
    OLD = "1.0"


class Pipelined(StrEnum):
    """What becomes of commands that come in one piece with the command before them."""

    READ = "read"
    LOST = "lost"  # thrown away
    CUT = "cut"  # the connection is dropped
    ONE_PER_READ = "one-per-read"  # a command is looked at when octets arrive, and only one each time
    ONE_SHORT = "one-short"  # all are obeyed; the last one's reply is never sent


class ReplyStyle(StrEnum):
    """How replies are written."""

    PLAIN = "plain"
    MULTILINE = "multiline"  # in three lines
    OCTETS = "octets"  # octet by octet
    BARE_LF = "bare-lf"  # lines end with LF alone
    CODE_ONLY = "code-only"  # the code alone, not even a space behind it
    EIGHT_BIT = "eight-bit"  # text in Latin-1
    LONG = "long"  # text of 5000 octets a line
    NO_SPACE = "no-space"  # nothing between code and text


class Returned(StrEnum):
    """What is sent back for a letter that was taken."""

    BOUNCE = "bounce"
    DELAY = "delay"
    SUCCESS = "success"
    COMPLAINT = "complaint"
    VACATION = "vacation"
    QUOTING_VACATION = "quoting-vacation"  # its words speak of failures
    MOVED = "moved"
    CHALLENGE = "challenge"
    NESTED = "nested"  # a notice in a thousand messages
    BOMB = "bomb"  # thousands of parts
    HEAVY = "heavy"  # almost 25 MB, with the notice at its end
    QUOTED = "quoted"  # megabytes of quoted-printable that make one line


class ReturnStyle(StrEnum):
    """Whose form it has; for complaints only the last two differ from the ordinary one."""

    POSTFIX = "postfix"
    EXCHANGE = "exchange"
    GMAIL = "gmail"
    YAHOO = "yahoo"
    QQ = "qq"
    NETEASE = "netease"
    EXIM = "exim"
    QMAIL = "qmail"
    DOMINO = "domino"
    SENDMAIL = "sendmail"
    REDACTED = "redacted"  # a complaint that tells no addresses
    MICROSOFT = "microsoft"


class ReturnTo(StrEnum):
    """To whom."""

    REVERSE_PATH = "reverse-path"
    FEEDBACK = "fbl"  # fbl@ the domain of the reverse-path
    OTHER = "other"  # the reverse-path of the letter before
    FORGED = "forged"  # the reverse-path with another last letter


class Counted(StrEnum):
    """What a window counts."""

    CONNECTIONS = "connections"
    MESSAGES = "messages"  # accepted MAIL commands
    RECIPIENTS = "recipients"  # accepted RCPT commands


class WindowKind(StrEnum):
    """How a window of time is laid."""

    SLIDING = "sliding"  # any stretch of that length
    FIXED = "fixed"  # one after the other, aligned to the clock: the minute, the hour, the day of a zone


class Per(StrEnum):
    """Whose events one window holds."""

    CLIENT = "client"
    SENDER_DOMAIN = "sender-domain"
    PROVIDER = "provider"
