"""Delivery status notifications by the book, and by those who nearly keep to it.

Owns   `read_notice`: a Report from message/delivery-status and message/global-delivery-status parts;
       `read_loose_notice`: the same from such fields in a part of another type.
Knows  no style of words (styles); no meaning of a status.

Invariants
    What Action says is kept and decides the sort: BOUNCE when one recipient failed, then DELAY, then SUCCESS.
    A recipient without Action counts by Status; without both as failed, since that is what notices are for.
    Original before final: the address is the one that we had written to, as far as the notice says.
RFC 3464, RFC 6533, RFC 6522.
"""

import re
from collections.abc import Iterator

import msgspec

from .addresses import addresses_in, typed_address
from .diagnostics import chosen_status, code_in, diagnostic_text
from .report import Report, ReportedRecipient, ReportSort, ReturnedLetter
from .returned_letter import returned_letter, split_quoted
from .status_fields import MAX_STATUS, Group, StatusFields, read_status
from .tree import MessageTree, Part

STATUS_TYPES = frozenset(
    {
        "message/delivery-status",
        "message/global-delivery-status",
        "message/delivery-status-report",
        "text/delivery-status",
    }
)
_MAY_HOLD_FIELDS = ("text/plain", "application/octet-stream", "message/", "text/rfc822")
_NAMES_SOMEBODY = re.compile(r"^[ \t]*(?:Original|Final)-Recipient[ \t]*:", re.IGNORECASE | re.MULTILINE)
_SAYS_WHAT = re.compile(r"^[ \t]*(?:Action|Status|Diagnostic-Code)[ \t]*:", re.IGNORECASE | re.MULTILINE)
_FIRST_FIELD = re.compile(
    r"^[ \t]*(?:Reporting-MTA|Original-Recipient|Final-Recipient|Original-Envelope-Id)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_WORD = re.compile(r"[a-z]+")
_ACTIONS = {  # RFC 3464 §2.3.3, and what is written instead
    "fail": "failed",
    "failure": "failed",
    "undeliverable": "failed",
    "undelivered": "failed",
    "bounced": "failed",
    "rejected": "failed",
    "error": "failed",
    "delay": "delayed",
    "deferred": "delayed",
    "delivery": "delivered",
    "success": "delivered",
}
_GOOD = frozenset({"delivered", "relayed", "expanded"})
MAX_RECIPIENTS = 1_000
_WORDS_SEARCHED = 32 * 1024
_MAX_WORDS = 1_500
_LITTLE_MORE = 5  # characters after a name: ">:"
_MAX_PARAGRAPHS = 5


def read_notice(tree: MessageTree) -> Report | None:
    """The report of a notice that has the part of a delivery status; None without one, or without recipients."""
    typed = [part.text for part in tree.parts if part.type in STATUS_TYPES]
    return _report(tree, [text for text in typed if _NAMES_SOMEBODY.search(text)] or typed)


def read_loose_notice(tree: MessageTree) -> Report | None:
    """The same of the fields of a delivery status that stand in a part of another type.

    Who quotes a notice, or passes it on, sends the same fields: the caller asks first whether this is one.
    """
    parts = [part for part in tree.parts if part.type.startswith(_MAY_HOLD_FIELDS)]
    return _report(tree, [text for part in parts if (text := _fields_among_words(part))])


def _report(tree: MessageTree, texts: list[str]) -> Report | None:
    found = [read_status(text) for text in texts]
    groups = [group for each in found for group in each.recipients]
    if not groups:
        return None
    letter = msgspec.structs.replace(returned_letter(tree), original_to=_first(found, "original-envelope-id")[:250])
    told = Told(tree, [_names(group) for group in groups[:MAX_RECIPIENTS]])
    recipients = [told.about(_recipient(group), alone=len(groups) == 1) for group in groups[:MAX_RECIPIENTS]]
    return Report(
        sort=_sort({_became(group) for group in groups}),
        recipients=_once(_named(recipients, tree, letter)),
        letter=letter,
        reporting_mta=host_name(_first(found, "reporting-mta")),
        style="rfc3464",
        truncated=tree.truncated or any(len(text) > MAX_STATUS for text in texts) or len(groups) > MAX_RECIPIENTS,
    )


def _fields_among_words(part: Part) -> str:
    text = part.text[:MAX_STATUS]
    first = _FIRST_FIELD.search(text)
    return text[first.start() :] if first and _NAMES_SOMEBODY.search(text) and _SAYS_WHAT.search(text) else ""


def _first(found: list[StatusFields], name: str) -> str:
    return next((each.message[name] for each in found if name in each.message), "")


def _recipient(group: Group) -> ReportedRecipient:
    original = typed_address(group.get("original-recipient", ""))
    final = typed_address(group.get("final-recipient", "") or group.get("x-actual-recipient", ""))
    status = group.get("status", "")
    diagnostic = diagnostic_text(group.get("diagnostic-code", "") or group.get("x-supplementary-info", ""))
    return ReportedRecipient(
        address=next((each for each in (original, final) if "@" in each), final or original),
        original=original,
        final=final,
        action=_action(group),
        status=chosen_status(status, diagnostic),
        remote_mta=host_name(group.get("remote-mta", "")),
        diagnostic=diagnostic,
        code=code_in(diagnostic),
        words=status.partition("(")[2].rpartition(")")[0][:_MAX_WORDS],
    )


def _names(group: Group) -> frozenset[str]:
    """All addresses under which the notice speaks of one recipient."""
    fields = ("original-recipient", "final-recipient", "x-actual-recipient")
    found = (typed_address(group.get(field, "")).lower() for field in fields)
    return frozenset(name for name in found if "@" in name)


def _action(group: Group) -> str:
    word = _WORD.search(group.get("action", "").lower())
    return _ACTIONS.get(word[0], word[0]) if word else ""


def _became(group: Group) -> ReportSort:
    """What a recipient's group alone would make of the notice."""
    action, status = _action(group), group.get("status", "")
    if action in _GOOD or (not action and status.startswith("2")):
        return ReportSort.SUCCESS
    if action == "delayed" or (not action and status.startswith("4") and "will-retry-until" in group):
        return ReportSort.DELAY
    return ReportSort.BOUNCE


def _sort(became: set[ReportSort]) -> ReportSort:
    return next(each for each in (ReportSort.BOUNCE, ReportSort.DELAY, ReportSort.SUCCESS) if each in became)


def host_name(value: str) -> str:
    """The name in Reporting-MTA and Remote-MTA, without type and remarks."""
    words = value.partition(";")[2].split() or value.replace(";", " ").split()
    return words[0].strip("()<>,;")[:255] if words else ""


def _named(recipients: list[ReportedRecipient], tree: MessageTree, letter: ReturnedLetter) -> list[ReportedRecipient]:
    """A single recipient whom the fields do not name by an address is whom the rest of the notice names."""
    if len(recipients) != 1 or "@" in recipients[0].address:
        return recipients
    places = (
        addresses_in(tree.fields.first("x-failed-recipients"), 2),
        letter.to,
        addresses_in(recipients[0].words, 2),
    )
    address = next((place[0] for place in places if len(place) == 1), recipients[0].address)
    return [msgspec.structs.replace(recipients[0], address=address)]


def _once(recipients: list[ReportedRecipient]) -> tuple[ReportedRecipient, ...]:
    """Several parts of one message repeat each other."""
    found: dict[tuple[str, str], ReportedRecipient] = {}
    for each in recipients:
        found.setdefault((each.address.lower(), each.action), each)
    return tuple(found.values())


class Told:
    """The words for people, and which of them are about whom."""

    def __init__(self, tree: MessageTree, recipients: list[frozenset[str]]) -> None:
        self._named = {name: of for of, names in enumerate(recipients) for name in names}
        text = split_quoted(tree.human_text[: 4 * _WORDS_SEARCHED])[0][:_WORDS_SEARCHED]
        self._text = "\n".join(line.rstrip() for line in text.split("\n"))
        self._lower = self._text.lower() if self._text.isascii() else self._text  # so that places stay the same

    def about(self, recipient: ReportedRecipient, *, alone: bool) -> ReportedRecipient:
        """The recipient with the paragraphs that name it; with all, when it is the only one and no host said a word."""
        if alone and not recipient.diagnostic:
            told = self._text
        else:
            names = (recipient.original.lower(), recipient.final.lower())
            told = "\n".join(next((found for name in names if (found := list(self._paragraphs(name)))), ()))
            if recipient.diagnostic and not alone:
                told = self._without_others(told, names)
        words = " ".join(f"{recipient.words} {told[: 4 * _MAX_WORDS]}".split())[:_MAX_WORDS]
        return msgspec.structs.replace(recipient, words=words)

    def _without_others(self, told: str, names: tuple[str, ...]) -> str:
        """Without the lines that name another recipient: what they say is said of that one.

        Sendmail lists all recipients in one paragraph.
        """
        own = {self._named[name] for name in names if name in self._named}
        lines = told.split("\n")
        return "\n".join(line for line in lines if not self._of_others(line, own))

    def _of_others(self, line: str, own: set[int]) -> bool:
        found = {self._named[name] for name in addresses_in(line.lower(), 5) if name in self._named}
        return bool(found) and not found & own

    def _paragraphs(self, name: str) -> Iterator[str]:
        end = 0
        for _ in range(_MAX_PARAGRAPHS):
            at = self._lower.find(name, end) if name else -1
            if at < 0:
                return
            start = max(end, self._text.rfind("\n\n", 0, at) + 1)
            end = self._end(at + len(name))
            yield self._text[start:end]

    def _end(self, after_name: int) -> int:
        """Where the paragraph ends; when little more than the name is left of it, what is said of it follows."""
        end = self._text.find("\n\n", after_name)
        if 0 <= end < after_name + _LITTLE_MORE:
            end = self._text.find("\n\n", end + 2)
        return end if end >= 0 else len(self._text)
