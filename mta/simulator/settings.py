"""The description of a simulated internet: providers, their domains, hosts and behaviour.

Owns   the shape of conf/simulator.toml as types; conf/simulator.toml explains every key.
Knows  nothing of TOML text (`mta.simulator.reading`) or of running servers.
Behaviours compose: `rule`, `window`, `limits`, `greylist` and `dialog` of one provider all hold at once.
"""

from typing import Any

import msgspec

from ..reply import Reply, from_text_lines
from .behaviours import (
    Certificate,
    Counted,
    Deed,
    Expectation,
    Family,
    NameBehaviour,
    Per,
    Pipelined,
    ReplyStyle,
    Returned,
    ReturnStyle,
    ReturnTo,
    Stage,
    StartTls,
    TlsVersions,
    WindowKind,
)


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table of the file; an unknown key is a fault."""


class MxHost(_Part, frozen=True):
    """A host. The same name twice is a host with two addresses; "mx{00..29}.a.test" are 30 names of one address."""

    host: str
    address: str = ""  # "" = it has none
    preference: int = 10
    alias: str = ""  # the host is another name (CNAME) for this one, which has the address
    dead: bool = False  # refuses connections
    silent: bool = False  # answers nothing, not even the wish to connect


class Rule(_Part, frozen=True):
    """At a stage, for all or some recipients, do something."""

    at: Stage
    do: Deed = Deed.REPLY
    reply: str = ""  # "{client}" in it is the client's address
    octets: str = ""  # of `octets`, each character one octet
    seconds: float = 0.0  # of `wait`
    recipients: tuple[str, ...] = ()  # patterns of local parts, for rcpt and dot; () = all
    share: float = 1.0  # of the recipients that match, always the same ones
    times: int = 0  # only the first n times; 0 = always
    keep: bool = False  # at the dot: the message was taken all the same
    family: Family = Family.ANY  # only for clients of this address family
    host: str = ""  # only at this host; "" = at all


class Window(_Part, frozen=True):
    """Not more than `most` events in any `seconds`, else `reply`; in the file also `rate = "600/min"` for both."""

    counts: Counted
    most: int
    seconds: float
    reply: str
    per: Per = Per.CLIENT
    kind: WindowKind = WindowKind.SLIDING
    zone: str = "UTC"  # whose clock fixed windows follow


class Late(_Part, frozen=True):
    """For letters that were taken to some recipients, something is sent back later, by SMTP."""

    send: Returned = Returned.BOUNCE
    style: ReturnStyle = ReturnStyle.POSTFIX
    says: str = "550 5.1.1 User unknown"  # the reason, as a reply
    recipients: tuple[str, ...] = ()  # patterns of local parts; () = all
    share: float = 1.0  # of the recipients that match, always the same ones
    to: ReturnTo = ReturnTo.REVERSE_PATH
    domain: str = ""  # but to the same local part of this domain
    sender: str = ""  # local part of its own reverse-path; "" = the null one
    about: str = ""  # it failed at this address, to which it had been forwarded
    after_seconds: float = 1.0
    copies: int = 1


class Limits(_Part, frozen=True):
    """Numbers without a clock (but idle_seconds); 0 = no limit."""

    connections_at_once: int = 0  # per client
    connections_reply: str = "421 4.7.0 Too many connections from your address"
    messages_per_connection: int = 0
    messages_reply: str = "421 4.7.0 Too many messages on this connection"
    recipients_per_transaction: int = 100
    recipients_reply: str = "452 4.5.3 Too many recipients"
    content_bytes: int = 0  # judged after the final dot; `dialog.size_bytes` is judged at MAIL
    content_reply: str = "552 5.3.4 Message too big"
    close_after_messages: int = 0  # hangs up after the 250 of the n-th message
    close_reply: str = ""  # said before it; "" = hangs up silently
    idle_seconds: float = 0.0  # hangs up when nothing has come for so long
    idle_reply: str = ""  # likewise


class Greylist(_Part, frozen=True):
    """A (network, reverse-path, recipient) is told to come back, and accepted when it does after `seconds`."""

    seconds: float = 60.0
    until_seconds: float = 0.0  # whoever first comes back after so long begins anew; 0 = never too late
    reply: str = "450 4.7.1 Greylisted, please try again later"
    network_bits: int = 24


class Dialog(_Part, frozen=True):
    """How the server speaks."""

    ehlo: bool = True  # false: knows HELO only
    pipelining: bool = True
    pipelined: Pipelined = Pipelined.READ
    late_rcpt: bool = False  # the replies to RCPT are held back until another command comes
    eight_bit_mime: bool = True
    smtputf8: bool = True
    dsn: bool = True
    size_bytes: int = 50 * 1024 * 1024
    replies: ReplyStyle = ReplyStyle.PLAIN
    one_domain_per_transaction: bool = False
    starttls: StartTls = StartTls.NONE
    starttls_required: bool = False  # 530 to MAIL in the clear
    certificate: Certificate = Certificate.GOOD
    tls_versions: TlsVersions = TlsVersions.ANY
    tls_tickets: bool = True  # false: no session is ever resumed


class Change(_Part, frozen=True):
    """So long after the start, other settings: keys with dots, as over the control socket."""

    after_seconds: float
    set: dict[str, Any]


class ProviderSettings(_Part, frozen=True):
    """One provider."""

    name: str
    domains: tuple[str, ...]  # "friendly.test", "dom{000..099}.test"
    mx: tuple[MxHost, ...] = ()
    own_mx: bool = False  # the n-th domain has the n-th host name only, as the tenants of a great provider have
    dns: NameBehaviour = NameBehaviour.MX
    dns_times: int = 0  # only the first n questions are answered so, the others as "mx"; 0 = all
    ttl_seconds: int = 300
    any_domain: bool = False  # takes mail for every domain, as a staging sink does
    expect: dict[str, Expectation] = {}  # by pattern of local parts
    rule: tuple[Rule, ...] = ()
    window: tuple[Window, ...] = ()
    limits: Limits = Limits()
    greylist: Greylist | None = None
    dialog: Dialog = Dialog()
    change: tuple[Change, ...] = ()
    late: tuple[Late, ...] = ()


class ExtraRecord(_Part, frozen=True):
    """A record that belongs to no provider, such as a DKIM key to be found."""

    name: str
    type: str
    text: str
    ttl_seconds: int = 300


class Servers(_Part, frozen=True):
    """Where the simulator listens and what it keeps; port 0 = any free one."""

    dns: str = "127.0.0.1:5300"
    silent_dns: str = ""  # a second name server, which never answers; "" = none
    port: int = 2525  # of every MX host
    control: str = "127.0.0.1:2526"  # "" = none, "unix:PATH" = a socket file
    maildir: str = ""  # "" = none
    keep_messages: int = 1000  # newest messages kept in memory, whole
    keep_log: int = 100_000  # newest MAIL commands and connects kept for each provider
    seed: int = 0  # of numbers that the file gives as a range, "5..50"


class Settings(_Part, frozen=True):
    """The whole file."""

    simulator: Servers = Servers()
    provider: tuple[ProviderSettings, ...] = ()
    record: tuple[ExtraRecord, ...] = ()


def parse_reply(text: str) -> Reply:
    """A reply as it is written in the file: "550 5.1.1 No such user", lines parted by a newline. Raises ValueError."""
    code, lines = text[:3], [line[4:] if line[:3] == text[:3] else line for line in text.split("\n")]
    if not (code.isascii() and code.isdigit() and 200 <= int(code) < 600) or text[3:4] not in ("", " "):
        raise ValueError(f"{text!r} is no reply: it begins with a code from 200 to 599 and a space")
    if not text.isascii() or "\r" in text:
        raise ValueError(f"{text!r}: a reply is ASCII")
    return from_text_lines(int(code), lines)
