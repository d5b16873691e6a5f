"""The loader: brings due recipients of due domains into ready queues.

Owns   the agenda (which domains have due recipients), route look-ups for them, and what ends there: no such domain,
       expiry, hold for want of a host name.
Knows  nothing of permits or workers.

Invariants
    No full scan: the agenda reads domains by due time, then each domain's due recipients by time, in pages.
    Expiry is checked for every due recipient, also while its site or domain rests.
"""

import asyncio
import logging
from collections.abc import Callable

import msgspec

from ..mta.clock import Clock
from ..mta.dns.route import Unroutable
from ..mta.outcome import Failed, Scope, Stage
from .delays import is_late
from .endings import Endings
from .leasing import Leasing
from .sites import KnownRoute, Sites
from .storage import owing
from .storage.backlog import Pair
from .storage.database import StorageError
from .storage.group_commit import GroupCommit
from .storage.rows import DueRow
from .storage.store import QueueStore
from .transactions import Ready, facts_of, waiting_of

_log = logging.getLogger("youtong.queue")
_PAGE = 500
_DOMAINS_PER_READ = 1000
_POLL_SECONDS = 0.25
_EXPIRY_SECONDS = 60.0
_OVERLAP_MS = 5000  # a commit may make a row visible after the time it is due at was read
_REREAD_SECONDS = 1.0  # time makes more rows due while those before them wait for a permit
_TOGETHER = 100  # domains whose pages share a transaction
_START = (-1, -1)


class Active(msgspec.Struct):
    """A flow's due recipients in a domain."""

    pair: Pair
    name: str
    after: tuple[int, int] = _START
    expiry_checked: float = 0.0
    aged: tuple[int, int] = _START  # how far the look for the expired has come
    noticed: int = 0  # how often something became due
    is_exhausted: bool = False  # everything that was due at `read_at` is in ready queues
    read_at: float = 0.0


