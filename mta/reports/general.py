"""The last resort of our own: a notice of no known style, read by what notices of all systems have in common.

Owns   which of the addresses in a notice are those of failed recipients.
Knows  no certain system.

Tried in this order,
the first that finds any decides: the field X-Failed-Recipients; addresses listed after a sentence of
failure, or standing in one; an address that a label names; the only address there is; the only one to whom the returned
letter was written. Each passes the gate (plausible).
"""

import re
from collections.abc import Iterator

from .addresses import addresses_in
from .notice import Notice
from .notice_words import DELAYED, DELIVERED, FAILED
from .plausible import Claims
from .report import ReportedRecipient
from .styles.style import recipient

_NEAR = 4  # lines after a sentence of failure in which addresses are what it speaks of
_LABEL = re.compile(
    r"^\W{0,8}(?:(?:failed |original |final |intended |rejected |invalid |undeliverable )?(?:recipients?|"
    r"address(?:es)?|e-?mail|mailbox|destination|user)(?: ?\(?e?s\)?)?"
    r"|(?:addressed |original |x-original-|x-envelope-|x-rcpt-|delivered-)?to|rcpt to|x-(?:failed|actual)-recipients?|"
    r"an|empf[äa]nger|destinataires?|destinatarios?|destinat[áa]rios?|destinatari[oa]?|"
    r"para|a|à|кому|"
    r"получател[ья]|адресат|geadresseerde|aan|odbiorca|adresat|do"
    r"|收\s?件\s?(?:人|者)(?:地址)?|宛先|あて先|受信者|送信先|받는 ?사람|수신자|al[ıi]c[ıi])\s*[:：]",
    re.IGNORECASE,
)
# "    anna (user not found)", "    bert.PO1.DOM1 (mailbox is full)", "  userx    No matches": a name of local users.
_NAME = re.compile(
    r"\s+['<]?([A-Za-z][\w-]{1,40}(?:\.[a-z][\w-]{1,40})?)(?:\.[A-Z]\w{0,30}){0,3}['>]?(?: ?[\"(].*|  +\S.*|:?)$"
)


def failed_addresses(notice: Notice, claims: Claims) -> list[ReportedRecipient]:
    """The recipients that a notice of no known style speaks about, each with what is said."""
    if named := _named_in_head(notice):
        return [recipient(address, _said_of(address, notice)) for address in named]
    for way in (_near_failure, _labelled, _only_one, _in_subject, _by_name):
        if found := [address for address in way(notice, claims) if claims.allows(address)]:
            return [recipient(address, _said_of(address, notice)) for address in _each_once(found)]
    to = [address for address in notice.letter.to if claims.allows(address)]
    return [recipient(to[0], _said_of(to[0], notice))] if len(to) == 1 and not any(_names(notice)) else []


def _named_in_head(notice: Notice) -> list[str]:
    return [address for value in notice.fields.all("x-failed-recipients") for address in addresses_in(value)]


def _near_failure(notice: Notice, claims: Claims) -> Iterator[str]:
    near = 0
    for at, line in enumerate(notice.lines):
        failure = FAILED.search(line) is not None or DELAYED.search(line) is not None
        addresses = claims.beyond_doubt(at)
        near = _NEAR if failure or (near and addresses) else near - bool(line.strip())
        if near > 0:
            yield from addresses


def _labelled(notice: Notice, claims: Claims) -> Iterator[str]:
    for at, line in enumerate(notice.lines):
        if _LABEL.match(line):
            yield from claims.beyond_doubt(at)


def _only_one(notice: Notice, claims: Claims) -> Iterator[str]:
    found = _each_once([address for at in range(len(notice.lines)) for address in claims.beyond_doubt(at)])
    if len(found) == 1:
        yield found[0]


def _in_subject(notice: Notice, _: Claims) -> Iterator[str]:
    yield from addresses_in(notice.subject)


def _by_name(notice: Notice, _: Claims) -> Iterator[str]:
    """Names without domain, as far as our letter had the whole address."""
    whole = {address.partition("@")[0].casefold(): address for address in (*notice.letter.cc, *notice.letter.to)}
    yield from (whole[name] for name in _names(notice) if name in whole)


def _names(notice: Notice) -> Iterator[str]:
    """Names that stand alone, or before a remark, on lines below a sentence of failure."""
    near = 0
    for line in notice.lines:
        if FAILED.search(line) and not line[:1].isspace():
            near = _NEAR
        elif near > 0 and (name := _NAME.match(line)):
            near = _NEAR
            yield name[1].casefold()
        else:
            near -= bool(line.strip())


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
