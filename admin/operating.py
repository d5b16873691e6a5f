"""Operating on the queue: an order is carried out by the running owner, or by us as the owner when none runs.

Owns   the choice between the two ways (DESIGN §5).
Knows  no verb of the command line and no sentence.

Invariants
    Q2  without a server we are the owner: its lock is held, old workers have ended, and leases are recovered before
        the first row is changed. The same guarded transitions as the server's (queue.operators.operating).
"""

from pathlib import Path
from random import Random

import msgspec

from ..mta.clock import Clock
from ..policy.retry import Schedule
from ..queue import incarnation
from ..queue.operators.operating import Operating
from ..queue.operators.operations import Operated
from ..queue.operators.orders import Order
from ..queue.pace.suspending import Suspending
from ..queue.pace.suspensions import Suspensions
from ..queue.recovery import Recovery
from ..queue.storage.database import connect, migrate
from ..queue.storage.group_commit import GroupCommit
from ..queue.storage.store import QueueStore
from . import control

_PATIENCE_SECONDS = 3600.0  # a million recipients take a minute or so


async def operate(data_dir: Path, order: Order, clock: Clock) -> Operated:
    """Do it. Raises Refused, StorageError, and DataDirInUse while a server starts or stops."""
    try:
        question = {"verb": "operate", **msgspec.to_builtins(order)}
        answer = control.ask(data_dir, "owner", question, seconds=_PATIENCE_SECONDS)
        return msgspec.convert(answer, Operated)
    except control.NotRunning:
        return await _as_owner(data_dir, order, clock)


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
    suspending = Suspending(commits, Suspensions(clock), lambda: None, clock)
    try:
        await suspending.load()
        return await Operating(commits, store, suspending, clock).carry_out(order)
    finally:
        suspending.stop()
