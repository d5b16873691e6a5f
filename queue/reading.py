"""Reading the queue: what people and pages ask about delivery state, beside the owner or without it.

Owns   QueueReader: read-only connections to the queue and its archive, their errors, and which of the named queries
       answers a question. What ended long ago is found by address and by message, and not listed.
Knows  no SQL (queue.storage.reads, queue.archive.archive_reads) and no sentence (admin.explain).

Invariants
    Nothing is written: the owner stays the only writer, and a read transaction lasts one query (DESIGN §4).
"""

import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import chain, groupby, islice
from pathlib import Path
from typing import TypeVar

import msgspec

from ..mta.address import AddressError, split_address
from ..mta.delivery.dialogue import Dialogue
from ..mta.envelope import DeliverBy
from .archive import archive_reads
from .dialogues import decode
from .journal import JournalKind, JournalRow
from .states import RecipientState
from .storage import (
    backlog_reads,
    deliver_by_rows,
    dialogue_rows,
    reads,
    returned_rows,
    stream_rows,
    suspension_rows,
    wish_rows,
)
from .storage.backlog_reads import FlowRow, WaitingSum
from .storage.database import StorageError, connect, map_error
from .storage.reads import AddressedFact, MessageRow, RecipientRow
from .storage.stream_rows import RevisionRow, StreamRow
from .storage.suspension_rows import SuspensionRow
from .storage.wish_rows import Wish

__all__ = [
    "AddressedFact",
    "HeldLetter",
    "MessageRow",
    "NoQueue",
    "QueueReader",
    "RecipientRow",
    "Wanted",
    "Wish",
    "reading",
]

Read = TypeVar("Read")
Row = TypeVar("Row")
Asked = TypeVar("Asked")
_NEAR_FACTS = 5  # a hold is the last thing that happened to a held recipient, or nearly
MAX_HISTORY = 200  # attempts of five days are fewer; more is flushed again and again


class Wanted(msgspec.Struct, frozen=True):
    """Which recipients are listed: all criteria given must hold. Without a state: all that wait."""

    state: RecipientState | None = None
    domain: str = ""
    account_id: int = 0


class HeldLetter(msgspec.Struct, frozen=True):
    """A message of which recipients are held. `fact`: who held the first of them and why."""

    first: RecipientRow
    recipients: int  # how many of its recipients are held
    fact: JournalRow | None


