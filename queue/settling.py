"""Settling: from what workers report to committed outcomes.

Owns   the way of a report: permits back, replies judged, outcomes committed, sites rested, notices owed.
Knows  nothing of sockets.

Invariants
    Every transaction in flight ends here exactly once: finished, returned, or by the death of its worker.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import msgspec
from msgspec.structs import replace

from ..mta.clock import Clock
from ..mta.outcome import Deferred, Delivered, Outcome, Scope, Stage
from ..mta.reply import Reply
from . import settlement
from .dialogues import Dialogues, Numbered
from .figures import Came, came_of
from .holds import WorkerDeaths
from .ids import queue_id
from .journal import AttemptPlace, Facts, JournalKind
from .judging import AttemptFacts, ReplyJudge
from .lanes.leasing import Leasing
from .lanes.minutes import Sent
from .pace.reacting import Reacting
from .pace.suspensions import Suspension
from .protocol import Finished, LaneKey, LaneNews, Report, Returned
from .recovery import MAYBE_SENT
from .retry import RetrySchedule
from .settlement import Entry, Settled
from .sites import Sites
from .states import Event, RecipientState
from .storage import sent_rows, suspension_rows
from .storage.backlog import Pair
from .storage.database import StorageError
from .storage.group_commit import GroupCommit
from .storage.rows import Fact, LeasedRow
from .storage.sent_rows import SentMinute
from .storage.store import LeaseLost, QueueStore
from .transactions import Leased
from .workers.marks import NO_MARKS, Marks
from .workers.suspects import AT_ONCE, Consequence, Letter, Part, Suspects

_log = logging.getLogger("youtong.queue")
_RETRY_SECONDS = 0.5
_FAULT_MS = 300_000  # after a fault of ours the recipient waits, so that the fault does not spin
_SPARED_MS = 60_000  # likewise, until its stream is paused; resumed with a better text it goes then
_NOT_ANSWERED = frozenset({Stage.ROUTE, Stage.CONNECT, Stage.GREETING})


class Attempt(msgspec.Struct, frozen=True, gc=False):
    """One recipient's part of a transaction that ended.

    `outcome` None: not attempted, due again after `wait_ms`; `fault`: to be skipped; `hold`: to be held if it waits.
    """

    row: LeasedRow
    outcome: Outcome | None
    place: AttemptPlace
    domain: str
    fault: str = ""
    wait_ms: int = 0
    hold: str = ""


class Listener(msgspec.Struct, frozen=True):
    """Who is told after the commit."""

    settled: Callable[[Settled, Attempt], None]
    due_now: Callable[[Pair, str], None]  # a flow has recipients in a domain that are due at once


class _Batch(msgspec.Struct):
    """What is committed together; `committed` is called then.

    `is_faulty`: one of them spoils it for the others. `holds`: some are to be held.
    """

    attempts: list[Attempt]
    committed: Callable[[], None]
    is_faulty: bool = False
    holds: bool = False
    is_after_death: bool = False  # nobody knows which of the leases that were under way were given
    sent: Sequence[SentMinute] = ()  # what left lanes with long windows
    suspensions: Sequence[Suspension] = ()  # that replies set off
    dialogues: Sequence[Numbered] = ()  # that the attempts name


class Settling:
    def __init__(
        self,
        commits: GroupCommit,
        store: QueueStore,
        leasing: Leasing,
        sites: Sites,
        judge: ReplyJudge,
        schedule: RetrySchedule,
        clock: Clock,
        listener: Listener,
        reacting: Reacting | None = None,
        dialogues: Dialogues | None = None,
        is_spared: Callable[[int], bool] = lambda _: False,
    ) -> None:
        """`is_spared(stream)`: whether a recipient whose letter cannot be made waits for another text."""
        self._commits, self._store, self._leasing, self._sites = commits, store, leasing, sites
        self._judge, self._schedule, self._clock, self._listener = judge, schedule, clock, listener
        self._pending = 0  # operations whose commit is awaited
        self._drained: list[asyncio.Future[None]] = []
        self._give_up_at: float | None = None
        self.has_unrecorded = False
        self._suspects = Suspects()
        self._reacting = reacting
        self._dialogues = dialogues or Dialogues(0, keep_bytes=0)
        self._is_spared = is_spared

    def hear(self, report: Report, committed: Callable[[], None]) -> None:
        """A worker's report; `committed` is called when its outcomes are on the disk."""
        for failed in report.failed_sites:
            self._sites.site_failed(failed.site, failed.why, failed.key.provider)
        sent = Sent(self._clock)
        self._hear_lanes(report.lanes, sent)
        attempts: list[Attempt] = []
        dialogues = self._dialogues.number(report.dialogues)
        figures, now = self._leasing.figures, self._clock.monotonic()
        for item in (*report.finished, *report.returned):
            leased = self._leasing.end(item.token, item.mails)
            if leased is not None:
                figures.mailed(leased.lane, leased.ready.message.flow.id, now, len(item.mails))
                sent.mailed(self._leasing.lanes[leased.lane], leased.ready.site, item.mails)
                attempts += self._attempts(leased, item, dialogues)
                if self._suspects and isinstance(item, Finished):
                    self._suspects.clear(_letter(leased))
        set_off = self._reacting.take_unwritten() if self._reacting is not None else ()
        self._commit(_Batch(attempts, committed, sent=sent.take(), suspensions=set_off, dialogues=dialogues))
        self._leasing.go_on()

    def _hear_lanes(self, lanes: Iterable[LaneNews], sent: Sent) -> None:
        now_ms, now = self._clock.now_ms(), self._clock.monotonic()
        connects: list[tuple[int, str, str]] = []
        for news in lanes:
            connects += [(now_ms - int((now - at) * 1000), news.key.provider, news.key.source) for at in news.connects]
            if (lane := self._leasing.lanes.get(news.key)) is not None:
                sent.connected(lane, news.connects)
            self._leasing.heard(news)
        if connects:
            self._pending += 1
            rows = sent.take()
            self._commits.add(lambda db: self._note_connects(db, connects, rows), self._noted)

    def _note_connects(
        self, db: sqlite3.Connection, connects: list[tuple[int, str, str]], rows: Sequence[SentMinute]
    ) -> None:
        self._store.note_connects(connects)
        if rows:
            sent_rows.add_minutes(db, rows)

    def _noted(self, _: object, fault: Exception | None) -> None:
        if fault is not None:  # a new owner's windows would start a little too empty: no mail is at stake
            _log.warning("connects not recorded error=%s", fault)
        self._one_less()

    def lost(self, held: list[Leased], now: float, marks: Marks = NO_MARKS, *, by_us: bool = False) -> None:
        """Transactions of a dead worker, and the marks it left; each transaction counts as one MAIL now.

        `by_us`: we ended the worker, and no message is suspected of it.
        """
        attempts: list[Attempt] = []
        sent = Sent(self._clock)
        follows = {} if by_us else self._suspects.died(_parts(held, marks))
        for leased in held:
            if self._leasing.end(leased.token, (now,)) is not None:
                sent.mailed(self._leasing.lanes[leased.lane], leased.ready.site, (now,))
                outcomes = [MAYBE_SENT if leased.token in marks.tokens else None] * len(leased.ready.recipients)
                lost = attempts_of(leased, outcomes, (now,))
                attempts += _after_death(lost, follows.get(_letter(leased), AT_ONCE))
        holds = any(attempt.hold for attempt in attempts)
        self._commit(_Batch(attempts, lambda: None, holds=holds, is_after_death=True, sent=sent.take()))

    def give_up_after(self, seconds: float) -> None:
        """The process ends: what the store does not take by then keeps its lease, for recovery by the next owner."""
        self._give_up_at = asyncio.get_running_loop().time() + seconds

    async def drain(self) -> None:
        """Until everything heard so far is committed."""
        while self._pending:
            drained = asyncio.get_running_loop().create_future()
            self._drained.append(drained)
            await drained

    def _one_less(self) -> None:
        self._pending -= 1
        if not self._pending:
            waiting, self._drained = self._drained, []
            for each in waiting:
                if not each.done():
                    each.set_result(None)

    # -- committing -----------------------------------------------------------------------------------------------

    def _commit(self, batch: "_Batch") -> None:
        if batch.attempts:
            self._pending += 1
            self._try(batch)
        else:
            batch.committed()

    def _try(self, batch: "_Batch") -> None:
        self._commits.add(lambda db: self._write(batch, db), partial(self._tried, batch))

    def _write(self, batch: "_Batch", db: sqlite3.Connection) -> Sequence[Settled | None]:
        settled = self._record_one_by_one(batch) if batch.is_faulty else self._record(batch.attempts)
        if batch.holds:
            self._hold(batch.attempts)
        if batch.sent:
            sent_rows.add_minutes(db, batch.sent)
        for suspension in batch.suspensions:
            suspension_rows.put(db, suspension)
        if batch.dialogues:
            self._dialogues.write(db, batch.dialogues)
        return settled

    def _hold(self, attempts: Iterable[Attempt]) -> None:
        """After their leases have ended: who is not scheduled then has come to another end."""
        now_ms = self._clock.now_ms()
        for attempt in attempts:
            row = attempt.row
            if attempt.hold:
                facts = Facts(reason=attempt.hold)
                fact = Fact(now_ms, JournalKind.HELD, row.account_id, row.message_id, row.id, facts)
                self._store.move(RecipientState.SCHEDULED, Event.HOLD, fact, next_ms=row.expires_ms)

    def _tried(self, batch: "_Batch", settled: Sequence[Settled | None], fault: Exception | None) -> None:
        """Retried until the store takes it: a lease's end must reach the disk, and until then the lease stands."""
        if fault is None:
            batch.committed()
            self._tell(batch.attempts, settled)
            self._one_less()
        elif isinstance(fault, StorageError):
            self._try_later(batch, fault)
        else:
            batch.is_faulty = True
            self._try(batch)

    def _try_later(self, batch: "_Batch", error: StorageError) -> None:
        loop = asyncio.get_running_loop()
        _log.error("outcomes cannot be recorded yet error=%s", error)
        if self._give_up_at is not None and loop.time() >= self._give_up_at:
            self.has_unrecorded = True
            self._one_less()
        else:
            loop.call_later(_RETRY_SECONDS, self._try, batch)

    def _record(self, attempts: Sequence[Attempt]) -> list[Settled]:
        """All in few statements. Raises LeaseLost, or a fault of one: then each is recorded by itself."""
        now_ms = self._clock.now_ms()
        return settlement.record(self._store, [self._entry(attempt, now_ms) for attempt in attempts], now_ms)

    def _record_one_by_one(self, batch: _Batch) -> list[Settled | None]:
        level = logging.DEBUG if batch.is_after_death else logging.ERROR
        return [self._record_one(attempt, level) for attempt in batch.attempts]

    def _record_one(self, attempt: Attempt, level: int) -> Settled | None:
        now_ms = self._clock.now_ms()
        try:
            return settlement.record(self._store, [self._entry(attempt, now_ms)], now_ms)[0]
        except LeaseLost as lost:
            _log.log(level, "outcome dropped recipient=%d: %s", attempt.row.id, lost)
            return None
        except (sqlite3.Error, StorageError):
            raise
        except Exception:  # noqa: BLE001 - the bulkhead of one recipient (Q7): its lease must end all the same
            _log.exception("outcome could not be recorded recipient=%d", attempt.row.id)
            return settlement.give_back(self._store, attempt.row, now_ms, after_ms=_FAULT_MS)

    def _entry(self, attempt: Attempt, now_ms: int) -> Entry:
        if attempt.fault:
            return settlement.skipping(attempt.row, attempt.fault)
        if attempt.outcome is None:
            return settlement.returning(attempt.row, now_ms + attempt.wait_ms, attempt.place)
        return settlement.settling(attempt.row, attempt.outcome, attempt.place, now_ms, self._schedule)

    def _tell(self, attempts: Sequence[Attempt], settled: Sequence[Settled | None]) -> None:
        now_ms = self._clock.now_ms()
        self._count(attempt for attempt, result in zip(attempts, settled, strict=True) if result is not None)
        for attempt, result in zip(attempts, settled, strict=True):
            if result is None:
                continue
            self._listener.settled(result, attempt)
            if result.next_ms is not None and result.next_ms <= now_ms:
                self._listener.due_now((attempt.row.domain_id, attempt.row.flow_id), attempt.domain)

    def _count(self, attempts: Iterable[Attempt]) -> None:
        """For whoever looks at what leaves and how it goes: once for those that are alike."""
        figures, now = self._leasing.figures, self._clock.monotonic()
        for (provider, source, site, mail_class, came), count in _alike(attempts).items():
            figures.came(LaneKey(provider, source), site, mail_class, came, now, count)

    def _attempts(self, leased: Leased, item: Finished | Returned, dialogues: Sequence[Numbered]) -> list[Attempt]:
        message, ready = leased.ready.message, leased.ready
        if isinstance(item, Returned):
            return self._returned(leased, item)
        facts = AttemptFacts(leased.lane.provider, ready.site, ready.domain, message.mail_class)
        judged = self._judged(item.outcomes, facts)
        dialogue = dialogues[item.dialogue - 1][0] if item.dialogue else 0
        return self._with_reactions(leased, facts, judged, attempts_of(leased, judged, item.mails, dialogue=dialogue))

    def _returned(self, leased: Leased, item: Returned) -> list[Attempt]:
        message, nobody = leased.ready.message, [None] * len(leased.ready.recipients)
        if item.fault and message.stream_id and self._is_spared(message.stream_id):
            return [replace(each, wait_ms=_SPARED_MS) for each in attempts_of(leased, nobody, item.mails)]
        return attempts_of(leased, nobody, item.mails, item.fault)

    def _with_reactions(
        self, leased: Leased, facts: AttemptFacts, outcomes: Sequence[Outcome], attempts: list[Attempt]
    ) -> list[Attempt]:
        """Whoever's reply set off a suspension says so in its history."""
        if self._reacting is None or all(isinstance(outcome, Delivered) for outcome in outcomes):
            return attempts
        set_off = self._reacting.heard(outcomes, facts, leased.lane.source, leased.ready.sender_domain)
        return [_marked(attempt, set_off) for attempt in attempts] if set_off else attempts

    def _judged(self, outcomes: Iterable[Outcome], facts: AttemptFacts) -> Sequence[Outcome]:
        judged: list[Outcome] = []
        for outcome in outcomes:
            if _answered(outcome):
                self._sites.site_answered(facts.site)
            try:
                judged.append(self._judge.judge(outcome, facts))
            except Exception:  # noqa: BLE001 - the bulkhead of one judgement (Q7): the protocol's word counts then
                _log.exception("an outcome could not be judged site=%s", facts.site)
                judged.append(outcome)
        return _with_progress(judged)


