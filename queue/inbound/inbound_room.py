"""How much inbound mail is kept: a bound, so that no flood fills the disk.

Owns   the count of octets, of stored messages and of bodies that are arriving, and the writer that counts them.
Knows  no row and no reply. A message counts with what its row costs, or a flood of empty ones would be free.

Invariants
    What is kept and what is arriving together never exceed the bound.
    What is kept for addresses that anybody can guess leaves a share to those that only we can make, so that a flood to
    postmaster does not cost a bounce. (A body that is arriving may use that share: nobody knows yet what it becomes.)
"""

import errno

from ...mta.submission.ports import BodyWriter, StoredBody

ROW_OCTETS = 1024  # what a message costs beside its content: rows, indexes, names
_SIGNED_SHARE = 8  # one part in eight is for signed addresses alone


class Room:
    """The bound and what is used of it."""

    def __init__(self, max_octets: int) -> None:
        self.max_octets = max_octets
        self.used = 0

    def __repr__(self) -> str:
        return f"<Room {self.used} of {self.max_octets} octets used>"

    def is_open(self, *, signed: bool) -> bool:
        """Whether another message may come, to a signed address or to one that anybody can guess."""
        return self.used + ROW_OCTETS <= self._bound(signed)

    def take(self, octets: int, *, signed: bool = True) -> bool:
        """Count so much in, unless it does not fit."""
        if self.used + octets > self._bound(signed):
            return False
        self.used += octets
        return True

    def _bound(self, signed: bool) -> int:
        return self.max_octets - (0 if signed else self.max_octets // _SIGNED_SHARE)

    def give(self, octets: int) -> None:
        """So much is free again."""
        self.used -= octets
        assert self.used >= 0, "more room was given back than taken"


class CountedWriter:
    """Implements BodyWriter over another one. What it took stays taken after `finish`, until its new owner gives it."""

    def __init__(self, writer: BodyWriter, room: Room) -> None:
        self._writer, self._room = writer, room
        self._taken = 0

    def write(self, octets: bytes) -> None:
        if not self._room.take(len(octets)):
            raise OSError(errno.ENOSPC, "there is no room for more inbound mail")
        self._taken += len(octets)
        self._writer.write(octets)

    def finish(self) -> StoredBody:
        return self._writer.finish()

    def discard(self) -> None:
        self._room.give(self._taken)
        self._taken = 0
        self._writer.discard()
