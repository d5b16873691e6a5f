"""Group commit: each operation alone, each commit for all, and what a full or busy disk becomes."""

import asyncio
import ctypes
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.queue_room import QueueRoom, opened
from youtong.queue.storage import group_commit, write_ahead_log
from youtong.queue.storage.database import StorageBusy, StorageError, StorageFull, connect
from youtong.queue.storage.group_commit import GroupCommit
from youtong.queue.storage.write_ahead_log import WriteAheadLog


class Desk:
    """A group commit over one small table."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db = connect(path)
        self.db.execute("CREATE TABLE t (x)")
        self.commits = GroupCommit(self.db)
        self.forgotten = 0
        self.commits.on_rollback(self._forget)

    def _forget(self) -> None:
        self.forgotten += 1

    def put(self, x: object) -> "asyncio.Future[object]":
        return self.commits.submit(lambda db: db.execute("INSERT INTO t VALUES (?)", (x,)).lastrowid)

    def kept(self) -> list[object]:
        """What another process sees."""
        other = opened(self.path)
        try:
            return [row[0] for row in other.execute("SELECT x FROM t ORDER BY rowid")]
        finally:
            other.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "t.db")
    yield made
    made.commits.abort()


def fail(error: Exception) -> Callable[[sqlite3.Connection], None]:
    def operation(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO t VALUES ('half')")
        raise error

    return operation


async def test_operations_of_one_round_share_a_commit_and_are_on_disk_when_answered(desk: Desk) -> None:
    await asyncio.gather(*map(desk.put, range(50)))
    assert desk.kept() == list(range(50))
    assert desk.commits.commits == 1


async def test_operations_beyond_the_bound_go_into_the_next_transaction(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "_MAX_OPERATIONS", 10)
    await asyncio.gather(*map(desk.put, range(25)))
    assert desk.commits.commits == 3
    assert desk.kept() == list(range(25))


@pytest.mark.parametrize("error", [ValueError("no"), AssertionError("bug"), StorageError("refused")])
async def test_a_failing_operation_is_undone_alone_and_its_caller_hears_it(desk: Desk, error: Exception) -> None:
    results = await asyncio.gather(desk.put(1), desk.commits.submit(fail(error)), desk.put(2), return_exceptions=True)
    assert results[1] is error
    assert desk.kept() == [1, 2]
    assert desk.forgotten


async def test_an_operation_that_fails_after_another_has_read_it_spoils_no_result(desk: Desk) -> None:
    """All run once more, so what was seen of the undone write is not what is answered."""
    count = desk.commits.submit(lambda db: db.execute("SELECT count(*) FROM t").fetchone()[0])
    failed = desk.commits.submit(fail(ValueError("no")))
    again = desk.commits.submit(lambda db: db.execute("SELECT count(*) FROM t").fetchone()[0])
    assert (await count, await again) == (0, 0)
    with pytest.raises(ValueError, match="no"):
        await failed


async def test_a_caller_whose_continuation_fails_stops_nobody(desk: Desk) -> None:
    def broken(result: object, fault: Exception | None) -> None:
        raise ValueError("a bug")

    desk.commits.add(lambda db: db.execute("INSERT INTO t VALUES (1)").lastrowid, broken)
    await desk.put(2)
    await desk.put(3)
    assert desk.kept() == [1, 2, 3]


async def test_the_log_is_overwritten_instead_of_grown(desk: Desk) -> None:
    """Three times its length goes through it; without copying it would be as long as all of that."""
    for _ in range(12):
        await asyncio.gather(*(desk.put(os.urandom(4000)) for _ in range(500)))
    await desk.commits.idle()
    log = desk.path.with_name(desk.path.name + "-wal").stat().st_size
    assert log < 12 << 20 < len(desk.kept()) * 4000


async def test_an_error_of_the_driver_is_told_in_our_words(desk: Desk) -> None:
    with pytest.raises(StorageError, match="no such table"):
        await desk.commits.submit(lambda db: db.execute("SELECT * FROM missing"))


def refuse_commits(desk: Desk, error: sqlite3.Error) -> None:
    class Refusing:
        def commit(self) -> None:
            raise error

        def __getattr__(self, name: str) -> object:
            return getattr(desk.db, name)

    desk.commits._connection = Refusing()  # type: ignore[assignment]


async def test_a_failing_commit_fails_all_its_operations_and_forgets_caches(desk: Desk) -> None:
    refuse_commits(desk, sqlite3.OperationalError("disk I/O error"))
    results = await asyncio.gather(desk.put(1), desk.put(2), return_exceptions=True)
    assert [type(each) for each in results] == [StorageError, StorageError]
    assert (desk.kept(), desk.forgotten) == ([], 1)
    desk.commits._connection = desk.db
    await desk.put(3)
    assert desk.kept() == [3]


async def test_an_operation_that_loses_the_transaction_fails_all_and_forgets_caches(desk: Desk) -> None:
    def ends_it(db: sqlite3.Connection) -> None:
        db.execute("ROLLBACK")  # as SQLite does by itself when the disk is full
        raise ValueError("something else")

    results = await asyncio.gather(desk.put(1), desk.commits.submit(ends_it), desk.put(2), return_exceptions=True)
    assert [type(each) for each in results] == [StorageError] * 3
    assert (desk.kept(), bool(desk.forgotten)) == ([], True)


async def test_a_lock_of_another_process_is_waited_for_then_busy(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "_BUSY_PAUSE_SECONDS", 0)
    other = opened(desk.path)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageBusy):
        await desk.put(1)
    other.execute("ROLLBACK")
    other.close()
    await desk.put(2)
    assert desk.kept() == [2]


async def test_a_lock_that_goes_away_is_no_failure(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "_BUSY_PAUSE_SECONDS", 0)
    other = opened(desk.path)
    other.execute("BEGIN IMMEDIATE")
    waiting = desk.put(1)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    other.execute("ROLLBACK")
    other.close()
    await waiting
    assert desk.kept() == [1]


async def test_a_database_that_may_not_grow_is_full_and_recovers(desk: Desk) -> None:
    pages = desk.db.execute("PRAGMA page_count").fetchone()[0]
    desk.db.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StorageFull):
        await desk.put(os.urandom(100_000))
    assert desk.kept() == []
    await desk.put(1)
    assert desk.kept() == [1]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk_is_storage_full_and_nothing_is_kept(tmp_path: Path) -> None:
    """On a real small file system, in a child with a mount namespace of its own."""
    child = os.fork()
    if child == 0:
        os._exit(_on_a_full_disk(tmp_path))
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code == 77:
        pytest.skip("this system lets nobody mount")
    assert code == 0


def _on_a_full_disk(folder: Path) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    new_mounts, private = 0x20000, 0x44000
    if libc.unshare(new_mounts) or libc.mount(b"none", b"/", None, private, None):
        return 77
    if libc.mount(b"tmpfs", bytes(folder), b"tmpfs", 0, b"size=256k"):
        return 77
    try:
        asyncio.run(_fill(folder))
    except BaseException as error:  # noqa: BLE001 - a child of a test: its exit code is the answer
        os.write(2, f"{error!r}\n".encode())
        return 1
    return 0


async def _fill(folder: Path) -> None:
    desk = Desk(folder / "t.db")
    await desk.put("before")
    results = await asyncio.gather(desk.put(os.urandom(600_000)), desk.put("beside"), return_exceptions=True)
    assert isinstance(results[0], StorageFull), results
    assert desk.kept() == (["before"] if isinstance(results[1], StorageFull) else ["before", "beside"]), results
    await desk.put("after")
    assert desk.kept()[-1] == "after"


async def test_closing_finishes_what_was_submitted_also_by_those_just_answered(desk: Desk) -> None:
    async def twice() -> None:
        await desk.put(1)
        await desk.put(2)

    going_on = asyncio.create_task(twice())
    await asyncio.sleep(0)
    closing = asyncio.create_task(desk.commits.close())
    await going_on
    await closing
    assert desk.kept() == [1, 2]


async def test_after_closing_an_operation_is_refused(desk: Desk) -> None:
    await desk.commits.close()
    with pytest.raises(StorageError):
        await desk.put(1)


async def test_a_caller_that_went_away_harms_nobody(desk: Desk) -> None:
    gone, stays = desk.put(1), desk.put(2)
    gone.cancel()
    await stays
    assert desk.kept() == [1, 2]


async def test_the_log_is_checkpointed_as_it_grows(room: QueueRoom) -> None:
    pages = room.db.execute("PRAGMA wal_autocheckpoint").fetchone()[0]
    assert 1000 <= pages <= 16384


def test_a_log_that_is_slow_to_copy_is_copied_earlier_and_a_quick_one_at_its_full_length(desk: Desk) -> None:
    slow, quick = WriteAheadLog(desk.db), WriteAheadLog(desk.db)
    for _ in range(20):
        slow._learn(slow._rows, 2 * slow._rows, seconds=slow._rows * 0.01)
        quick._learn(quick._rows, 2 * quick._rows, seconds=0.001)
    assert slow._rows == write_ahead_log._FEWEST_ROWS
    assert quick._rows * 2 == write_ahead_log.PAGES
