"""A message while it arrives.

Owns    keeping head and small bodies in memory, streaming large bodies to `Intake.open_body`, and the limits of both.
Knows   nothing of transparency (`mta.smtp.data_reader`), sockets, or the memory of others (`budget`).
Invariants
        once there is a refusal, nothing of the message is kept and nothing more is taken, though all of it is read;
        `held_bytes` never exceeds the inline limit by more than one block, except for a head up to MAX_HEAD_OCTETS.
"""

import errno
import logging

from ..message.trace import find_head_end, split_content
from ..reply import Reply, reply
from .ports import BodyWriter, InlineBody, Intake, StoredBody

MAX_INLINE_OCTETS = 64 * 1024  # DESIGN §4: larger content is a file
MAX_HEAD_OCTETS = 256 * 1024
_RETRY_OCTETS = 16 * 1024  # how much more must come before the end of a large head is looked for again

_TOO_LARGE = reply(552, "5.3.4", "the message is larger than this server takes")
_HEAD_TOO_LARGE = reply(552, "5.3.4", "the header section is larger than 256 KiB")
_DISK_FULL = reply(452, "4.3.1", "no room for the message now, try again later")
_DISK_FAULT = reply(451, "4.3.0", "the message could not be stored, try again later")

_log = logging.getLogger("youtong.submission")


class Content:
    """Collects what `DataReader` completes; then `finish` gives head and body."""

    def __init__(self, intake: Intake, max_size_bytes: int) -> None:
        self.size_bytes = 0
        self.held_bytes = 0
        self.is_ascii = True
        self.refusal: Reply | None = None
        self._intake = intake
        self._max_size_bytes = max_size_bytes
        self._parts: list[bytes] = []  # all of it, or the head alone once there is a writer
        self._writer: BodyWriter | None = None
        self._look_for_head_at = MAX_INLINE_OCTETS

    def add(self, octets: bytes) -> None:
        """Take the next octets of the message."""
        self.size_bytes += len(octets)
        if self.refusal is not None:
            return
        if self.size_bytes > self._max_size_bytes:
            self.refuse(_TOO_LARGE)
            return
        self.is_ascii = self.is_ascii and octets.isascii()
        if self._writer is not None:
            self._write(octets)
        else:
            self._keep(octets)

    def refuse(self, why: Reply) -> None:
        """Keep nothing; the first reason stays."""
        if self.refusal is None:
            self.refusal = why
        self.discard()

    def finish(self) -> tuple[bytes, StoredBody] | Reply:
        """Head with its blank line, and the body; or why there is neither."""
        if self.refusal is not None:
            return self.refusal
        if self._writer is None:
            head, body = split_content(b"".join(self._parts))
            return head, InlineBody(body)
        try:
            return self._parts[0], self._writer.finish()
        except OSError as error:
            return _storage_refusal(error)

    def hand_over(self) -> None:
        """The body that `finish` gave is another's from here on: `discard` leaves it alone."""
        self._writer = None

    def discard(self) -> None:
        """Forget everything, in memory and on disk; safe at any time and more than once."""
        self._parts.clear()
        self.held_bytes = 0
        if self._writer is not None:
            self._writer.discard()

    def _keep(self, octets: bytes) -> None:
        self._parts.append(octets)
        self.held_bytes += len(octets)
        if self.held_bytes > self._look_for_head_at:
            self._spill()

    def _spill(self) -> None:
        octets = b"".join(self._parts)
        self._parts = [octets]
        end = find_head_end(octets)
        if end is None and len(octets) <= MAX_HEAD_OCTETS:
            self._look_for_head_at = len(octets) + _RETRY_OCTETS
        elif end is None or end > MAX_HEAD_OCTETS:
            self.refuse(_HEAD_TOO_LARGE)
        else:
            head, body = split_content(octets)
            self._parts, self.held_bytes = [head], len(head)
            self._open_writer(body)

    def _open_writer(self, body: bytes) -> None:
        try:
            self._writer = self._intake.open_body()
        except Exception as error:  # noqa: BLE001 - bulkhead: the rest of DATA must be read all the same
            self.refuse(_storage_refusal(error))
        else:
            self._write(body)

    def _write(self, octets: bytes) -> None:
        assert self._writer is not None
        try:
            self._writer.write(octets)
        except Exception as error:  # noqa: BLE001 - bulkhead: the rest of DATA must be read all the same
            self.refuse(_storage_refusal(error))


def _storage_refusal(error: Exception) -> Reply:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _DISK_FULL
    _log.error("a message body could not be stored", exc_info=error)
    return _DISK_FAULT
