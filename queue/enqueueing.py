"""Enqueueing: many recipients at once into a stream, without being in the way of anybody's 250.

Owns   checking a chunk, and inserting it in batches, each an operation of its own: between two of them other mail is
       committed.
Knows  no run state (queue.streams asks that).

Invariants
    Q9  enqueueing the same key twice is one recipient. A chunk that was cut off, by a fault or a death, is simply sent
        again: what of it was kept is left out then.
    A chunk with a bad address is refused before anything of it is kept.

Hand keys over in ascending order: the index of a stream's keys is then written at one end, instead of everywhere.
"""

import re
import sqlite3
from collections.abc import Callable, Sequence

import msgspec

from ..mta.address import AddressError, split_address
from ..mta.clock import Clock
from .ids import Counters, address_hash
from .storage import stream_rows
from .storage.backlog import Pair
from .storage.group_commit import GroupCommit
from .storage.store import QueueStore
from .storage.stream_rows import NewRow

BATCH = 1000
"""Recipients an operation: it holds the loop for about 8 ms. With 500 a COMMIT is a larger part: a tenth fewer rows a second."""

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]*(?:\.[A-Za-z0-9_+-]+)*")
_PLAIN_LENGTH = 64  # RFC 5321 §4.5.3.1.1
_encoder = msgspec.json.Encoder()


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

    async def enqueue(
        self,
        stream_id: int,
        recipients: Sequence[StreamRecipient],
        refuse: Callable[[sqlite3.Connection], object],
        *,
        wake: bool,
    ) -> int:
        """How many were new. `refuse` is called in each operation, and raises when the stream takes nobody.

        `wake`: the loader is told at once. Raises StorageError, BadRecipient, and what `refuse` raises.
        """
        domains = _domains(recipients)
        added = 0
        for at in range(0, len(recipients), BATCH):
            batch, names = recipients[at : at + BATCH], domains[at : at + BATCH]
            new, pairs = await self._commits.submit(
                lambda db, batch=batch, names=names: self._insert(db, stream_id, batch, names, refuse)
            )
            added += new
            if wake:
                for name, pair in pairs.items():
                    self._due_now(pair, name)
        return added

    def _insert(
        self,
        db: sqlite3.Connection,
        stream_id: int,
        batch: Sequence[StreamRecipient],
        names: Sequence[str],
        refuse: Callable[[sqlite3.Connection], object],
    ) -> tuple[int, dict[str, Pair]]:
        """How many are new, and the pairs that they wait in. May run twice: changes nothing but the database."""
        refuse(db)
        store, now_ms = self._store, self._clock.now_ms()
        flow_id = store.flow_of_message(stream_id)
        numbers = {name: store.domain_id(name) for name in set(names)}
        rows = _rows(batch, [numbers[name] for name in names], store.counters)
        counts = stream_rows.insert(db, stream_id, flow_id, now_ms, rows)
        for domain_id, count in counts.items():
            store.backlog.scheduled(domain_id, flow_id, now_ms, count)
        pairs = {name: (number, flow_id) for name, number in numbers.items() if number in counts}
        return sum(counts.values()), pairs


def _rows(batch: Sequence[StreamRecipient], domain_ids: Sequence[int], counters: Counters) -> list[NewRow]:
    return [
        (
            counters.recipient(), domain_id, each.address, address_hash(each.address), each.key,
            _encoder.encode(each.fields).decode() if each.fields else None,
        )
        for each, domain_id in zip(batch, domain_ids, strict=True)
    ]  # fmt: skip


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
