"""Enqueueing: many recipients at once into a stream, without being in the way of anybody's 250.

Owns   checking a chunk, and inserting it in batches, each an operation of its own, and one at a time of all producers:
       between two of them other mail is committed.
Knows  no run state (queue.streams.streams asks that).

Invariants
    Q9  enqueueing the same key twice is one recipient. A chunk that was cut off, by a fault or a death, is simply sent
        again: what of it was kept is left out then.
    A chunk with a bad address is refused before anything of it is kept.

Hand keys over in ascending order: the index of a stream's keys is then written at one end, instead of everywhere.
"""

import asyncio
import re
import sqlite3
from collections.abc import Callable, Sequence

import msgspec

from ...mta.address import AddressError, split_address
from ...mta.clock import Clock
from ..ids import address_hash
from ..storage import stream_rows
from ..storage.backlog import Pair
from ..storage.group_commit import GroupCommit
from ..storage.store import QueueStore

BATCH = 1000
"""Recipients an operation: it holds the loop for about 6 ms. With 500 a COMMIT is a larger part: a tenth fewer rows a
second."""

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]*(?:\.[A-Za-z0-9_+-]+)*")
_PLAIN_LENGTH = 64  # RFC 5321 §4.5.3.1.1
_encoder = msgspec.json.Encoder()

_Values = tuple[str, int, str, str | None]
"""What is known of a row without the database: address, its hash, key, fields."""


class StreamRecipient(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`key` is the producer's name for this recipient; `fields` are its merge fields."""

    key: str
    address: str
    fields: dict[str, str] = {}


class BadRecipient(AddressError):
    """One of a chunk cannot be written to; `at` is its place in the chunk, str() says why."""

    def __init__(self, at: int, why: str) -> None:
        super().__init__(why)
        self.at = at


class Enqueueing:
    """Into one queue."""

    def __init__(
        self, commits: GroupCommit, store: QueueStore, due_now: Callable[[Pair, str], None], clock: Clock
    ) -> None:
        self._commits, self._store, self._due_now, self._clock = commits, store, due_now, clock
        self._turn = asyncio.Lock()

    async def enqueue(
        self,
        stream_id: int,
        recipients: Sequence[StreamRecipient],
        runs: Callable[[sqlite3.Connection], bool],
    ) -> int:
        """How many were new. Raises StorageError, BadRecipient, and what `runs` raises.

        `runs` is called in each operation; it raises when the stream takes nobody, and is True when the loader is to
        be told at once.
        """
        domains = _domains(recipients)
        added = 0
        for at in range(0, max(1, len(recipients)), BATCH):  # no recipients: only `runs` is asked
            batch, names = _values(recipients[at : at + BATCH]), domains[at : at + BATCH]
            async with self._turn:
                new, due = await self._commits.submit(
                    lambda db, batch=batch, names=names: self._insert(db, stream_id, batch, names, runs)
                )
            added += new
            for name, pair in due.items():
                self._due_now(pair, name)
        return added

    def _insert(
        self,
        db: sqlite3.Connection,
        stream_id: int,
        batch: Sequence[_Values],
        names: Sequence[str],
        runs: Callable[[sqlite3.Connection], bool],
    ) -> tuple[int, dict[str, Pair]]:
        """How many are new, and the pairs that the loader is to be told of.

        May run twice: changes nothing but the database.
        """
        wake = runs(db)
        store, now_ms = self._store, self._clock.now_ms()
        flow_id = store.flow_of_message(stream_id)
        numbers = {name: store.domain_id(name) for name in set(names)}
        rows = [(store.counters.recipient(), numbers[name], *values) for name, values in zip(names, batch, strict=True)]
        counts = stream_rows.insert(db, stream_id, flow_id, now_ms, rows)
        for domain_id, count in counts.items():
            store.backlog.scheduled(domain_id, flow_id, now_ms, count)
        due = {name: (number, flow_id) for name, number in numbers.items() if wake and number in counts}
        return sum(counts.values()), due


def _values(batch: Sequence[StreamRecipient]) -> list[_Values]:
    """Made before the operation: while another one is committed."""
    return [(each.address, address_hash(each.address), each.key, _encoded(each.fields)) for each in batch]


def _encoded(fields: dict[str, str]) -> str | None:
    return _encoder.encode(fields).decode() if fields else None


def _domains(recipients: Sequence[StreamRecipient]) -> list[str]:
    """The domain of each address, in its one form. Raises BadRecipient."""
    known: dict[str, str] = {}
    domains: list[str] = []
    for at, each in enumerate(recipients):
        local, _, text = each.address.rpartition("@")
        domain = known.get(text)
        if domain is None or not _PLAIN.fullmatch(local) or len(local) > _PLAIN_LENGTH:
            domain = known[text] = _checked(at, each)
        domains.append(domain)
    return domains


def _checked(at: int, recipient: StreamRecipient) -> str:
    if not recipient.key:
        raise BadRecipient(at, "a recipient needs a key")
    try:
        return split_address(recipient.address)[1]
    except AddressError as error:
        raise BadRecipient(at, str(error)) from error
