"""Files of recipients: CSV with a header line, or one JSON object a line.

Owns   reading them row by row, in a memory that does not grow, and what is wrong with a row.
Knows  nothing of streams. Columns: key (when there is none, the address is the key), address, and merge fields.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TextIO

import msgspec

from ...mta.address import AddressError, split_address
from ...queue.streams.enqueueing import StreamRecipient
from ..texts import _

_OWN = ("key", "address")
Row = tuple[int, StreamRecipient | str]
"""The number of its line, and the recipient or what is wrong with it."""


class UnreadableFile(ValueError):
    """Nothing of the file can be taken; str() is one sentence."""


def recipients_in(file: TextIO) -> Iterator[Row]:
    """Rows in their order. Raises UnreadableFile."""
    first = next((line for line in file if line.strip()), "")
    lines = chain([first.removeprefix("\ufeff")], file)
    return _ndjson(lines) if first.lstrip("\ufeff \t").startswith("{") else _csv(lines)


def _csv(lines: Iterable[str]) -> Iterator[Row]:
    reader = csv.DictReader(lines, restkey="")
    columns = [column.strip().lower() for column in reader.fieldnames or ()]
    if "address" not in columns:
        raise UnreadableFile(_("The first line must name the columns, and one of them must be “address”."))
    reader.fieldnames = [
        name if name in _OWN else raw for name, raw in zip(columns, reader.fieldnames or (), strict=True)
    ]
    for row in reader:
        extra = row.pop("", None)
        fault = _("there are more cells than columns") if extra else ""
        yield reader.line_num, fault or _recipient({name: value or "" for name, value in row.items()})


def _ndjson(lines: Iterable[str]) -> Iterator[Row]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=dict[str, str | int | float | bool | None])
        except (msgspec.DecodeError, UnicodeEncodeError):
            yield number, _("this is no JSON object of texts")
            continue
        yield number, _recipient({name: "" if value is None else str(value) for name, value in row.items()})


def _recipient(row: Mapping[str, str]) -> StreamRecipient | str:
    address = row.get("address", "").strip()
    try:
        split_address(address)
    except AddressError as error:
        return str(error)
    fields = {name: value for name, value in row.items() if name not in _OWN and value}
    return StreamRecipient(row.get("key", "").strip() or address, address, fields)
