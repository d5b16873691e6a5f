"""Recording: what came back is written into the history of its recipient, once.

Owns   the operation: mark of the inbound message, facts in the journal, the fate; whom a message may speak about.
Knows  no report and no rule (they are read in the jobs process), and no text.

Invariants
    One inbound message is one operation and is read once: told a second time, it changes nothing. A death at any
    point leaves it unread, or read with all that follows.
    Q1   what was heard changes no state. Of a recipient that is being attempted nothing is written: its history is in
         the hands of its lease; whoever asks is told to come again.
    Q8   a message speaks about a recipient of the account, or of the domain, of the address that it was written to,
         and about no other.
    Of one sort of news, and one recipient, MAX_ROWS facts are written, however often it is heard.
"""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec

from ...mta.clock import Clock
from ...mta.crashpoint import reach
from ..archive import archive_reads
from ..archive.archived_about import archived_about
from ..inbound.inbound_mail import Effect
from ..states import RecipientState
from ..storage import inbound_rows, returned_rows
from ..storage.group_commit import GroupCommit
from ..storage.returned_rows import About, ReturnedRow
from ..storage.store import QueueStore
from .fates import fate_after, open_fate
from .heard import Heard, Noted, ReadMail
from .sending_on import Onward, SendingOn
from .stream_complaints import StreamComplaints

MAX_ROWS = 3
_FORGET_MS = 400 * 86_400_000
_PAGE = 500

Archived = Mapping[int, About | None]


class _Missing(msgspec.Struct, frozen=True):
    """Recipients that are not in queue.db."""

    recipient_ids: tuple[int, ...]


class Recording:
    def __init__(
        self, commits: GroupCommit, store: QueueStore, data_dir: Path, sending_on: SendingOn, clock: Clock
    ) -> None:
        self._commits, self._store, self._clock = commits, store, clock
        self._archive = data_dir / archive_reads.NAME
        self.sending_on = sending_on
        self._of_streams = StreamComplaints(store, clock)

    async def record(self, mails: Sequence[ReadMail]) -> list[Noted]:
        """Messages that were read, in one commit if it goes well; an answer for each. Raises StorageError."""
        return list(await asyncio.gather(*map(self._record, mails)))

    async def _record(self, mail: ReadMail) -> Noted:
        onward = await self.sending_on.prepare(mail.seq, mail.for_operator) if mail.for_operator else None
        try:
            noted = await self._write(mail, onward)
        except BaseException:
            self.sending_on.undo(onward)
            raise
        if noted is Noted.DONE:
            self.sending_on.done(onward)
        else:
            self.sending_on.undo(onward)
        return noted

    async def _write(self, mail: ReadMail, onward: Onward | None) -> Noted:
        archived: dict[int, About | None] = {}
        while True:
            done = await self._commits.submit(partial(self._operation, mail, onward, dict(archived)))
            if isinstance(done, Noted):
                return done
            for each in done.recipient_ids:
                archived[each] = await asyncio.to_thread(archived_about, self._archive, each)

    async def sweep(self) -> int:
        """Forget what was heard of recipients that are long forgotten; how many. Raises StorageError."""
        before_ms = self._clock.now_ms() - _FORGET_MS
        forgotten = 0
        while done := await self._commits.submit(lambda db: returned_rows.forget(db, before_ms, _PAGE, lambda: False)):
            forgotten += done
        return forgotten

    # -- within the operation; it may run twice -----------------------------------------------------------------------

    def _operation(
        self, mail: ReadMail, onward: Onward | None, archived: Archived, db: sqlite3.Connection
    ) -> Noted | _Missing:
        if not inbound_rows.is_unread(db, mail.seq):
            return Noted.KNOWN
        found = {each.recipient_id: _about(db, each.recipient_id, archived) for each in mail.heard}
        missing = tuple(number for number, about in found.items() if about is None and number not in archived)
        if missing:
            return _Missing(missing)
        if any(about is not None and about.state == RecipientState.LEASED for about in found.values()):
            return Noted.BUSY
        reach("returned.before")
        effects = {self._hear(db, mail.seq, each, found[each.recipient_id]) for each in mail.heard}
        if mail.of_stream is not None:
            effects.add(self._of_streams.hear(db, mail.seq, mail.of_stream))
        if mail.for_operator:
            effects.add(self.sending_on.send(onward))
        inbound_rows.mark_read(db, mail.seq, mail.read_as, _foremost(effects))
        reach("returned.after")
        return Noted.DONE

    def _hear(self, db: sqlite3.Connection, seq: int, heard: Heard, about: About | None) -> Effect:
        if about is None or not _is_theirs(heard, about):
            return Effect.UNRELATED
        before = returned_rows.returned(db, about.id)
        key = f"{heard.kind} {heard.facts.bounce_kind}".rstrip()
        if before.heard.get(key, 0) >= MAX_ROWS:
            return Effect.REPEATED
        self._write_down(db, seq, heard, _here(db, about, before), before, key)
        return Effect.RECORDED

    def _write_down(
        self, db: sqlite3.Connection, inbound: int, heard: Heard, about: About, before: ReturnedRow, key: str
    ) -> None:
        now_ms = self._clock.now_ms()
        fate, changed = _fate(about, before, heard)
        ended_ms = before.ended_ms or about.ended_ms
        facts = msgspec.structs.replace(
            heard.facts,
            inbound=inbound,
            stream=about.stream_id,
            ended_ms=ended_ms,
            fate=fate if changed else "",
            fate_before=changed,
        )
        journal_seq = self._store.counters.journal()
        self._store.journal(
            journal_seq, now_ms, heard.kind, about.account_id, about.message_id, about.id, about.journal_seq, facts
        )
        if not about.is_archived:
            returned_rows.point_to(db, about.id, journal_seq)
        counts = {**before.heard, key: before.heard.get(key, 0) + 1}
        kept_seq = journal_seq if about.is_archived else 0
        returned_rows.put(db, ReturnedRow(about.id, fate, ended_ms, counts, kept_seq, now_ms))


def _about(db: sqlite3.Connection, recipient_id: int, archived: Archived) -> About | None:
    return returned_rows.about(db, recipient_id) or archived.get(recipient_id)


def _here(db: sqlite3.Connection, about: About, before: ReturnedRow) -> About:
    """With the newest fact as this operation sees it: the message may speak twice about one recipient."""
    if about.is_archived:
        return msgspec.structs.replace(about, journal_seq=before.journal_seq)
    return returned_rows.about(db, about.id) or about


def _is_theirs(heard: Heard, about: About) -> bool:
    """Whether who wrote to that address may speak about this recipient."""
    if heard.account_id and heard.account_id == about.account_id:
        return True
    if about.verp_domain and heard.domain == about.verp_domain:
        return True
    return not heard.account_id and not heard.is_signed  # our hostname's own addresses stand for every account


def _fate(about: About, before: ReturnedRow, heard: Heard) -> tuple[str, str]:
    """The fate after it, and the one before if they differ ("" if not)."""
    first = open_fate(RecipientState(about.state))
    if first is None:
        return "", ""
    fate_before = type(first)(before.fate) if before.fate else first
    fate = fate_after(fate_before, heard.kind, heard.facts.bounce_kind)
    return fate, (fate_before if fate is not fate_before else "")


_ORDER = (Effect.RECORDED, Effect.SENT_ON, Effect.KEPT, Effect.REPEATED, Effect.UNRELATED, Effect.NOTHING)


def _foremost(effects: set[Effect]) -> Effect:
    return next((each for each in _ORDER if each in effects), Effect.NOTHING)
