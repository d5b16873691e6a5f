"""Stored inbound mail: kept until it is read, or too old.

Owns   putting a message on the disk, deleting it, how long and how much is kept, and the room that is left.
Knows  no session, and of kinds of addresses only which are signed.

Invariants
    `put` returns only after the commit of message and content; a spool file is synced, with its folder, before.
    On any fault of `put` nothing is kept and the room is as before.
    A spool file goes after the commit that forgets it.
"""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from ...mta.clock import Clock
from ...mta.crashpoint import reach
from ...mta.submission.ports import BodyWriter, InlineBody, SpooledBody, StoredBody
from ..archive import archive_reads
from ..contents import spool
from ..storage import inbound_rows
from ..storage.database import StorageFull
from ..storage.group_commit import GroupCommit
from .inbound_mail import SIGNED, InboundMessage
from .inbound_room import ROW_OCTETS, CountedWriter, Room

_PAGE = 200


class InboundStore:
    def __init__(
        self, commits: GroupCommit, spool_folder: Path, clock: Clock, *, keep_days: int, keep_octets: int
    ) -> None:
        self.room = Room(keep_octets)
        self._commits, self._spool, self._clock = commits, spool_folder, clock
        self._archive = spool_folder.with_name(archive_reads.NAME)
        self._keep_ms = keep_days * 86_400_000

    async def open(self) -> None:
        """Count what is kept since before. Raises StorageError."""
        count, octets = await self._commits.submit(inbound_rows.totals)
        self.room.used = octets + count * ROW_OCTETS  # may be over the bound, when the bound was lowered

    def open_body(self) -> BodyWriter:
        return CountedWriter(spool.SpoolWriter(self._spool), self.room)

    async def put(self, new: InboundMessage, head: bytes, body: StoredBody) -> int:
        """Keep a message; its number. The octets of a spooled body were counted by its writer.

        Raises StorageError; StorageFull when it does not fit into the room.
        """
        counted = body.size_bytes if isinstance(body, SpooledBody) else 0
        more = new.size_bytes + ROW_OCTETS - counted
        try:
            if not self.room.take(more, signed=any(each.kind in SIGNED for each in new.addressees)):
                raise StorageFull("as much inbound mail is kept as may be")
            counted += more
            return await self._put(new, head, body)
        except BaseException:
            self.room.give(counted)
            if isinstance(body, SpooledBody):
                spool.remove(self._spool, body.name)
            raise

    def drop(self, body: StoredBody) -> None:
        """Keep nothing of a message whose body was finished by its writer."""
        if isinstance(body, SpooledBody):
            self.room.give(body.size_bytes)
            spool.remove(self._spool, body.name)

    async def _put(self, new: InboundMessage, head: bytes, body: StoredBody) -> int:
        if isinstance(body, SpooledBody):
            await asyncio.to_thread(spool.sync, self._spool, body.name)
        reach("inbound.before")
        seq = await self._commits.submit(lambda db: inbound_rows.insert(db, new, head, body))
        reach("inbound.after")
        return seq

    async def attempted_ms(self, recipient_id: int) -> int | None:
        """When outgoing mail to this recipient was last tried, or ended if it is archived. Raises StorageError."""
        found = await self._commits.submit(lambda db: inbound_rows.attempted_ms(db, recipient_id))
        if found is None:
            return await asyncio.to_thread(archive_reads.ended_ms, self._archive, recipient_id)
        return found

    async def delete(self, seqs: Iterable[int]) -> int:
        """Forget messages, as whoever has dealt with them asks; how many there were. Raises StorageError."""
        wanted = tuple(seqs)
        sizes, names = await self._commits.submit(lambda db: inbound_rows.delete(db, wanted))
        self.room.give(sum(sizes) + len(sizes) * ROW_OCTETS)
        for name in names:
            spool.remove(self._spool, name)
        return len(sizes)

    async def sweep(self) -> int:
        """Delete what is too old; how many messages. Raises StorageError."""
        before_ms = self._clock.now_ms() - self._keep_ms
        deleted = 0
        while seqs := await self._commits.submit(lambda db: inbound_rows.older_than(db, before_ms, _PAGE)):
            deleted += await self.delete(seqs)
        return deleted


def size_of(head: bytes, body: StoredBody) -> int:
    """Octets of a whole message."""
    return len(head) + (len(body.octets) if isinstance(body, InlineBody) else body.size_bytes)
