"""Being the owner for a moment: what a verb does to the queue while no server runs.

Owns   the order: the lock, the schema, the end of old workers, recovery; then the caller's work; then all is closed.
Knows  no verb.

Invariant
    Q2  leases of earlier owners are recovered before the first row is changed.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import msgspec

from ..mta.clock import Clock
from ..policy.retry import Schedule
from ..queue import incarnation
from ..queue.recovery import Recovery
from ..queue.storage.database import connect, migrate
from ..queue.storage.group_commit import GroupCommit
from ..queue.storage.store import QueueStore


class Owned(msgspec.Struct, frozen=True):
    """The queue, ours alone."""

    commits: GroupCommit
    store: QueueStore


@asynccontextmanager
async def owning(data_dir: Path, clock: Clock) -> AsyncGenerator[Owned]:
    """Raises StorageError, and DataDirInUse while a server starts or stops."""
    run_dir = data_dir / "run"
    lock = incarnation.OwnerLock(run_dir)
    try:
        await incarnation.await_old_workers(run_dir)
        connection = connect(data_dir / "queue.db")
        migrate(connection)
        commits, store = GroupCommit(connection), QueueStore(connection)
        store.attach(commits)
        try:
            boot = incarnation.boot_id()
            mine = await commits.submit(lambda db: incarnation.begin(db, "owner", boot, clock.now_ms()))
            await Recovery(commits, store, run_dir, Schedule(Random()), clock, boot).at_start(mine)
            yield Owned(commits, store)
        finally:
            await commits.close()
    finally:
        lock.release()
