"""Files of suppressions: reading rows, and writing many of them at once.

Owns   CSV with a header line, a plain list of addresses, or one JSON object a line; what is wrong with a row; and the
       chunks in which rows are written, so that nobody waits long for app.db.
Knows  no verb. Columns: address (or pattern), reason, note; others are left alone.

Invariants
    An import only adds. What a reader said stays whatever a file says (policy.suppression.LIFTS).
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

import msgspec

from ...mta.address import split_address
from ...policy.suppression import EntrySource, Evidence, Reason, same_mailbox
from ...policy.suppression_patterns import is_pattern, read_pattern
from ..csv_cells import as_meant
from ..store import AppDatabase
from ..texts import _
from . import book
from .entry import Entry

CHUNK = 20_000
"""Rows a transaction: the index is sorted by address, so the more rows the fewer pages each of them dirties; it takes
a quarter of a second, for which others wait at most."""

Row = tuple[int, Entry | str]
"""The number of its line, and the entry or what is wrong with it."""


class Frame(msgspec.Struct, frozen=True):
    """What all rows of a file share."""

    account_id: int
    reason: Reason  # where a row names none
    who: str
    now_ms: int


def entries_in(lines: Iterable[str], frame: Frame) -> Iterator[Row]:
    """Rows in their order, in a memory that does not grow."""
    lines = iter(lines)
    first = next((line for line in lines if line.strip()), "").removeprefix("\ufeff")
    everything = chain([first], lines)
    if first.lstrip().startswith("{"):
        rows = _ndjson(everything)
    elif "address" in [column.strip().strip('"').lower() for column in first.split(",")]:
        rows = _csv(everything)
    else:
        rows = _plain(everything)
    for number, row in rows:
        yield number, row if isinstance(row, str) else _entry(row, frame)


Cells = tuple[int, Mapping[str, str] | str]


def _csv(lines: Iterable[str]) -> Iterator[Cells]:
    reader = csv.DictReader(lines, restkey="")
    reader.fieldnames = [column.strip().lower() for column in reader.fieldnames or ()]
    for row in reader:
        extra = row.pop("", None)
        fault = _("there are more cells than columns") if extra else ""
        yield reader.line_num, fault or {name: as_meant((value or "").strip()) for name, value in row.items()}


def _ndjson(lines: Iterable[str]) -> Iterator[Cells]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=dict[str, str | int | float | bool | dict[str, object] | None])
        except (msgspec.DecodeError, UnicodeEncodeError):
            yield number, _("this is no JSON object of texts")
            continue
        yield number, {name: str(value) for name, value in row.items() if value is not None}


def _plain(lines: Iterable[str]) -> Iterator[Cells]:
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if text and not text.startswith("#"):
            yield number, {"address": text}


def _entry(row: Mapping[str, str], frame: Frame) -> Entry | str:
    text, named = row.get("address", "").strip(), row.get("reason", "").strip().lower()
    try:
        reason = Reason(named) if named else frame.reason
    except ValueError:
        return _("“{value}” is no reason; there are: {reasons}").format(value=named, reasons=", ".join(Reason))
    try:
        address, pattern = _form(text)
    except ValueError as error:
        return _("“{value}” cannot be suppressed: {why}").format(value=text, why=error)
    note = row.get("note", "").strip()
    evidence = Evidence(note=note) if note else None
    return Entry(
        address, reason, EntrySource.IMPORT, frame.account_id, pattern, frame.who, frame.now_ms, None, evidence
    )


def _form(text: str) -> tuple[str, bool]:
    """Raises ValueError with a sentence. A word without "@" in a file is more often a mistake than a domain."""
    if is_pattern(text) and ("*" in text or text.startswith("@")):
        return str(read_pattern(text)), True
    split_address(text, smtputf8=True)
    return same_mailbox(text), False


async def write_chunk(app: AppDatabase, entries: list[Entry]) -> int:
    """How many were new. Raises StoreError."""
    async with app.transaction() as transaction:
        before = await book.count(transaction, book.Chosen())
        await book.apply_many(transaction, entries)
        return await book.count(transaction, book.Chosen()) - before