def attempts_of(
    leased: Leased, outcomes: Sequence[Outcome | None], mails: tuple[float, ...], fault: str = "", dialogue: int = 0
) -> list[Attempt]:
    """One for each recipient. Only the first stands for the MAIL they share: a new owner counts it (Q4)."""
    lane, ready, mailed = leased.lane, leased.ready, bool(mails)
    attempts: list[Attempt] = []
    for row, outcome in zip(leased.rows(), outcomes, strict=True):
        content_id = ready.message.content_id
        place = AttemptPlace(
            row.attempts + 1, lane.source, lane.provider, ready.site, content_id, mailed, leased.date_ms, 0, dialogue
        )
        attempts.append(Attempt(row, outcome, place, ready.domain, fault))
        mailed = False
    return attempts


def _marked(attempt: Attempt, set_off: Mapping[Reply, int]) -> Attempt:
    outcome = attempt.outcome
    number = set_off.get(outcome.reply, 0) if outcome is not None and outcome.reply is not None else 0
    return replace(attempt, place=replace(attempt.place, suspension=number)) if number else attempt


def _alike(attempts: Iterable[Attempt]) -> dict[tuple[str, str, str, str, Came], int]:
    """How many went the same way: provider, source, site, class, what came of it."""
    counts: dict[tuple[str, str, str, str, Came], int] = {}
    for attempt in attempts:
        if attempt.outcome is not None or attempt.fault:
            place, mail_class = attempt.place, attempt.row.mail_class
            came = Came.SKIPPED if attempt.outcome is None else came_of(attempt.outcome, mail_class)
            key = (place.provider, place.source, place.site, mail_class, came)
            counts[key] = counts.get(key, 0) + 1
    return counts


