"""queue.db as a file: who may read it, and where it may lie."""

import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from youtong.queue.storage.database import StorageError, connect, migrate


def test_letters_in_the_queue_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    previous = os.umask(0o022)
    try:
        connection = connect(tmp_path / "queue.db")
        migrate(connection)
    finally:
        os.umask(previous)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    connection.close()
    assert modes == dict.fromkeys(("queue.db", "queue.db-wal", "queue.db-shm"), 0o600)


@pytest.mark.parametrize("name", ["mail #1", "mail?mode=ro", "50%25 mail", "邮件"])
def test_a_data_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    connection = connect(folder / "queue.db")
    migrate(connection)
    connection.close()
    assert sorted(path.name for path in tmp_path.rglob("*")) == sorted([name, "queue.db"])
    again = connect(folder / "queue.db", read_only=True)
    assert again.execute("SELECT count(*) FROM message").fetchone() == (0,)
    again.close()


def test_a_file_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        connect(tmp_path / "absent" / "queue.db")


def test_an_owner_waits_while_a_reader_holds_the_whole_file_as_it_leaves(tmp_path: Path) -> None:
    _made(tmp_path / "queue.db")
    holder = sqlite3.connect(tmp_path / "queue.db", isolation_level=None, check_same_thread=False)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN IMMEDIATE")
    found: list[BaseException | int] = []
    opening = threading.Thread(target=lambda: found.append(_opened(tmp_path / "queue.db")))
    opening.start()
    opening.join(0.3)
    waits = opening.is_alive()
    holder.close()
    opening.join()
    assert (waits, found) == (True, [0])


def _made(path: Path) -> None:
    connection = connect(path)
    migrate(connection)
    connection.close()


def _opened(path: Path) -> BaseException | int:
    """How long a statement of the opened writer would wait, in milliseconds; or why it is not open."""
    try:
        connection = connect(path)
    except (sqlite3.Error, StorageError) as error:
        return error
    patience: int = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    connection.close()
    return patience
