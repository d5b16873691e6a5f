"""Forward-only, numbered migrations of a SQLite file.

Owns   the list of migrations (NNNN_name.sql beside it) and the statements that bring a file to the newest one.
Knows  no table. The number reached is the file's user_version, written in the transaction of its migration, so a
       kill leaves the file at one number or the next.
"""

import sqlite3
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Migration:
    number: int
    name: str
    statements: tuple[str, ...]


@cache
def migrations() -> tuple[Migration, ...]:
    """All migrations by number, which start at 1 and leave none out."""
    folder = files(f"{__package__}.migrations")
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    texts = [folder.joinpath(name).read_text("utf-8") for name in found]
    all_of_them = tuple(Migration(int(n[:4]), n[5:-4], split(text)) for n, text in zip(found, texts, strict=True))
    assert [each.number for each in all_of_them] == list(range(1, len(all_of_them) + 1)), found
    return all_of_them


def split(script: str) -> tuple[str, ...]:
    """The statements of a script, each ending at the end of a line."""
    statements: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending.strip())
            pending = ""
    assert not pending.strip() or pending.lstrip().startswith("--"), f"unfinished statement: {pending}"
    return tuple(statements)