class QueueReader:
    """Made by `reading`. Every method raises StorageError and nothing of sqlite3's."""

    def __init__(self, connection: sqlite3.Connection, archive: sqlite3.Connection | None = None) -> None:
        self._db, self._archive = connection, archive

    def at_address(self, address: str, limit: int) -> list[RecipientRow]:
        """Recipients with this address, in any spelling of case or domain, newest first."""
        found = chain.from_iterable(reads.at_address(self._db, each) for each in _spellings(address))
        rows = [*_all(found), *self._archived(archive_reads.at_address, *_spellings(address))]
        return sorted(_once(rows), key=lambda row: row.id, reverse=True)[:limit]

    def of_message(self, message_id: int, limit: int, after_id: int = 0) -> list[RecipientRow]:
        """A page of a message's recipients."""
        rows = _mapped(lambda: reads.of_message(self._db, message_id, after_id, limit))
        rows += self._archived(lambda db, number: archive_reads.of_message(db, number, after_id, limit), message_id)
        return sorted(_once(rows), key=lambda row: row.id)[:limit]

    def _archived(
        self, read: Callable[[sqlite3.Connection, Asked], Iterable[RecipientRow]], *asked: Asked
    ) -> list[RecipientRow]:
        """Read after queue.db: what moves meanwhile is then in both, and never in neither."""
        archive = self._archive
        if archive is None:
            return []
        return _all(chain.from_iterable(read(archive, each) for each in asked))

    def listed(self, wanted: Wanted, limit: int) -> list[RecipientRow]:
        """Recipients for a listing: being delivered first, then held, then scheduled, soonest first."""
        rows = chain.from_iterable(self._walk(state, wanted.domain) for state in _states(wanted))
        return _all(islice((row for row in rows if _fits(row, wanted)), limit))

    def held_letters(self, wanted: Wanted, limit: int) -> list[HeldLetter]:
        """Messages with held recipients, those that expire first come first. The criteria are those of recipients."""
        rows = (row for row in reads.held(self._db) if _fits(row, wanted))
        letters = _all(islice(map(_counted, groupby(rows, lambda row: row.message_id)), limit))
        return [HeldLetter(first, count, self.held_fact(first)) for first, count in letters]

    def held_fact(self, recipient: RecipientRow) -> JournalRow | None:
        """The newest fact about a hold of this recipient."""
        history = self.history(recipient, _NEAR_FACTS)
        return next((row for row in reversed(history) if row.kind is JournalKind.HELD), None)

    def _walk(self, state: RecipientState, domain: str) -> Iterator[RecipientRow]:
        match state:
            case RecipientState.SCHEDULED:
                return reads.scheduled_in(self._db, domain) if domain else reads.scheduled(self._db)
            case RecipientState.LEASED:
                return reads.leased(self._db)
            case RecipientState.HELD:
                return reads.held(self._db)
            case _:
                return reads.ended(self._db, state)

    def streams(self, limit: int) -> list[StreamRow]:
        """Newest first."""
        return _mapped(lambda: stream_rows.streams(self._db, 1 << 62, limit))

    def stream(self, stream_id: int) -> tuple[StreamRow | None, list[RevisionRow]]:
        """A stream and its texts, oldest first."""
        return _mapped(lambda: (stream_rows.stream(self._db, stream_id), stream_rows.revisions(self._db, stream_id)))

    def stream_fates(self, stream_id: int) -> dict[RecipientState, int]:
        """What came of its recipients so far; those in the archive are not counted."""
        return _mapped(lambda: stream_rows.fates(self._db, stream_id))

    def message(self, message_id: int) -> MessageRow | None:
        """In the queue or, with all its recipients, in the archive."""
        found = _mapped(lambda: reads.message(self._db, message_id))
        if found is None and (archive := self._archive) is not None:
            return _mapped(lambda: archive_reads.message(archive, message_id))
        return found

    def history(self, recipient: RecipientRow, limit: int = MAX_HISTORY) -> list[JournalRow]:
        """The newest facts of a recipient, oldest first."""
        if not recipient.journal_seq:
            return []
        rows = _mapped(lambda: reads.chain(self._db, recipient.journal_seq, limit))
        if not rows and (archive := self._archive) is not None:
            rows = _mapped(lambda: archive_reads.history(archive, recipient.id))
            return [*rows, *self._heard_since(recipient.id, limit)][-limit:]
        return rows

    def _heard_since(self, recipient_id: int, limit: int) -> list[JournalRow]:
        """What came back about a recipient after it had left for the archive."""
        newest = _mapped(lambda: returned_rows.newest_seq(self._db, recipient_id))
        return _mapped(lambda: reads.chain(self._db, newest, limit)) if newest else []

    def deliver_by(self, message_id: int) -> DeliverBy | None:
        """The time that the client gave for a message, if it gave one."""
        return _mapped(lambda: deliver_by_rows.read(self._db, message_id))

    def dialogue(self, number: int) -> Dialogue | None:
        """What was said in the attempt whose facts name this number, if it is still kept."""
        said = _mapped(lambda: dialogue_rows.read(self._db, number))
        return decode(said) if said is not None else None

    def suspension(self, number: int) -> SuspensionRow | None:
        """What is or was suspended under this number, as far as it is kept."""
        return _mapped(lambda: suspension_rows.one(self._db, number))

    def backlog(self) -> list[WaitingSum]:
        """What is scheduled, by provider and flow."""
        return _all(backlog_reads.sums(self._db))

    def looked_at(self, now_ms: int) -> dict[str, int]:
        """When the mail of each provider is next looked at, of those that come soonest."""
        return _mapped(lambda: backlog_reads.looked_at(self._db, now_ms))

    def backlog_of(self, domain: str) -> list[WaitingSum]:
        """What is scheduled for one domain, by flow."""
        return _mapped(lambda: backlog_reads.of_domain(self._db, domain))

    def backlog_to(self, provider: str) -> list[WaitingSum]:
        """What is scheduled for one provider, by flow."""
        return _mapped(lambda: backlog_reads.of_provider(self._db, provider))

    def provider_of(self, domain: str) -> str:
        """As last learned; "" when it never was."""
        return _mapped(lambda: backlog_reads.provider_of(self._db, domain))

    def flow(self, flow_id: int) -> FlowRow | None:
        return _mapped(lambda: backlog_reads.flow(self._db, flow_id))

    def merge_fields(self, recipient_id: int) -> str:
        """What a template is filled with for this recipient: a JSON object, or "" (also of one that is archived)."""
        return _mapped(lambda: reads.merge_fields(self._db, recipient_id))

    def wish_about(self, recipient_id: int) -> Wish | None:
        """What somebody asked for while it was being attempted, and is done when that ends."""
        return _mapped(lambda: wish_rows.read(self._db, recipient_id))

    def seq_before(self, at_ms: int) -> int:
        """The sequence number behind which the facts since then stand: rows are written in the order of time."""
        return _mapped(lambda: reads.seq_before(self._db, at_ms))

    def facts_after(self, seq: int, limit: int) -> list[AddressedFact]:
        """The journal beyond a sequence number, in its order: for whoever follows what happens."""
        return _mapped(lambda: reads.facts_after(self._db, seq, limit))


