"""Style: how one family of systems writes its notices, and the one way in which all of them are read.

Owns   `Style`, a row of the tables beside this file; `recipients_by`, which applies one to a notice.
Knows  nothing of a certain system.

A notice is read line by line: what `begins` matches opens the list, what `ends` matches closes it, each line that
`entry` matches begins a recipient, and the lines after it are what is said about that recipient.
"""

import re
from collections.abc import Iterator

import msgspec

from ..notice import ADDRESS, MAX_RECIPIENTS, Notice, cleaned, code_in
from ..notice_words import FLAGS, WHOM_TO_ASK
from ..report import ReportedRecipient, ReportSort

_WORDS = 700  # characters kept of what is said about one recipient
_EXPANDED = re.compile(
    r"\(?(?:expanded|generated|ultimately generated|forwarded|original(?:ly)?|aliased) (?:from|to|recipient)[:=]? ?<?"
    rf"(?P<address>{ADDRESS})",
    FLAGS,
)
_RULE = re.compile(r"[\s\-=*_#~|+.]*")
# Ends what stands before an address that is the sender's: "From: ", and in transcripts "09:12:05: *  From: ".
_OF_SENDER = re.compile(r"(?:^|[\s*>])(?:mail from|from|sender|return-path|reply-to):\s*<?$", re.IGNORECASE)


def matching(*patterns: str) -> re.Pattern[str]:
    """A pattern of a style: alternatives, case aside, in each of which `ADDRESS` stands for the one address."""
    named = (pattern.replace("ADDRESS", f"(?P<address{at}>{ADDRESS})") for at, pattern in enumerate(patterns))
    return re.compile("|".join(named), FLAGS)


# An address at the beginning of a line, after bullets, brackets and quotation marks.
LISTED = matching(r"^[\s>*•·|\"'“‘«<(\[:：-]*(?:mailto:|smtp:)?ADDRESS")
# An address in angle brackets at the beginning of a line, and a colon: qmail, Postfix and their kin.
BRACKETED = matching(r"^\s{0,8}<(?:mailto:)?ADDRESS>(?: \(.{0,200}\))?\s*[:：]")
ANYWHERE = matching(r"ADDRESS")


class Style(msgspec.Struct, frozen=True):
    """One row: a system, or several that write alike."""

    name: str
    knows: re.Pattern[str]  # found in sender, subject, program or first words
    entry: re.Pattern[str] = LISTED  # begins a recipient; its only group is the address, or a local part
    begins: re.Pattern[str] | None = None  # the line that opens the list, where only what follows it counts
    ends: re.Pattern[str] | None = None  # the line that closes it
    sort: ReportSort | None = None  # None: its words say
    domain: str = ""  # of names that stand without one
    signs: int = 1  # signs of a notice that it needs besides (Notice.signs)


def recipients_by(style: Style, notice: Notice) -> list[ReportedRecipient]:
    """Whom a notice of this style names; each once, in order."""
    found: dict[str, tuple[str, list[str], str]] = {}
    subject = () if style.begins else (f"subject: {notice.subject}",)
    for address, said in _entries(style, (*subject, *notice.lines)):
        original = next((o for line in said for m in _EXPANDED.finditer(line) if (o := cleaned(m["address"]))), "")
        to = original or address
        if to and len(found) < MAX_RECIPIENTS:
            found.setdefault(to.casefold(), (to, [], address if original else ""))[1].extend(said)
    return [recipient(to, " ".join(said), final) for to, said, final in found.values()]


def recipient(address: str, said: str, final: str = "") -> ReportedRecipient:
    """A recipient of whom this is said."""
    words = " ".join(said.split())[:_WORDS]
    code, status, diagnostic = code_in(words)
    return ReportedRecipient(
        address, original=address if final else "", final=final, status=status, code=code, diagnostic=diagnostic,
        words=words,
    )  # fmt: skip


def _entries(style: Style, lines: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """(address, lines about it); the address is "" where it is hidden from us."""
    is_open, current, said = style.begins is None, None, list[str]()
    for line in lines:
        if not is_open:
            is_open = style.begins is not None and style.begins.search(line) is not None
            if not is_open:
                continue
        if style.ends is not None and style.ends.search(line):
            break
        entry = style.entry.search(line)
        if entry is not None and not _is_of_another(line, entry):
            if current is not None:
                yield current, said
            current, said = _address(style, entry), [line[entry.end(entry.lastgroup or 0) :].lstrip(">:")]
            said[:0] = [line[: entry.start(entry.lastgroup or 0)].rstrip("<")]
        elif current is not None and not _RULE.fullmatch(line):
            said.append(line)
    if current is not None:
        yield current, said


def _is_of_another(line: str, entry: re.Match[str]) -> bool:
    """The address is that from which the one above was expanded, or it is the sender's."""
    before = line[: entry.start(entry.lastgroup or 0)]
    if _OF_SENDER.search(before) or WHOM_TO_ASK.search(before):
        return True
    found = _EXPANDED.search(line)
    return found is not None and found.start() < entry.start(entry.lastgroup or 0)


def _address(style: Style, entry: re.Match[str]) -> str:
    name = entry.lastgroup or ""
    if name.startswith("address"):
        return cleaned(entry[name])
    return f"{entry[name]}@{style.domain}" if name and style.domain else ""
