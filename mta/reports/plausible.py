"""Who of those that a notice names may be a failed recipient: the one gate that all guesses pass.

Owns   Claims: of each address in a notice without fields of a status, whether it is named as one that was not reached.
Knows  no style, and no sentence of failure but those that end a list of the reached.

A notice names others too: its reader, who wrote the letter, who got it, whom to ask. An address is refused

    that is the notice's own, or of a sender of our letter to whom it was not written;
    that stands only where a line, or the line above it, names a sender, a copy or whom to ask;
    that stands only in a list of those who were reached, in a notice that has others.

What the fields of a status name needs no gate (dsn_reader): there a host says it outright.
"""

import re

from .addresses import addresses_in, without_addresses
from .notice import Notice
from .notice_words import ASKED_BELOW, DELIVERED_LIST, FAILED, WHOM_TO_ASK

_OF_NOTICE = ("from", "sender", "reply-to", "to", "delivered-to", "return-path", "errors-to", "cc")
# Ends what stands before an address of somebody else: "From: ", "Cc   : ", in transcripts "09:12:05: *  From: ".
_OF_ANOTHER = re.compile(
    r"(?:^|[\s*>])(?:mail from|from|sender|return-path|reply-to|cc|bcc|absender|von|exp[ée]diteur|remitente|"
    r"remetente|mittente|afzender|nadawca|odes[íi]latel|avs[äa]ndare|afsender|felad[óo]|отправитель|от кого|"
    r"g[öo]nderen|发件人|寄件者|寄件人|差出人|送信者|보낸 ?사람|kopie|copie \S{1,2}|копия|抄送|副本)\s*[:：]\s*"
    r"(?:[\"'][^\"'\n]{0,80}[\"'] ?)?<?$",
    re.IGNORECASE,
)
_ALONE = re.compile(r"[\s<>\"'*()\[\]:;,.-]*")  # what may stand around an address that is all that a line says
_SENTENCE_ENDS = re.compile(r"[.!?](?:\s|\Z)|[。！？]")
_PLACEHOLDER = re.compile(r"\bNAME@")
_WRITTEN_TO = re.compile(r"(?:\b(?:to|an|à|a|para|for|für|aan|do)|[给給至到])\s*[\"'<]*$", re.IGNORECASE)
_TAIL = 200  # characters of what stands above an address that are looked at
_OWNERS = re.compile(
    r"(?:postmaster|mailer-daemon|abuse|support|helpdesk|webmaster|hostmaster|no-?reply|noreply)[@+]"
    r"|\S{1,60}-(?:owner|request|bounces?|admin)@",
    re.IGNORECASE,
)


class Claims:
    """What a notice claims about the addresses in it."""

    def __init__(self, notice: Notice) -> None:
        self._lines = notice.lines
        self._own = _own(notice)
        self._above, self._reached = _above(notice.lines), _reached(notice.lines)
        self._named: dict[str, bool] = {}
        for at, line in enumerate(notice.lines):
            for address in addresses_in(line):
                before, _, after = line.partition(address)
                if not self._named.get(address.casefold(), False):
                    self._named[address.casefold()] = self.on_line(at, before, after)

    def allows(self, address: str) -> bool:
        """Whether a guess may say that this recipient was not reached."""
        folded = address.casefold()
        return folded not in self._own and self._named.get(folded, True)

    def on_line(self, at: int, before: str, after: str) -> bool:
        """Whether the words around an address, on this line of the notice, leave it one that was not reached."""
        if self._reached[at] or _OF_ANOTHER.search(before) or WHOM_TO_ASK.search(without_addresses(before)):
            return False
        is_alone = _ALONE.fullmatch(before) is not None and _ALONE.fullmatch(after) is not None
        return not (is_alone and _asks(self._above[at]))

    def beyond_doubt(self, at: int) -> list[str]:
        """The addresses of a line that says nothing of anybody to ask, without those that such lines mostly name."""
        line = self._lines[at]
        if "@" not in line or _PLACEHOLDER.search(line) or WHOM_TO_ASK.search(without_addresses(line)):
            return []
        return [each for each in addresses_in(line) if self.allows(each) and not _is_owner(each, line)]


def _is_owner(address: str, line: str) -> bool:
    """Somebody who is mostly named to be asked, unless the line says that just this one was not reached."""
    before = line.partition(address)[0]
    return _OWNERS.match(address) is not None and not (_WRITTEN_TO.search(before) and FAILED.search(before))


def _own(notice: Notice) -> frozenset[str]:
    """Addresses that the notice has for itself, and the senders of our letter."""
    values = (value for field in _OF_NOTICE for value in notice.fields.all(field))
    named = {address.casefold() for value in values for address in addresses_in(value)}
    senders = {address.casefold() for address in notice.letter.senders}
    return frozenset((named | senders) - {address.casefold() for address in notice.letter.to})


def _asks(above: str) -> bool:
    """Whether the sentence right above an address that stands alone makes it somebody to ask."""
    sentence = _SENTENCE_ENDS.split(above)[-1]
    return "@" not in sentence and ASKED_BELOW.search(sentence) is not None and FAILED.search(sentence) is None


def _above(lines: tuple[str, ...]) -> list[str]:
    """Of each line the end of what was said last before it."""
    found, last, goes_on = list[str](), "", False
    for line in lines:
        found.append(last)
        if line.strip():
            last = f"{last if goes_on else ''} {line}"[-_TAIL:]
        goes_on = bool(line.strip())
    return found


def _reached(lines: tuple[str, ...]) -> list[bool]:
    """Of each line whether it is in a list of those who were reached, while others were not."""
    if not (any(DELIVERED_LIST.search(line) for line in lines) and any(FAILED.search(line) for line in lines)):
        return [False] * len(lines)
    found, good = list[bool](), False
    for line in lines:
        if "@" not in line and line.strip():
            good = DELIVERED_LIST.search(line) is not None and FAILED.search(line) is None
        found.append(good)
    return found