@contextmanager
def reading(data_dir: Path) -> Generator[QueueReader]:
    """A reader of this data folder's queue. Raises StorageError; `NoQueue` when there never was one."""
    path = data_dir / "queue.db"
    if not path.exists():
        raise NoQueue(f"there is no queue in {data_dir} yet")
    with ExitStack() as opened:
        queue = opened.enter_context(closing(_mapped(lambda: connect(path, read_only=True))))
        archive = _mapped(lambda: archive_reads.open_reads(data_dir / archive_reads.NAME))
        if archive is not None:
            opened.enter_context(closing(archive))
        yield QueueReader(queue, archive)


class NoQueue(StorageError):
    """The server never ran on this data folder."""


def _states(wanted: Wanted) -> tuple[RecipientState, ...]:
    if wanted.state is not None:
        return (wanted.state,)
    return (RecipientState.LEASED, RecipientState.HELD, RecipientState.SCHEDULED)


def _fits(row: RecipientRow, wanted: Wanted) -> bool:
    return wanted.domain in ("", row.domain) and wanted.account_id in (0, row.account_id)


def _spellings(address: str) -> set[str]:
    """The address as written, and with its domain in the one form."""
    try:
        local, domain = split_address(address, smtputf8=True)
    except AddressError:
        return {address.lower()}
    return {address.lower(), f"{local}@{domain}".lower()}


def _once(rows: Iterable[RecipientRow]) -> list[RecipientRow]:
    """Each recipient as it was read first."""
    return list({row.id: row for row in reversed(list(rows))}.values())


def _counted(letter: tuple[int, Iterator[RecipientRow]]) -> tuple[RecipientRow, int]:
    """The first recipient of a letter's, and how many there are: a message's rows lie together in the index."""
    first = next(letter[1])
    return first, 1 + sum(1 for _ in letter[1])


def _all(rows: Iterable[Row]) -> list[Row]:
    return _mapped(lambda: list(rows))


def _mapped(read: Callable[[], Read]) -> Read:
    try:
        return read()
    except sqlite3.Error as error:
        raise map_error(error) from error
