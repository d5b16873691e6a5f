"""The fields of a delivery status, cut into what is said of the message and of each recipient.

Owns   `read_status`: groups of fields out of a text that is meant as RFC 3464 §2.1 has it.
Knows  no value's meaning.

Hosts leave out the blank line between recipients, put one where none belongs, write a diagnostic over several lines
without folding, indent everything, or misspell a name's hyphen. So a group ends where a field of its own comes again,
and only a name that is known, or begins with "X-", begins a field.
"""

import re
import textwrap
from collections.abc import Iterator

import msgspec

OF_MESSAGE = frozenset({"reporting-mta", "original-envelope-id", "dsn-gateway", "received-from-mta", "arrival-date"})
OF_RECIPIENT = frozenset(
    {"original-recipient", "final-recipient", "action", "status", "remote-mta", "diagnostic-code", "last-attempt-date"}
    | {"final-log-id", "will-retry-until", "localized-message"}
)
_KNOWN = OF_MESSAGE | OF_RECIPIENT
_NAMES = frozenset({"original-recipient", "final-recipient"})
_ONCE = _NAMES | {"action", "status"}
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9_-]{1,50}+(?: (?:code|recipient|mta))?)[ \t]*:[ \t]*(.*)", re.IGNORECASE)
MAX_STATUS = 256 * 1024  # characters

MAX_JOINED = 4_000  # characters of a field that comes more than once

Group = dict[str, str]


class StatusFields(msgspec.Struct, frozen=True):
    """Names in lower case; the values of a repeated field stand joined by spaces."""

    message: Group
    recipients: list[Group]


class _Line(msgspec.Struct, frozen=True, gc=False):
    name: str
    value: str
    after_blank: bool  # a blank line stands before it


def read_status(text: str) -> StatusFields:
    """The fields of a delivery status; no group where no field of a recipient stands. Never raises."""
    message: Group = {}
    groups: list[Group] = [{}]
    lines = list(_lines(textwrap.dedent(text[:MAX_STATUS])))
    for at, line in enumerate(lines):
        following = lines[at + 1].name if at + 1 < len(lines) else ""
        if _begins_group(groups[-1], line, following):
            groups.append({})
        _add(message if line.name in OF_MESSAGE else groups[-1], line)
    return StatusFields(message, [each for each in groups if not OF_RECIPIENT.isdisjoint(each)])


def _begins_group(group: Group, line: _Line, following: str) -> bool:
    if line.name in _ONCE and line.name in group:
        return True
    is_complete = ("action" in group or "status" in group) and not _NAMES.isdisjoint(group)
    if line.name == "original-recipient" and is_complete:
        return line.after_blank or following == "final-recipient"
    return is_complete and (line.name == "reporting-mta" or (line.name in _NAMES and line.after_blank))


def _add(group: Group, line: _Line) -> None:
    before = group.get(line.name, "")
    if len(before) < MAX_JOINED:
        group[line.name] = f"{before} {line.value}" if before else line.value


def _lines(text: str) -> Iterator[_Line]:
    """Each field with what continues it: folded lines, and others up to the next field or blank line."""
    name, values, after_blank, blank = "", [""], False, False
    for raw in text.split("\n"):
        found = None if raw[:1] in (" ", "\t") else _FIELD.match(raw)
        if found and _is_name(found[1]):
            if name:
                yield _Line(name, " ".join(values), after_blank)
            name, values = _name(found[1]), [found[2].strip()]
            after_blank, blank = blank, False
        elif not raw.strip():
            blank = True
        elif name and not blank:
            values.append(raw.strip())
    if name:
        yield _Line(name, " ".join(values), after_blank)


def _name(written: str) -> str:
    return written.lower().replace(" ", "-")


def _is_name(written: str) -> bool:
    name = _name(written)
    return name in _KNOWN or name.startswith("x-")