def _letter(leased: Leased) -> Letter:
    message = leased.ready.message
    return message.message_id, leased.ready.recipients[0].id if message.stream_id else 0


def _parts(held: Iterable[Leased], marks: Marks) -> dict[Letter, Part]:
    """Of a message to several domains, the part that says most against it."""
    parts: dict[Letter, Part] = {}
    for leased in held:
        letter = _letter(leased)
        if leased.token == marks.making:
            parts[letter] = Part.MAKING
        elif leased.token in marks.begun or leased.token in marks.tokens:
            parts.setdefault(letter, Part.MADE)
    return parts


def _after_death(attempts: list[Attempt], follows: Consequence) -> Iterable[Attempt]:
    if follows.held_after:
        message = queue_id(attempts[0].row.message_id)
        _log.error("message held: workers died while they had it message=%s deaths=%d", message, follows.held_after)
        return [replace(attempt, hold=str(WorkerDeaths(follows.held_after))) for attempt in attempts]
    if follows.wait_ms:
        return [replace(attempt, wait_ms=follows.wait_ms) for attempt in attempts]
    return attempts


def _with_progress(outcomes: list[Outcome]) -> list[Outcome]:
    """Too many recipients: that costs no attempt only when somebody else of the transaction was dealt with.

    Else a peer that says it to a lone recipient would be asked again at once, for ever.
    """
    if not all(_is_too_many(outcome) for outcome in outcomes):
        return outcomes
    return [replace(outcome, category="") if isinstance(outcome, Deferred) else outcome for outcome in outcomes]


def _is_too_many(outcome: Outcome) -> bool:
    return isinstance(outcome, Deferred) and outcome.category == settlement.TOO_MANY_RECIPIENTS


def _answered(outcome: Outcome) -> bool:
    """Whether this outcome shows that some host of the site speaks SMTP with us."""
    if isinstance(outcome, Deferred):
        return outcome.scope is not Scope.SITE and outcome.stage not in _NOT_ANSWERED
    return True
