"""Spool files that a dead process left behind.

Owns   removing those with its prefix that no row names.
Knows  nothing of processes. Call it when nothing of that process is on its way to a commit any more: a file whose row
       is yet to come would be taken away.
"""

from pathlib import Path

from ..storage.group_commit import GroupCommit
from ..storage.store import QueueStore
from . import spool


async def sweep_spool(commits: GroupCommit, store: QueueStore, folder: Path, prefix: str = "") -> None:
    """Raises StorageError."""
    if not spool.orphans(folder, set(), prefix):
        return
    known = await commits.submit(lambda _: store.spool_names())
    for name in spool.orphans(folder, known, prefix):
        spool.remove(folder, name)
