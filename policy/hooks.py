"""The hooks of `policy.py`: what each one sees and what it may answer. Everything an operator's file imports.

Owns   the facts handed to a hook, the answers it may return, and the constructors that check an answer while the
       hook's own line is still on the stack.
Knows  nothing of how hooks are called, timed or loaded (policy.guard, policy.deadline, policy.policy_file).

A hook takes one argument, its facts, and returns an answer or None for "no opinion". One argument, so that a new
fact never breaks an existing file.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from ..mta.envelope import Envelope
from ..mta.message.headers import displayed, values_of
from ..mta.outcome import Deferred, Delivered, Failed, Outcome
from ..mta.reply import Reply
from ..mta.submission.ports import Client

__all__ = [
    "Change",
    "Client",
    "ConnectionFacts",
    "Deferred",
    "Delivered",
    "Failed",
    "GiveUp",
    "MailFacts",
    "MessageFacts",
    "OutcomeFacts",
    "RecipientFacts",
    "Refusal",
    "Retry",
    "change",
    "defer",
    "give_up",
    "refuse",
    "retry",
]

_ENHANCED = re.compile(r"[45]\.\d{1,3}\.\d{1,3}")
_FIELD_NAME = re.compile(r"[!-9;-~]{1,76}")  # RFC 5322 §2.2: printable ASCII but the colon
_PRINTABLE = re.compile(r"[ -~]*")
MAX_REPLY_TEXT_OCTETS = 400  # RFC 5321 §4.5.3.1.5: a reply line is at most 512 octets
MAX_FIELD_OCTETS = 900  # RFC 5322 §2.1.1: a line is at most 998 octets, the name included


class ConnectionFacts(msgspec.Struct, frozen=True):
    """A client has connected; nothing was said yet."""

    client: Client


class MailFacts(msgspec.Struct, frozen=True):
    """The client gave MAIL. `reverse_path` is "" for the null reverse-path."""

    client: Client
    account: str
    mail_class: str  # "people" or "transactional"
    reverse_path: str


class RecipientFacts(msgspec.Struct, frozen=True):
    """The client gave one RCPT. `domain` is in its lower-case ASCII form."""

    client: Client
    account: str
    mail_class: str
    reverse_path: str
    address: str
    domain: str


class MessageFacts(msgspec.Struct, frozen=True):
    """The whole message has arrived, and was not answered yet."""

    client: Client
    account: str
    mail_class: str
    envelope: Envelope
    head: bytes  # the header section as received
    size_bytes: int

    @property
    def reverse_path(self) -> str:
        return self.envelope.reverse_path

    @property
    def recipients(self) -> tuple[str, ...]:
        return tuple(recipient.address for recipient in self.envelope.recipients)

    def header(self, name: str) -> str | None:
        """The first field of that name in readable form; None when there is none."""
        found = self.headers(name)
        return found[0] if found else None

    def headers(self, name: str) -> list[str]:
        """Every field of that name, top to bottom, unfolded and with encoded words decoded."""
        return [displayed(value) for value in values_of(self.head, name.lower().encode("ascii", "replace"))]


class OutcomeFacts(msgspec.Struct, frozen=True):
    """An attempt for one recipient has ended; `outcome` is what our own rules made of it."""

    outcome: Outcome
    provider: str
    site: str
    domain: str
    mail_class: str  # "people", "transactional" or "bulk"


class Refusal(msgspec.Struct, frozen=True, tag="refusal"):
    """Answer the client with this reply. Made by `refuse` and `defer`."""

    reply: Reply

    def __post_init__(self) -> None:
        """However it was made: a 2yz here would tell the client that we have taken its mail."""
        _check_refusal(self.reply)


class Change(msgspec.Struct, frozen=True, tag="change"):
    """Take the message, changed. Made by `change`; only the message hook may return it."""

    add_headers: tuple[tuple[str, str], ...] = ()
    hold: str = ""
    source: str = ""
    lifetime_seconds: int | None = None

    def __post_init__(self) -> None:
        for name, value in self.add_headers:
            _check_field(name, value)
        _checked_text(self.hold)


class Retry(msgspec.Struct, frozen=True, tag="retry"):
    """Try this recipient again. Made by `retry`; only the outcome hook may return it."""

    after_seconds: int | None


class GiveUp(msgspec.Struct, frozen=True, tag="give-up"):
    """Stop trying this recipient. Made by `give_up`; only the outcome hook may return it."""

    why: str


SessionAnswer = Refusal | None
MessageAnswer = Refusal | Change | None
OutcomeAnswer = Retry | GiveUp | None


def refuse(code: int, enhanced: str, text: str) -> Refusal:
    """Refuse for good, e.g. refuse(550, "5.7.1", "No mail to this domain")."""
    return _refusal(5, code, enhanced, text)


def defer(code: int, enhanced: str, text: str) -> Refusal:
    """Ask the client to come again later, e.g. defer(451, "4.7.1", "Come back in the morning")."""
    return _refusal(4, code, enhanced, text)


def change(
    *,
    add_headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    hold: str = "",
    source: str = "",
    lifetime: timedelta | None = None,
) -> Change:
    """Take the message with these changes.

    `add_headers` are put on top, in order. `hold` is a reason: the message waits until it is released. `source` names
    an egress source. `lifetime` replaces the time after which we give up.
    """
    fields = tuple(add_headers.items() if isinstance(add_headers, Mapping) else add_headers)
    if lifetime is not None and lifetime <= timedelta(0):
        raise ValueError("a lifetime must be longer than nothing")
    return Change(fields, hold, source, None if lifetime is None else round(lifetime.total_seconds()))


def retry(after: timedelta | None = None) -> Retry:
    """Try again, after this long if given (kept between 1 minute and 4 hours), although the attempt may say "final"."""
    return Retry(None if after is None else round(after.total_seconds()))


def give_up(why: str) -> GiveUp:
    """Make a deferral final, with this reason."""
    return GiveUp(_checked_text(why))


def _refusal(digit: int, code: int, enhanced: str, text: str) -> Refusal:
    if code // 100 != digit:
        raise ValueError(f"the code must lie between {digit}00 and {digit}99, not {code}")
    if not _ENHANCED.fullmatch(enhanced) or not enhanced.startswith(str(digit)):
        raise ValueError(f'the enhanced code must look like "{digit}.7.1", not {enhanced!r}')
    return Refusal(Reply(code, enhanced, (text,)))


def _check_refusal(reply: Reply) -> None:
    if not (reply.is_transient or reply.is_permanent):
        raise ValueError(f"a refusal has a code from 400 to 599, not {reply.code}")
    for text in reply.lines:
        if len(text) > MAX_REPLY_TEXT_OCTETS:
            raise ValueError(f"a reply text has at most {MAX_REPLY_TEXT_OCTETS} characters")
        _checked_text(text)


def _check_field(name: str, value: str) -> None:
    if not _FIELD_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a header field")
    if len(value) > MAX_FIELD_OCTETS:
        raise ValueError(f"a header field has at most {MAX_FIELD_OCTETS} characters")
    _checked_text(value)


def _checked_text(text: str) -> str:
    """SMTP replies and header fields are one line of printable ASCII; anything else could forge a second line."""
    if not _PRINTABLE.fullmatch(text):
        raise ValueError(f"only printable ASCII in one line is possible here, not {text!r}")
    return text
