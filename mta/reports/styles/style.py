"""Style: how one family of systems writes its notices, and the one way in which all of them are read.

Owns   `Style`, a row of the tables beside this file; `recipients_by`, which applies one to a notice.
Knows  nothing of a certain system.

A notice is read line by line: what `begins` matches opens the list, what `ends` matches closes it, each line that
`entry` matches begins a recipient, and the lines after it are what is said about that recipient.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec

from ..addresses import ADDRESS, cleaned
from ..diagnostics import failure_in
from ..notice import MAX_RECIPIENTS, Notice
from ..notice_words import FLAGS
from ..plausible import Claims
from ..report import ReportedRecipient, ReportSort

_WORDS = 700  # characters kept of what is said about one recipient
_EXPANDED = re.compile(
    r"\(?(?:expanded|generated|ultimately generated|forwarded|original(?:ly)?|aliased) (?:from|to|recipient)[:=]? ?<?"
    rf"(?P<address>{ADDRESS})",
    FLAGS,
)
_BESIDE = re.compile(rf"[>)\]]?\s{{0,3}}[,;]\s{{0,3}}<?(?P<address>{ADDRESS})", FLAGS)
_RULE = re.compile(r"[\s\-=*_#~|+.]*")


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


def recipients_by(style: Style, notice: Notice, claims: Claims) -> list[ReportedRecipient]:
    """Whom a notice of this style names; each once, in order."""
    found: dict[str, tuple[str, list[str], str]] = {}
    for address, said in _all(_entries(style, notice, claims)):
        if not claims.allows(address):
            continue
        original = next((o for line in said for m in _EXPANDED.finditer(line) if (o := cleaned(m["address"]))), "")
        to = original or address
        if to and len(found) < MAX_RECIPIENTS:
            found.setdefault(to.casefold(), (to, [], address if original else ""))[1].extend(said)
    return [recipient(to, " ".join(said), final) for to, said, final in found.values()]


def _all(entries: Iterable[tuple[str, list[str]]]) -> Iterator[tuple[str, list[str]]]:
    """With the addresses that follow one on its line, after commas: the same is said of them."""
    for address, said in entries:
        yield address, said
        end = 0
        while address and (beside := _BESIDE.match(said[1], end)):
            yield cleaned(beside["address"]), said
            end = beside.end()


def recipient(address: str, said: str, final: str = "") -> ReportedRecipient:
    """A recipient of whom this is said."""
    words = " ".join(said.split())[:_WORDS]
    code, status, diagnostic = failure_in(words)
    return ReportedRecipient(
        address, original=address if final else "", final=final, status=status, code=code, diagnostic=diagnostic,
        words=words,
    )  # fmt: skip


def _entries(style: Style, notice: Notice, claims: Claims) -> Iterator[tuple[str, list[str]]]:
    """(address, lines about it); the address is "" where it is hidden from us."""
    is_open, current, said = style.begins is None, None, list[str]()
    subject = () if style.begins else (f"subject: {notice.subject}",)
    for at, line in enumerate((*subject, *notice.lines), -len(subject)):
        if not is_open:
            is_open = style.begins is not None and style.begins.search(line) is not None
            if not is_open:
                continue
        if style.ends is not None and style.ends.search(line):
            break
        entry = style.entry.search(line)
        if entry is not None and _claims(entry, at, claims):
            if current is not None:
                yield current, said
            before, after = _around(entry)
            current, said = _address(style, entry), [before.rstrip("<"), after.lstrip(">:")]
        elif current is not None and not _RULE.fullmatch(line):
            said.append(line)
    if current is not None:
        yield current, said


def _around(entry: re.Match[str]) -> tuple[str, str]:
    """What stands before the address, and after it."""
    group = entry.lastgroup or 0
    return entry.string[: entry.start(group)], entry.string[entry.end(group) :]


def _claims(entry: re.Match[str], at: int, claims: Claims) -> bool:
    """The address is neither that from which the one above was expanded, nor of somebody else."""
    before, after = _around(entry)
    if at >= 0 and not claims.on_line(at, before, after):
        return False
    found = _EXPANDED.search(entry.string)
    return found is None or not found.start() < len(before)


def _address(style: Style, entry: re.Match[str]) -> str:
    name = entry.lastgroup or ""
    if name.startswith("address"):
        return cleaned(entry[name])
    return f"{entry[name]}@{style.domain}" if name and style.domain else ""
