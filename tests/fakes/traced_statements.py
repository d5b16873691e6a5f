"""A pytest plugin (`-p fakes.traced_statements`): which statements were run on queue.db and archive.db, and where.

The set goes to a file in the folder that TRACED_STATEMENTS names, one for each process of the run: one (database,
place, statement, values) for each that differs; a place is "module.function" of the product.
tests/house/test_query_plans.py reads them.
"""

import os
import pickle
import sqlite3
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[2]
Values = Sequence[Any] | Mapping[str, Any]

DATABASES = ("queue.db", "archive.db")

traced: dict[tuple[str, str, str], Values] = {}
_connect = sqlite3.connect
_SYNC = "PRAGMA synchronous = FULL"  # nobody pulls the plug on this run, and waiting for the disk was a third of it
_EXAMPLES = 5  # of a property: the next examples run the same statements


class TracedConnection(sqlite3.Connection):
    """Notes each statement with the first values that were given."""

    database = ""

    def execute(self, sql: str, values: Values = (), /) -> sqlite3.Cursor:
        _note(self.database, sys._getframe(1), sql, values)
        return super().execute("PRAGMA synchronous = OFF" if sql == _SYNC else sql, values)

    def executemany(self, sql: str, rows: Iterable[Values], /) -> sqlite3.Cursor:
        listed = list(rows)
        if listed:
            _note(self.database, sys._getframe(1), sql, listed[0])
        return super().executemany(sql, listed)


def _note(database: str, frame: FrameType | None, sql: str, values: Values) -> None:
    place = place_of(frame)
    if place:
        traced.setdefault((database, place, sql), values)


def place_of(frame: FrameType | None) -> str:
    """The function of the product that this frame is in; "" for one of a test."""
    return _place(frame.f_code) if frame is not None else ""


@cache  # a path is taken apart once for each function, not for each of a million statements
def _place(code: CodeType) -> str:
    try:
        module = Path(code.co_filename).relative_to(ROOT).with_suffix("")
    except ValueError:
        return ""
    if module.parts[0] not in ("queue", "admin"):
        return ""
    named = [part for part in code.co_qualname.split(".") if not part.startswith("<")]
    return ".".join((*module.parts, *named))


def _traced_connect(path: str, *arguments: Any, **options: Any) -> sqlite3.Connection:
    database = next((name for name in DATABASES if name in str(path)), "")
    if not database:
        return _connect(path, *arguments, **options)
    connection = _connect(path, *arguments, factory=TracedConnection, **options)
    connection.database = database
    return connection


def pytest_configure() -> None:
    sqlite3.connect = _traced_connect  # type: ignore[assignment]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        test = getattr(item, "function", None)
        known: settings | None = getattr(test, "_hypothesis_internal_use_settings", None)
        if known is not None and known.max_examples > _EXAMPLES:
            vars(test)["_hypothesis_internal_use_settings"] = settings(known, max_examples=_EXAMPLES)


def pytest_sessionfinish(session: pytest.Session) -> None:
    rows = [(*key, values) for key, values in traced.items()]
    Path(os.environ["TRACED_STATEMENTS"], str(os.getpid())).write_bytes(pickle.dumps(rows))
