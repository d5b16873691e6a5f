"""The loader: makes due recipients ready, flow by flow, as far as there is room.

Owns   the active pairs (domain, flow): those with due recipients that are being looked at; route look-ups for them; and
       what ends there: no such domain, hold for want of a host name.
Knows  nothing of permits or workers. Expiry is queue.expiry's (but who has expired is not made ready), reading and
       putting off queue.lanes.agenda's.

How a pair travels: the agenda finds it, `_judge` says what is in its way. A look-up or want of room keep it in memory,
until the answer, or until half of what its flow has ready has left. A rest, a stop, or too many of its flow put it off:
it is forgotten here, and the agenda finds it when its time has come. What is left is read in pages and made ready; the
pair stays until all of that is leased.

Invariants
    M1  at most MAX_ACTIVE pairs are looked at, of a flow for one provider at most MAX_STARVED wait for room; those with
        nothing but ready recipients are bounded by these. So nothing that is blocked takes the place of what could
        leave, and nothing blocked is read in a loop.
    No full scan: the backlog by time, then each pair's due recipients by time, in pages.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from itertools import islice
from math import ceil

from ...mta.clock import Clock
from ...mta.dns.route import Unroutable
from ...mta.outcome import Failed, Scope, Stage
from .. import damage
from ..endings import Endings
from ..flows import Flow
from ..journal import DAMAGED
from ..pace.suspensions import Suspension
from ..sites import KnownRoute, Rest, Sites
from ..storage.backlog import Pair
from ..storage.database import StorageError
from ..storage.group_commit import GroupCommit
from ..storage.rows import DueRow
from ..storage.store import QueueStore
from .agenda import Agenda
from .leasing import Leasing
from .loading import START, Active, Page, make_ready, read_pages
from .ready import FlowAt

_log = logging.getLogger("youtong.queue")
MAX_ACTIVE = 20_000
MAX_STARVED = 500
_FEW_STARVED = 5  # when most of MAX_ACTIVE is taken
MAX_LOOK_UPS = 500
_PAGE = 500
_TOGETHER = 100  # pairs whose pages share an operation
_POLL_SECONDS = 0.25
_SWEEP_SECONDS = 30.0  # time makes more rows due while those before them are ready, and routes change
_WATCH_SECONDS = 300.0
_STOP_MS = 3_600_000  # until somebody resumes: then `stops_changed` finds it sooner
_LEAST_PUT_OFF_SECONDS, _MOST_PUT_OFF_SECONDS = 5.0, 600.0
_FASTEST = 500.0  # recipients a second that a provider without a narrow limit is thought to take


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
        self._agenda = Agenda(commits, store, clock)
        self._ready = leasing.ready
        self._ready.on_hunger = self.wake
        sites.learned = self._agenda.learn
        self.active: dict[Pair, Active] = {}
        self._todo: dict[Pair, Active] = {}
        self._looking: dict[str, list[Active]] = {}  # who waits for the route of each domain
        self._to_look_up: deque[str] = deque()  # of these, whose look-up has not begun
        self._under_way = 0
        self._starved: dict[FlowAt, dict[Pair, Active]] = {}
        self._ready.awaited = self._starved
        self._stops: dict[int, tuple[Suspension, Callable[[], Suspension | None]]] = {}  # what put pairs off
        self._put_off: dict[FlowAt, int] = {}  # how many for want of room, since when does not matter
        self._swept = self._watched = clock.monotonic()
        self._agenda_at = 0.0  # when it is to be read again
        self._woken = asyncio.Event()

    # -- what others say ------------------------------------------------------------------------------------------

    def notice_due(self, pair: Pair, domain: str) -> None:
        """A recipient of the flow in the domain is due now."""
        active = self.active.get(pair)
        if active is None:
            active = self.active[pair] = Active(pair, domain)
        active.noticed += 1
        active.is_exhausted = False
        if not self._waits_for_others(active):
            self._todo[pair] = active
            self._woken.set()

    def notice_ready(self, pair: Pair, domain: str, flow: Flow) -> None:
        """A fresh letter of the pair was made ready without the loader."""
        if pair not in self.active:
            self.active[pair] = Active(pair, domain, flow, is_exhausted=True)

    def has_unread(self, pair: Pair) -> bool:
        """Whether recipients of the flow in the domain may be due that are not ready yet."""
        active = self.active.get(pair)
        return active is not None and not active.is_exhausted

    def must_hold(self, route: KnownRoute) -> bool:
        """Whether mail on this route is held instead of sent."""
        return bool(self._hold_reason(route))

    def wake(self) -> None:
        self._woken.set()

    def start_over(self) -> None:
        """Due times changed behind our back (flush, release), or rests ended: look at everything again."""
        self._agenda.start_over()
        self._agenda_at = 0.0
        self._look_at_all_again()
        for active in self.active.values():
            active.after = START
        self._woken.set()

    def stops_changed(self, dropped: Iterable[Pair]) -> None:
        """The book of suspensions is another; of `dropped` pairs ready transactions were taken out."""
        for pair in dropped:
            if (active := self.active.get(pair)) is not None:
                active.after, active.is_exhausted = START, False
                self._todo[pair] = active
        now_ms = self._clock.now_ms()
        for stop, ask in list(self._stops.values()):
            if stop.until_ms is not None and stop.until_ms <= now_ms:
                del self._stops[stop.id]  # whoever it put off comes by itself
            elif ask() is None:
                self._stops.clear()
                self.start_over()
                break
        self._woken.set()

    # -- rounds ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._round(reads_agenda=self._clock.monotonic() >= self._agenda_at)
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

    async def _round(self, *, reads_agenda: bool = True) -> None:
        """`reads_agenda` False: look only at what is known here. Look-ups and fast providers ask for many rounds."""
        self._sweep()
        self._see_what_left()
        if reads_agenda:
            self._agenda_at = self._clock.monotonic() + _POLL_SECONDS
            await self._read_agenda()
        todo, self._todo = self._todo, {}
        pairs = iter(todo.values())
        while together := list(islice(pairs, _TOGETHER)):
            try:
                await self._advance(together)
            except StorageError:
                self._todo = {each.pair: each for each in (*together, *pairs)} | self._todo
                raise
        await self._agenda.write()
        await self._watch_late()
        self._leasing.go_on()
        if self._agenda.is_unparking:
            self._agenda_at = 0.0
        if self._todo or self._agenda.is_unparking:
            self._woken.set()

    async def _read_agenda(self) -> None:
        waiting = len(self.active) - len(self._ready.of_pair)
        if waiting > MAX_ACTIVE - _TOGETHER:
            self._shed()
        for due in await self._agenda.read(max(0, MAX_ACTIVE - waiting)):
            pair = (due.domain_id, due.flow_id)
            if pair not in self.active:
                self._todo[pair] = self.active[pair] = Active(pair, due.domain)

    def _see_what_left(self) -> None:
        """What became of ready transactions since the last round."""
        ready = self._ready
        emptied, ready.emptied = ready.emptied, set()
        for pair in emptied:
            active = self.active.get(pair)
            if active is not None and active.is_exhausted and pair not in ready.of_pair:
                self._leave(active)
        hungry, ready.hungry = ready.hungry, set()
        for flow_at in hungry:
            self._todo.update(self._starved.pop(flow_at, {}))
        for site in self._sites.take_rested():
            if site in ready.of_site:
                self._again(self._leasing.drop_ready(lambda each, site=site: each.site == site))

    def _sweep(self) -> None:
        now = self._clock.monotonic()
        if now - self._swept >= _SWEEP_SECONDS:
            self._swept = now
            self._look_at_all_again()

    async def _watch_late(self) -> None:
        """Those in memory for long: a limit is too narrow, or no worker lives."""
        now = self._clock.monotonic()
        if now - self._watched >= _WATCH_SECONDS:
            self._watched = now
            urgent = [each.pair for each in self.active.values() if each.flow is not None and each.flow.is_urgent]
            await self._agenda.watch_late_of(urgent)

    def _look_at_all_again(self) -> None:
        self._starved.clear()
        for active in self.active.values():
            active.is_exhausted = False
            if active.name not in self._looking:
                self._todo[active.pair] = active

    def _again(self, pairs: Iterable[Pair]) -> None:
        """Ready transactions of these were taken out."""
        for pair in pairs:
            active = self.active.get(pair)
            if active is not None:
                active.after, active.is_exhausted = START, False
                self._todo[pair] = active

    def _waits_for_others(self, active: Active) -> bool:
        return active.name in self._looking or any(active.pair in each for each in self._starved_with(active))

    def _starved_with(self, active: Active) -> list[dict[Pair, Active]]:
        route = self._sites.route(active.name)
        starved = self._starved.get((route.provider, active.pair[1])) if isinstance(route, KnownRoute) else None
        return [starved] if starved else []

    # -- one after another ----------------------------------------------------------------------------------------

    async def _advance(self, together: list[Active]) -> None:
        """Raises StorageError; another fault is its pair's alone."""
        unknown = [each for each in together if each.flow is None]
        if unknown:
            flows = await self._commits.submit(lambda _: [self._flow(each.pair[1]) for each in unknown])
            for active, flow in zip(unknown, flows, strict=True):
                active.flow = flow
        pages: list[Page] = []
        for active in together:
            try:
                if active.flow is None:
                    await self._end_page(active, lambda rows: self._endings.hold(rows, DAMAGED))
                    continue
                await self._judge(active, pages)
            except StorageError:
                raise
            except Exception:  # noqa: BLE001 - the bulkhead of one pair (Q7): others go on
                _log.exception("domain could not be advanced domain=%s", active.name)
                self._todo[active.pair] = active
        if pages:
            await self._load(pages)

    def _flow(self, flow_id: int) -> Flow | None:
        """None: its row is damaged or gone, and nobody can say whose turn its mail would be."""
        try:
            return self._store.flows.flow(flow_id)
        except (LookupError, ValueError):
            _log.error("the row of a flow is damaged or gone, its mail is held flow=%d", flow_id)
            return None

    async def _judge(self, active: Active, pages: list[Page]) -> None:
        """What is in the way of the pair's recipients; if nothing is, a page is to be read."""
        if self.active.get(active.pair) is not active:
            return
        route = self._sites.route(active.name)
        if (rest := self._sites.domain_rest(active.name)) is not None:
            self._rest(active, rest)
        elif route is None:
            self._look_up(active)
        elif isinstance(route, Unroutable):
            await self._fail(active, route)
        elif (rest := self._sites.site_rest(route.routed.site)) is not None:
            self._rest(active, rest)
        elif reason := self._hold_reason(route):
            await self._hold(active, reason)
        elif (stop := self._stop_of(active, route)) is not None:
            self._put_off_for(active, stop, partial(self._stop_of, active, route))
        else:
            self._ask_for_page(active, route, pages)

    def _look_up(self, active: Active) -> None:
        looking = self._looking.get(active.name)
        if looking is not None:
            looking.append(active)
            return
        self._looking[active.name] = [active]
        self._to_look_up.append(active.name)
        self._start_look_ups()

    def _start_look_ups(self) -> None:
        while self._to_look_up and self._under_way < MAX_LOOK_UPS:
            name = self._to_look_up.popleft()
            self._under_way += 1
            self._sites.look_up(name, partial(self._looked_up, name))

    def _looked_up(self, name: str) -> None:
        self._under_way -= 1
        self._start_look_ups()
        for active in self._looking.pop(name, ()):
            if self.active.get(active.pair) is active:
                self._todo[active.pair] = active
        self._woken.set()

    def _rest(self, active: Active, rest: Rest) -> None:
        self._forget(active, self._clock.now_ms() + ceil((rest.until - self._clock.monotonic()) * 1000))

    def _stop_of(self, active: Active, route: KnownRoute) -> Suspension | None:
        """What stops the flow or the place; what stops a lane is seen when the source of a message is known."""
        book = self._leasing.book
        if not book:
            return None
        assert active.flow is not None
        return book.of_place(route.routed.site, active.name) or book.of_flow(active.flow, route.provider)

    def _put_off_for(self, active: Active, stop: Suspension, ask: Callable[[], Suspension | None]) -> None:
        self._stops.setdefault(stop.id, (stop, ask))
        now_ms = self._clock.now_ms()
        self._forget(active, min(stop.until_ms or now_ms + _STOP_MS, now_ms + _STOP_MS))

    def _forget(self, active: Active, until_ms: int) -> None:
        """Put off: the agenda finds it again."""
        del self.active[active.pair]
        self._agenda.put_off(active.pair, until_ms)

    def _leave(self, active: Active) -> None:
        del self.active[active.pair]
        self._todo.pop(active.pair, None)
        self._agenda.leave(active.pair)

    # -- room -----------------------------------------------------------------------------------------------------

    def _ask_for_page(self, active: Active, route: KnownRoute, pages: list[Page]) -> None:
        taken_to = (route.provider, route.routed.site)
        if active.taken_to not in (None, taken_to):
            self._leasing.drop_ready(lambda each: each.pair == active.pair)
            active.after = START
        active.taken_to = taken_to
        flow_at = (route.provider, active.pair[1])
        if self._ready.room(flow_at) > 0:
            if active.pair not in self._ready.of_pair:
                active.after = START
            pages.append(Page(active, route, flow_at, active.noticed))
        else:
            self._starve(active, flow_at)

    def _starve(self, active: Active, flow_at: FlowAt) -> None:
        """Wait for room; if many of the flow do, for a time that they take."""
        starved = self._starved.setdefault(flow_at, {})
        if len(starved) < self._max_starved or active.pair in self._ready.of_pair:
            starved[active.pair] = active
        else:
            self._put_off_for_room(active, flow_at)

    @property
    def _max_starved(self) -> int:
        return MAX_STARVED if len(self.active) - len(self._ready.of_pair) < MAX_ACTIVE * 3 // 4 else _FEW_STARVED

    def _put_off_for_room(self, active: Active, flow_at: FlowAt) -> None:
        """Each one a little later than the one before: by when the provider may have taken those before it."""
        before = self._put_off[flow_at] = self._put_off.get(flow_at, 0) + 1
        rate = min([_FASTEST, *(lane.messages_per_second for lane in self._leasing.lanes_of(flow_at[0]))])
        spread = _MOST_PUT_OFF_SECONDS - _LEAST_PUT_OFF_SECONDS
        seconds = _LEAST_PUT_OFF_SECONDS + before / rate % spread
        self._forget(active, self._clock.now_ms() + round(seconds * 1000))

    def _shed(self) -> None:
        """Too many are looked at: of each flow that waits for room all but a few are put off."""
        for flow_at, starved in self._starved.items():
            for pair in list(starved)[_FEW_STARVED:]:
                if pair not in self._ready.of_pair:
                    self._put_off_for_room(starved.pop(pair), flow_at)
        if len(self._put_off) > MAX_ACTIVE:
            self._put_off.clear()

    # -- pages ----------------------------------------------------------------------------------------------------

    async def _load(self, pages: list[Page]) -> None:
        room = {page.flow_at: self._ready.room(page.flow_at) for page in pages}
        now_ms = self._clock.now_ms()
        rows = await self._commits.submit(lambda _: read_pages(self._store, pages, room, now_ms, _PAGE))
        expired = [row for _, found in rows for row in found if row.expires_ms <= now_ms]
        if expired:
            await self._endings.expire(expired)
        for page, (limit, found) in zip(pages, rows, strict=True):
            stop = make_ready(self._leasing, page, found, now_ms)
            if page.damaged:
                damage.tell(page.damaged)
                await self._endings.hold(page.damaged, DAMAGED)
            self._loaded(page, limit, found, stop)

    def _loaded(self, page: Page, limit: int, rows: list[DueRow], stop: Suspension | None) -> None:
        active = page.active
        if self.active.get(active.pair) is not active:
            return
        if rows:
            active.after = (rows[-1].next_ms, rows[-1].id)
        if not limit or len(rows) == limit or active.noticed != page.noticed:
            if self._ready.room(page.flow_at) > 0:
                self._todo[active.pair] = active
            else:
                self._starve(active, page.flow_at)
        elif stop is not None:
            key, book = page.stopped_lane, self._leasing.book
            self._put_off_for(active, stop, lambda: book.of_lane(*key))
        elif active.pair in self._ready.of_pair:
            active.is_exhausted = True
        else:
            self._leave(active)

    async def _fail(self, active: Active, route: Unroutable) -> None:
        outcome = Failed(Stage.ROUTE, Scope.RECIPIENT, None, f"{route.status} {route.why}", category=route.kind)
        await self._end_page(active, lambda rows: self._endings.bounce(rows, outcome))

    async def _hold(self, active: Active, reason: str) -> None:
        await self._end_page(active, lambda rows: self._endings.hold(rows, reason))

    async def _end_page(self, active: Active, end: Callable[[list[DueRow]], Awaitable[None]]) -> None:
        """A page of what is due comes to this end; the pair leaves when there is none."""
        now_ms = self._clock.now_ms()
        rows = await self._commits.submit(lambda _: self._store.due_recipients(*active.pair, now_ms, START, _PAGE))
        if rows:
            await end(rows)
            self._todo[active.pair] = active
        else:
            self._leave(active)
