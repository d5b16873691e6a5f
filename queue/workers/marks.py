"""Marks: what survives the death of a worker, of what it was about to send and of what it was making.

Owns   the mark file of one worker incarnation: its lock (held while the worker lives), its header (process id, for
       the new owner that has to end a survivor) and its 16-byte records: one per final dot about to be sent, and one
       before and one behind the making (rendering, signing) of a letter.
Knows  nothing of the queue. A record is the lease token and its complement, so that a torn write is no mark; the
       highest bit tells a making from a dot, and without a token it is the end of one.

Invariants
    Q3  the record is in the kernel's hands (write returned) before the octets of the final dot are.
    Q7  a worker makes one letter at a time: the last record of a making, if it is no end, names what it died of.
        Of makings nothing is promised: a full disk or a rewrite of the file forgets some.
The file is not synced: it has to survive a process, not a machine; after a reboot every live lease counts as maybe
sent.
"""

import contextlib
import errno
import fcntl
import os
import struct
from pathlib import Path

from ...mta.crashpoint import reach

_RECORD = struct.Struct("<QQ")
_ALL_ONES = 0xFFFF_FFFF_FFFF_FFFF
_MAKING = 1 << 63  # a lease token is a positive number of SQLite: 63 bits
_TRUNCATE_AT_BYTES = 16 * 65_536


def mark_path(run_dir: Path, incarnation: int) -> Path:
    return run_dir / f"worker-{incarnation}.marks"


class MarkFile:
    """The worker's end. Raises OSError when the file cannot be made, BlockingIOError when it is someone else's."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(self._fd, 0)
        reach("mark-file.before")
        os.write(self._fd, record(os.getpid()))
        reach("mark-file.after")
        self._size = _RECORD.size
        self._is_making = False

    def leave(self, token: int) -> None:
        """Mark the lease as maybe sent. Raises OSError, and then there is no mark."""
        reach("mark.before")
        self._append(token)
        reach("mark.after")

    def begin(self, token: int) -> None:
        """The letter of this lease is being made from here on."""
        reach("making.before")
        with contextlib.suppress(OSError):
            self._append(_MAKING | token)
            self._is_making = True
        reach("making.after")

    def end(self) -> None:
        """It is made, or cannot be."""
        if not self._is_making:
            return
        self._is_making = False
        reach("made.before")
        try:
            self._append(_MAKING)
        except OSError:  # nobody may be blamed for what comes now: the beginning, the last record, goes too
            self._size -= _RECORD.size
            os.ftruncate(self._fd, self._size)
        reach("made.after")

    def _append(self, number: int) -> None:
        if os.write(self._fd, record(number)) != _RECORD.size:
            os.ftruncate(self._fd, self._size)  # half a record would shift all that follow
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._size += _RECORD.size

    def forget_all_but(self, live: "set[int]") -> None:
        """Keep the file small: called when most marked leases have been settled; `live` are those that have not."""
        if self._size < _TRUNCATE_AT_BYTES or self._size < 64 * _RECORD.size * (len(live) + 1):
            return
        kept = b"".join(record(token) for token in live)
        path = f"/proc/self/fd/{self._fd}"
        self._rewrite(Path(os.readlink(path)), record(os.getpid()) + kept)

    def _rewrite(self, path: Path, octets: bytes) -> None:
        # A rename keeps a complete file in place at every moment; the new file is locked before it gets the name.
        fresh = os.open(path.with_suffix(".fresh"), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(fresh, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(fresh, 0)
        reach("mark-rewrite.before")
        os.write(fresh, octets)
        os.rename(path.with_suffix(".fresh"), path)
        reach("mark-rewrite.after")
        os.close(self._fd)
        self._fd, self._size = fresh, len(octets)

    def close(self) -> None:
        os.close(self._fd)


class Marks:
    """What a dead worker left behind: whose dot may have been sent, whose letters it made, and the one it was making
    when it died (0: none)."""

    def __init__(self, pid: int, tokens: frozenset[int], begun: frozenset[int] = frozenset(), making: int = 0) -> None:
        self.pid = pid
        self.tokens = tokens
        self.begun = begun
        self.making = making


NO_MARKS = Marks(0, frozenset())


def read_marks(path: Path) -> Marks:
    """The marks in a file; records that are torn or zeroed are not marks. A missing file has none."""
    try:
        octets = path.read_bytes()
    except FileNotFoundError:
        return NO_MARKS
    whole = len(octets) - len(octets) % _RECORD.size
    numbers = [
        number if number ^ check == _ALL_ONES else 0 for number, check in _RECORD.iter_unpack(octets[:whole])
    ]  # by place: a torn header does not make a process id of the first mark
    making = [number - _MAKING for number in numbers[1:] if number >= _MAKING]
    return Marks(
        numbers[0] if numbers and numbers[0] < _MAKING else 0,
        frozenset(number for number in numbers[1:] if number < _MAKING) - {0},
        frozenset(making) - {0},
        making[-1] if making else 0,
    )


def is_alive(path: Path) -> bool:
    """Whether the worker that holds this mark file still lives: its lock says so, no process id does."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        was_renewed = not _is_at(fd, path)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return was_renewed  # by a worker that lived between our open and our lock: the caller asks again


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return True  # removed: nobody holds it


def record(number: int) -> bytes:
    """A number as it stands in a file that may be torn."""
    return _RECORD.pack(number, number ^ _ALL_ONES)
