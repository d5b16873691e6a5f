"""Operating on the queue: hold, release, cancel and flush, through the running owner, or as the owner when none runs.

Owns   the choice between the two ways (DESIGN §5).
Knows  no verb of the command line and no sentence.

Invariants
    Q2  without a server we are the owner: its lock is held, old workers have ended, and leases are recovered before
        the first row is changed. The same guarded transitions as the server's (queue.operations).
"""

from pathlib import Path
from random import Random

import msgspec

from ..mta.clock import Clock
from ..policy.retry import Schedule
from ..queue import incarnation, operations
from ..queue.operations import Operated, Selection
from ..queue.recovery import Recovery
from ..queue.storage.database import connect, migrate
from ..queue.storage.group_commit import GroupCommit
from ..queue.storage.store import QueueStore
from . import control

FLUSH = "flush"


class Order(msgspec.Struct, frozen=True):
    """What somebody wants done to waiting mail."""

    operation: str  # flush, hold, release, cancel
    selection: Selection
    reason: str = ""
    who: str = ""


async def operate(data_dir: Path, order: Order, clock: Clock) -> Operated:
    """Do it. Raises Refused, StorageError, and DataDirInUse while a server starts or stops."""
    try:
        return _through_owner(data_dir, order)
    except control.NotRunning:
        return await _as_owner(data_dir, order, clock)


def _through_owner(data_dir: Path, order: Order) -> Operated:
    verb = FLUSH if order.operation == FLUSH else "operate"
    answer = control.ask(data_dir, "owner", {"verb": verb, **msgspec.to_builtins(order)})
    return msgspec.convert(answer, Operated)


async def _as_owner(data_dir: Path, order: Order, clock: Clock) -> Operated:
    run_dir = data_dir / "run"
    lock = incarnation.OwnerLock(run_dir)
    try:
        await incarnation.await_old_workers(run_dir)
        connection = connect(data_dir / "queue.db")
        migrate(connection)
        commits = GroupCommit(connection)
        try:
            return await _recovered_and_done(run_dir, commits, QueueStore(connection), order, clock)
        finally:
            await commits.close()
    finally:
        lock.release()


async def _recovered_and_done(
    run_dir: Path, commits: GroupCommit, store: QueueStore, order: Order, clock: Clock
) -> Operated:
    store.attach(commits)
    boot = incarnation.boot_id()
    mine = await commits.submit(lambda connection: incarnation.begin(connection, "owner", boot, clock.now_ms()))
    await Recovery(commits, store, run_dir, Schedule(Random()), clock, boot).at_start(mine)
    return await commits.submit(lambda _: _done(store, order, clock.now_ms()))


def _done(store: QueueStore, order: Order, now_ms: int) -> Operated:
    if order.operation == FLUSH:
        return operations.flush(store, order.selection, order.who, now_ms)
    return operations.operate(store, order.operation, order.selection, order.reason, order.who, now_ms)