class Loader:
    """One task; everything else wakes it."""

    def __init__(
        self,
        commits: GroupCommit,
        store: QueueStore,
        sites: Sites,
        leasing: Leasing,
        endings: Endings,
        hold_reason: Callable[[KnownRoute], str],
        clock: Clock,
    ) -> None:
        self._commits, self._store, self._sites, self._leasing = commits, store, sites, leasing
        self._endings, self._hold_reason, self._clock = endings, hold_reason, clock
        self.active: dict[Pair, Active] = {}
        self._read_up_to_ms = 0
        self._woken = asyncio.Event()
        self._held_checked = 0.0

    def notice_due(self, pair: Pair, domain: str) -> None:
        """A recipient of the flow in the domain is due now."""
        active = self.active.setdefault(pair, Active(pair, domain))
        active.noticed += 1
        active.is_exhausted = False
        self._woken.set()

    def has_unread(self, pair: Pair) -> bool:
        """Whether recipients of the flow in the domain may be due that are in no ready queue yet."""
        active = self.active.get(pair)
        return active is not None and not active.is_exhausted

    def must_hold(self, route: KnownRoute) -> bool:
        """Whether mail on this route is held instead of sent."""
        return bool(self._hold_reason(route))

    def wake(self) -> None:
        self._woken.set()

    def start_over(self) -> None:
        """Due times changed behind our back (flush, release): read the agenda from its beginning."""
        self._read_up_to_ms = -1
        for domain in self.active.values():
            domain.after, domain.is_exhausted = _START, False
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._round()
            except StorageError as error:
                _log.error("queue.db cannot be read error=%s", error)
                await asyncio.sleep(1)
            except Exception:  # noqa: BLE001 - the bulkhead of a round: without the loader no mail flows
                _log.exception("internal fault in a round of the loader")
                await asyncio.sleep(1)
            try:
                async with asyncio.timeout(_POLL_SECONDS):  # wait_for loses a cancellation that comes as it is woken
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()

    async def _round(self) -> None:
        await self._read_agenda()
        domains = list(self.active.values())
        for first in range(0, len(domains), _TOGETHER):
            await self._advance_all(domains[first : first + _TOGETHER])
        await self._expire_held()
        self._leasing.wake()

    async def _read_agenda(self) -> None:
        now_ms = self._clock.now_ms()
        if now_ms < self._read_up_to_ms:  # the wall clock was set back: rows become due before those already seen
            self.start_over()
        after = (self._read_up_to_ms - _OVERLAP_MS, 0, 0)
        while True:
            found = await self._commits.submit(
                lambda _, after=after: self._store.backlog.agenda(after, now_ms, _DOMAINS_PER_READ)
            )
            for row in found:
                pair = (row.domain_id, row.flow_id)
                self.active.setdefault(pair, Active(pair, row.domain))
            if len(found) < _DOMAINS_PER_READ:
                break
            after = found[-1].place
        self._read_up_to_ms = now_ms

    async def _advance_all(self, domains: list[Active]) -> None:
        """All are done when this returns, whatever fails. Raises StorageError; another fault is its domain's alone."""
        results = await asyncio.gather(*map(self._advance, domains), return_exceptions=True)
        faults = [(domain, each) for domain, each in zip(domains, results, strict=True) if each is not None]
        for domain, fault in faults:
            if not isinstance(fault, StorageError):
                _log.error("domain could not be advanced domain=%s", domain.name, exc_info=fault)
        for _, fault in faults:
            if isinstance(fault, StorageError):
                raise fault

    async def _advance(self, domain: Active) -> None:
        route = self._sites.route(domain.name)
        if self._sites.domain_rest(domain.name) is not None:
            await self._expire(domain)
        elif route is None:
            self._sites.look_up(domain.name, self._woken.set)
        elif isinstance(route, Unroutable):
            await self._fail(domain, route)
        elif self._sites.site_rest(route.routed.site) is not None:
            await self._expire(domain)
        elif reason := self._hold_reason(route):
            await self._hold(domain, reason)
        else:
            await self._load(domain, route)

    async def _load(self, domain: Active, route: KnownRoute) -> None:
        waiting = self._waiting(route)
        if domain.is_exhausted and not waiting:
            await self._leave(domain)
            return
        now = self._clock.monotonic()
        if waiting > _PAGE or (domain.is_exhausted and now - domain.read_at < _REREAD_SECONDS):
            await self._expire(domain)
            return
        domain.read_at = now
        if not waiting:
            domain.after = _START
        before, noticed = domain.after, domain.noticed
        rows = await self._page(domain)
        now_ms = self._clock.now_ms()
        expired = [row for row in rows if row.expires_ms <= now_ms]
        if expired:
            await self._endings.expire(expired)
        if self._waiting(route) > _PAGE:  # another domain of this site was quicker (M1)
            domain.after = before
            return
        domain.is_exhausted = len(rows) < _PAGE and domain.noticed == noticed
        self._make_ready(domain, route, [row for row in rows if row.expires_ms > now_ms])

    def _waiting(self, route: KnownRoute) -> int:
        queues = (lane.queues.get(route.routed.site) for lane in self._leasing.lanes_of(route.provider))
        return sum(queue.recipients for queue in queues if queue is not None)

    async def _page(self, domain: Active) -> list[DueRow]:
        now_ms = self._clock.now_ms()
        rows = await self._commits.submit(
            lambda _: self._store.due_recipients(*domain.pair, now_ms, domain.after, _PAGE)
        )
        if rows:
            domain.after = (rows[-1].next_ms, rows[-1].id)
        return rows

    def _make_ready(self, domain: Active, route: KnownRoute, rows: list[DueRow]) -> None:
        last: Ready | None = None
        for row in rows:
            facts = facts_of(row, self._store.flows.flow(row.flow_id))
            lane = self._leasing.lane_for(facts, route.provider, domain.name)
            room = lane.limits.recipients_per_transaction.value
            together = last is not None and last.message == facts and not row.fields
            if last is not None and together and len(last.recipients) < room:
                last.recipients.append(waiting_of(row))
                lane.queue_for(route.routed.site).recipients += 1
                continue
            last = Ready(facts, domain.name, route.routed.site, route.routed.hosts, [waiting_of(row)])
            lane.queue_for(route.routed.site).append(last)

    async def _leave(self, domain: Active) -> None:
        """Nothing is due: forget the domain until its next time."""
        del self.active[domain.pair]
        due_ms = await self._commits.submit(lambda _: self._store.backlog.refresh(*domain.pair))
        if due_ms is not None and due_ms <= self._read_up_to_ms:
            self.active.setdefault(domain.pair, Active(domain.pair, domain.name))

    async def _fail(self, domain: Active, route: Unroutable) -> None:
        domain.after = _START
        rows = await self._page(domain)
        if rows:
            outcome = Failed(Stage.ROUTE, Scope.RECIPIENT, None, f"{route.status} {route.why}", kind=route.kind)
            await self._endings.bounce(rows, outcome)
        else:
            await self._leave(domain)

    async def _hold(self, domain: Active, reason: str) -> None:
        domain.after = _START
        rows = await self._page(domain)
        if rows:
            await self._endings.hold(rows, reason)
        else:
            await self._leave(domain)

    async def _expire(self, domain: Active) -> None:
        """Recipients that rest or wait still age: a page of the due ones is looked at, each about once a minute."""
        now = self._clock.monotonic()
        if domain.aged == _START and domain.expiry_checked and now - domain.expiry_checked < _EXPIRY_SECONDS:
            return
        domain.expiry_checked = now
        now_ms = self._clock.now_ms()
        rows = await self._commits.submit(
            lambda _: self._store.due_recipients(*domain.pair, now_ms, domain.aged, _PAGE)
        )
        domain.aged = (rows[-1].next_ms, rows[-1].id) if len(rows) == _PAGE else _START
        expired = [row for row in rows if row.expires_ms <= now_ms]
        if expired:
            await self._endings.expire(expired)
        if late := [row for row in rows if is_late(row, now_ms)]:
            await self._commits.submit(lambda db: owing.watch_late(db, late))

    async def _expire_held(self) -> None:
        now = self._clock.monotonic()
        if now - self._held_checked < _EXPIRY_SECONDS and self._held_checked:
            return
        self._held_checked = now
        now_ms = self._clock.now_ms()
        rows = await self._commits.submit(lambda _: self._store.held_and_expired(now_ms, _PAGE))
        if rows:
            await self._endings.expire_held(rows)
        if len(rows) == _PAGE:
            self._held_checked = 0.0
