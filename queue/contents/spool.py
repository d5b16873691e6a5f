"""Bodies on their way into the queue: memory first, a spool file once they are larger than a row may be.

Owns   the spool folder: writing, syncing (file, then folder), removing, and the sweep of orphans at start.
Knows  nothing of SMTP or rows. A file that no committed row names is an orphan.
"""

import os
import secrets
from pathlib import Path

from ...mta.crashpoint import reach
from ...mta.submission.ports import InlineBody, SpooledBody, StoredBody

MAX_INLINE_BYTES = 64 * 1024
_COPY_BYTES = 256 * 1024


class SpoolWriter:
    """Implements mta.submission.ports.BodyWriter."""

    def __init__(self, folder: Path, prefix: str = "") -> None:
        """`prefix`: begins its file's name; of a process that may die and leave files for others to sweep."""
        self._folder, self._prefix = folder, prefix
        self._parts: list[bytes] = []
        self._size = 0
        self._fd = -1
        self._name = ""

    def write(self, octets: bytes) -> None:
        self._size += len(octets)
        if self._fd < 0 and self._size <= MAX_INLINE_BYTES:
            self._parts.append(octets)
            return
        if self._fd < 0:
            self._begin_file()
        self._put(octets)

    def finish(self) -> StoredBody:
        if self._fd < 0:
            return InlineBody(b"".join(self._parts))
        os.close(self._fd)
        self._fd = -1
        return SpooledBody(self._name, self._size)

    def discard(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if self._name:
            remove(self._folder, self._name)
        self._parts.clear()

    def _begin_file(self) -> None:
        self._name = self._prefix + secrets.token_hex(12)
        self._fd = os.open(self._folder / self._name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        for part in self._parts:
            self._put(part)
        self._parts.clear()

    def _put(self, octets: bytes) -> None:
        view = memoryview(octets)
        while view:
            reach("spool-write.before")
            view = view[os.write(self._fd, view[:_COPY_BYTES]) :]
            reach("spool-write.after")


def sync(folder: Path, name: str) -> None:
    """The file and its name survive a power cut. Blocks; call it in a thread."""
    reach("spool-sync.before")
    _sync_path(folder / name)
    _sync_path(folder)
    reach("spool-sync.after")


def remove(folder: Path, name: str) -> None:
    """Delete a spool file; a missing one is fine."""
    (folder / name).unlink(missing_ok=True)


def orphans(folder: Path, known: set[str], prefix: str = "") -> list[str]:
    """Names of files, of those with the prefix, that no row knows."""
    names = [entry.name for entry in os.scandir(folder)]
    return [name for name in names if name.startswith(prefix) and name not in known]


def _sync_path(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
