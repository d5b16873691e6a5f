"""The last resort of our own: a notice of no known style, read by what notices of all systems have in common.

Owns   which of the addresses in a notice are those of failed recipients.
Knows  no certain system.

Tried in this order,
the first that finds any decides: the field X-Failed-Recipients; addresses listed after a sentence of
failure, or standing in one; an address that a label names; the only address there is; the only one to whom the returned
letter was written. Addresses of the notice's own making (its sender, whom to ask, to whom it is sent) are never taken.
"""

import re
from collections.abc import Iterator

from .notice import Notice, addresses_in
from .notice_words import DELAYED, DELIVERED, FAILED, any_of
from .report import ReportedRecipient
from .styles.style import recipient

_NEAR = 4  # lines after a sentence of failure in which addresses are what it speaks of
_WHOM_TO_ASK = any_of(
    r"contact", r"please (?:write|send|forward|e-?mail|refer|call|reply|visit)", r"\bhelp\b", r"support",
    r"assistance", r"questions?",
    r"\bask\b", r"problem report", r"report .{0,20}to", r"webmaster", r"administrat", r"feel (?:this|free)",
    r"wenden sie sich", r"kontakt", r"\bfragen\b", r"\bhilfe\b", r"\baide\b", r"\bayuda\b", r"\bajuda\b",
    r"\bdúvidas\b", r"\baiuto\b", r"\bassistenza\b", r"вопрос", r"помощ", r"客服", r"咨询",
    r"contactez", r"contacte", r"póngase", r"entre em contato", r"contatt", r"обратитесь", r"свяжитесь", r"联系",
    r"聯絡",
    r"聯繫", r"问い合わせ", r"連絡",
    r"문의", r"^\W{0,6}(?:from|sender|von|de|da|od|van|reply-to|发件人|寄件者|寄件人|差出人|от|return-path|"
    r"message-?id|references|"
    r"in-reply-to|x-[a-z-]{1,40})\s*[:：]",
    r"try (?:e-?mailing|sending|\S{1,64}@)|if \S{1,64}@.{0,60} fails|finger ", r"from (?:the )?(?:address|sender|<)",
    r"\bsent by\b", r"message-id", r"https?://", r"mail from:?\s?<",
    r"^\W{0,3}mail from", r"received: ", r"\bhelo\b|\behlo\b",
)  # fmt: skip
_LABEL = re.compile(
    r"^\W{0,8}(?:(?:failed |original |final |intended |rejected |invalid |undeliverable )?(?:recipients?|"
    r"address(?:es)?|e-?mail|mailbox|destination|user)(?: ?\(?e?s\)?)?"
    r"|(?:addressed )?to|rcpt to|an|empf[äa]nger|destinataires?|destinatarios?|destinat[áa]rios?|destinatari[oa]?|"
    r"para|a|à|кому|"
    r"получател[ья]|адресат|geadresseerde|aan|odbiorca|adresat|do"
    r"|收\s?件\s?(?:人|者)(?:地址)?|宛先|あて先|受信者|送信先|받는 ?사람|수신자|al[ıi]c[ıi])\s*[:：]",
    re.IGNORECASE,
)
_OWNERS = re.compile(
    r"(?:postmaster|mailer-daemon|abuse|support|helpdesk|webmaster|hostmaster|no-?reply|noreply)[@+]", re.IGNORECASE
)


def failed_addresses(notice: Notice) -> list[ReportedRecipient]:
    """The recipients that a notice of no known style speaks about, each with what is said."""
    if named := _named_in_head(notice):
        return [recipient(address, _said_of(address, notice)) for address in named]
    own = _own(notice)
    for way in (_near_failure, _labelled, _only_one):
        if found := [address for address in way(notice) if address.casefold() not in own]:
            return [recipient(address, _said_of(address, notice)) for address in _each_once(found)]
    to = [address for address in notice.letter.to if address.casefold() not in own]
    return [recipient(to[0], _said_of(to[0], notice))] if len(to) == 1 else []


def _named_in_head(notice: Notice) -> list[str]:
    return [address for value in notice.fields.all("x-failed-recipients") for address in addresses_in(value)]


def _own(notice: Notice) -> frozenset[str]:
    """Addresses that the notice has for itself."""
    fields = ("from", "sender", "reply-to", "to", "delivered-to", "return-path", "errors-to", "cc")
    values = (value for field in fields for value in notice.fields.all(field))
    return frozenset(address.casefold() for value in values for address in addresses_in(value))


def _near_failure(notice: Notice) -> Iterator[str]:
    near = 0
    for line in notice.lines:
        failure = FAILED.search(line) is not None or DELAYED.search(line) is not None
        addresses = _addresses(line)
        near = _NEAR if failure or (near and addresses) else near - bool(line.strip())
        if near > 0:
            yield from addresses


def _labelled(notice: Notice) -> Iterator[str]:
    for line in notice.lines:
        if _LABEL.match(line):
            yield from _addresses(line)


def _only_one(notice: Notice) -> Iterator[str]:
    found = _each_once([address for line in notice.lines for address in _addresses(line)])
    if len(found) == 1:
        yield found[0]


def _addresses(line: str) -> list[str]:
    if "@" not in line or _WHOM_TO_ASK.search(line):
        return []
    return [address for address in addresses_in(line) if not _OWNERS.match(address)]


def _each_once(addresses: list[str]) -> list[str]:
    return list({address.casefold(): address for address in addresses}.values())


def _said_of(address: str, notice: Notice) -> str:
    """The lines about an address; all that the notice says where none has its name."""
    folded = address.casefold()
    at = next((n for n, line in enumerate(notice.lines) if folded in line.casefold()), None)
    lines = notice.lines if at is None else notice.lines[at : at + 12]
    return " ".join(lines)


def says_delivered(text: str) -> bool:
    """It speaks of success, and of nothing else."""
    return DELIVERED.search(text) is not None and not FAILED.search(text) and not DELAYED.search(text)
