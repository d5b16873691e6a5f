"""No statement on queue.db or archive.db reads a whole table: the plans of all that the product runs.

The statements are those that the tests of the queue really run, taken where they are run; a place of the code with a
statement that no test runs is a fault as well. So a new statement is judged without anybody naming it.
"""

import ast
import os
import pickle
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from bench.filling import fill
from fakes.traced_statements import DATABASES, Values
from house.source_tree import ROOT, Module, modules
from youtong.queue.archive.archive_store import open_archive

_OF_ADMIN = (
    "cli_archived", "cli_inbound", "cli_queue", "cli_queue_log", "cli_queue_suspending", "explain_reasons", "follower",
    "explain_site", "owner_figures",
)  # fmt: skip
_EACH_STARTS_A_PROCESS = "test_inbound_follower.py::test_each_sort_is_told_apart_and_written_down"  # runs all of theirs
TRACED_TESTS = (
    "tests/unit/queue",
    *(f"tests/unit/admin/test_{name}.py" for name in _OF_ADMIN),
    f"tests/unit/admin/{_EACH_STARTS_A_PROCESS}",
)

SMALL = {"incarnation", "stream", "flow", "wish", "expiry", "sqlite_sequence", "sqlite_master"}
SMALL |= {"operation", "suspension"}  # so many are kept at most
SMALL |= {"waiting"}  # a row for each provider and flow
"""Tables that hold a row for each process, stream, sender or operator's wish, whatever waits."""

ALLOWED = {
    f"SCAN {table} USING {index}": why
    for table, name, why in (
        ("recipient", "recipient_notice", "has an entry for each notice that is owed this moment"),
        ("recipient", "recipient_lease", "has an entry for each transaction that is being delivered"),
        ("content", "content_spool", "has an entry for each spool file: start reads the folder anyway"),
        ("inbound_content", "inbound_content_spool", "the same"),
        ("inbound", "inbound_unread", "has an entry for each message that nobody has read yet"),
    )
    for index in (f"INDEX {name}", f"COVERING INDEX {name}")
}
"""Whole walks over indexes of few rows."""

ALLOWED_AT = {
    "queue.storage.due_times.newest_fact_ms": "the newest row by its key",
    "queue.storage.operation_rows._last_seq": "the newest row by its key",
    "queue.storage.reads.held": "in the order of the index; its reader stops at its limit",
    "queue.storage.reads.scheduled": "in the order of the index; its reader stops at its limit",
    "queue.storage.damaged_rows.restore_domains": "at start, of domains and flows that somebody waits for",
    "queue.lanes.history.fill_windows": "the newest rows by their key, so many at most",
    "queue.storage.inbound_rows.totals": "at start, of what [inbound] keep_size bounds",
    "queue.storage.inbound_rows.newest": "the newest rows by their key, so many at most; of one kind, all that is kept",
}
"""Places whose plan names a whole table or index, and why they read little of it."""


UNSEEN: dict[str, str] = {}
"""Places that no test of TRACED_TESTS reaches, and which one does."""


@cache
def traced() -> list[tuple[str, str, str, Values]]:
    """Runs the tests once, in processes of their own."""
    command = [sys.executable, "-P", "-m", "pytest", "-q", "--continue-on-collection-errors"]
    command += ["-n", "2", "--dist", "loadfile", "-p", "fakes.traced_statements", *TRACED_TESTS]
    with TemporaryDirectory() as folder:
        environment = {**os.environ, "TRACED_STATEMENTS": folder, "PYTHONPATH": str(ROOT / "tests")}
        subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)  # failures fail elsewhere
        return [row for file in Path(folder).iterdir() for row in pickle.loads(file.read_bytes())]  # noqa: S301 - ours


Schemas = dict[str, sqlite3.Connection]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Schemas]:
    """Each database in its newest version, queue.db with rows."""
    folder = tmp_path_factory.mktemp("plans")
    fill(folder / "queue.db", 1000, 1_700_000_000_000, domains=50)
    open_archive(folder / "archive.db").close()
    with ExitStack() as opened:
        yield {name: opened.enter_context(closing(sqlite3.connect(folder / name))) for name in DATABASES}


def plan(db: sqlite3.Connection, sql: str, values: Values) -> list[str]:
    return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


def tables(db: sqlite3.Connection) -> set[str]:
    return {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")} - SMALL


def scans(db: sqlite3.Connection, sql: str, values: Values) -> list[str]:
    """Lines of the plan that read a whole table or index, with the table's own name."""
    aliases = {alias: table for table, alias in re.findall(r"(?:FROM|JOIN|UPDATE|,)\s+(\w+)\s+(?:AS\s+)?(\w+)", sql)}
    found: list[str] = []
    for line in plan(db, sql, values):
        scan = re.match(r"SCAN (\w+)(.*)", line)
        if scan is None:
            continue
        table = scan[1] if scan[1] in tables(db) else aliases.get(scan[1], "")
        if table in tables(db):
            found.append(f"SCAN {table}{scan[2]}")
    return found


def is_judged(sql: str) -> bool:
    return sql.lstrip().split(None, 1)[0].upper() in {"SELECT", "WITH", "UPDATE", "DELETE", "INSERT"}


def judged(filled: Schemas) -> Iterator[tuple[str, str, str]]:
    """Each scan: place, line of the plan, statement."""
    for database, place, sql, values in traced():
        if is_judged(sql):
            for line in scans(filled[database], sql, values):
                yield place, line, " ".join(sql.split())


def test_no_statement_reads_a_whole_table(filled: Schemas) -> None:
    wrong = {each for each in judged(filled) if each[0] not in ALLOWED_AT and each[1] not in ALLOWED}
    assert sorted(wrong) == []


def test_every_exception_is_still_needed(filled: Schemas) -> None:
    assert ALLOWED_AT.keys() - {place for place, _, _ in judged(filled)} == set()


def test_every_place_with_a_statement_was_seen() -> None:
    seen = {place for _, place, _, _ in traced()}
    there = {place for module in modules().values() if module.folder == "queue" for place in statements(module)}
    assert sorted(there - seen - UNSEEN.keys()) == []


def statements(module: Module) -> Iterator[str]:
    """Functions in which something is executed on a connection, as `traced_statements` names them."""
    name = ".".join(module.path.relative_to(ROOT).with_suffix("").parts)

    def walk(node: ast.AST, inside: tuple[str, ...]) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield from walk(child, (*inside, child.name))
                continue
            is_call = isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute)
            if is_call and child.func.attr in {"execute", "executemany"} and inside:
                yield ".".join((name, *inside))
            yield from walk(child, inside)

    yield from walk(module.tree(), ())


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT * FROM recipient WHERE address = ?", ["SCAN recipient"]),
        ("SELECT r.id FROM recipient AS r WHERE r.attempts > ?", ["SCAN recipient"]),
        ("SELECT id FROM recipient WHERE lease > ?", ["SCAN recipient"]),
        ("SELECT min(seq), max(seq) FROM journal WHERE ?", ["SCAN journal"]),
        ("SELECT id FROM recipient WHERE id = ?", []),
        ("SELECT id FROM message WHERE id > ? ORDER BY id LIMIT 5", []),
    ],
)
def test_the_check_sees_a_scan(filled: Schemas, sql: str, found: list[str]) -> None:
    assert scans(filled["queue.db"], sql, (0,)) == found


def test_the_check_sees_statements_in_functions_and_methods() -> None:
    assert "queue.storage.store.QueueStore.journal_all" in set(statements(modules()["queue.storage.store"]))
