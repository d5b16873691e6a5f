"""A lane: all outbound connections of one (provider, source).

Owns   which job goes to which connection, when a connection is opened, kept, or left, and within which limits.
Knows  no lease, no rate and no retry time: permits and results pass through `LaneEvents`.

How a job travels: `submit` puts it in its site's line; the next turn of the loop gives it to an idle connection, or
sends its envelope behind the final dot of a busy one, or asks for another connection; a connection that finishes a
transaction takes the next job itself. There is a task for each *opening* of a connection, and none for a job.

Invariants
    Every submitted job ends in exactly one event, or a successful `recall`.
    Sockets that are open or being opened are never more than `limits.max_connections`.
    A job whose *reused* connection died before its MAIL was answered is tried once more on a fresh connection; that
    is no attempt of its recipients (`may_mail` is asked again, for the peer saw a second MAIL).
Q3, Q4, Q5 as in `mta.delivery.events`.
"""

import asyncio
import logging
from collections.abc import Hashable

from ..clock import Clock
from ..outcome import Deferred, Peer
from .attempt import Ending, Withdrawn, for_site, internal_fault, outcomes_after
from .connection import Connection, JobTransaction, Prepared
from .egress import EgressSource, LaneLimits
from .events import LaneEvents
from .job import Job, RenderFault
from .opening import DeadAddresses, Opening
from .site import Site
from .timeouts import Timeouts
from .tls_memory import TlsMemory

_CONTENT_SECONDS = 60.0  # a site that refused one connection more is not asked for another so soon
_ADOPTION_SECONDS = 30.0
_log = logging.getLogger(__name__)


class Lane:
    """Everything that speaks to one provider from one source. Made and used inside a running event loop."""

    def __init__(
        self,
        key: Hashable,
        source: EgressSource,
        *,
        port: int,
        limits: LaneLimits,
        timeouts: Timeouts,
        clock: Clock,
        tls_memory: TlsMemory,
        events: LaneEvents,
    ) -> None:
        self.limits = limits
        self.source = source
        self._key = key
        self._clock = clock
        self._events = events
        self._loop = asyncio.get_running_loop()
        self._opening = Opening(self, source, port, timeouts, tls_memory, DeadAddresses(clock))
        self._waiting: dict[int, JobTransaction] = {}
        self._sites: dict[str, Site] = {}
        self._fresh: dict[str, Site] = {}  # sites with new jobs, to be served in the next turn
        self._starved: dict[str, Site] = {}  # sites that want a connection and found no slot free
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = 0  # sockets open or being opened
        self._turn: asyncio.Handle | None = None
        self._poke = self._loop.create_future()
        self._stopping = False

    def __repr__(self) -> str:
        return f"<Lane {self._key!r}: {len(self._waiting)} waiting, {self._slots} connections>"

    @property
    def key(self) -> Hashable:
        return self._key

    @property
    def waiting(self) -> int:
        """Jobs not started."""
        return len(self._waiting)

    @property
    def connections(self) -> int:
        """Sockets not yet closed, connects included."""
        return self._slots

    def submit(self, job: Job) -> None:
        """Attempt `job` as soon as the limits let it. Answers through `LaneEvents`, never before this returns."""
        assert job.recipients, "a job without recipients"
        assert job.token not in self._waiting, "a token twice"
        transaction = JobTransaction(job)
        self._waiting[job.token] = transaction
        site = self._sites.get(job.site)
        if site is None:
            site = self._sites[job.site] = Site(job.site, job.hosts)
        site.hosts = job.hosts
        site.waiting.append(transaction)
        self._fresh[site.name] = site
        self._soon()

    def recall(self, token: int) -> bool:
        """Take a job back. True: it had not started, and no event will speak of it. False: too late or unknown."""
        transaction = self._waiting.pop(token, None)
        if transaction is None:
            return False
        transaction.recalled = True
        return True

    def wake(self) -> None:
        """A permit may have come free, or `limits` changed."""
        self._notify()
        self._soon()

    def stop(self) -> None:
        """Take no more: waiting jobs are returned, attempts before the dot dropped, those after it waited for."""
        self._stopping = True
        self._soon()
        for task in self._tasks:
            task.cancel()
        for site in list(self._sites.values()):
            for connection in list(site.connections):
                connection.stop()

    async def wait_closed(self) -> None:
        """After `stop`: until no connection is left and every job has had its event."""
        while self._slots or self._waiting or self._tasks:
            await asyncio.wait({self._poke, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)

    def abort(self) -> None:
        """Close every socket now; attempts after the dot end as ambiguous."""
        self.stop()
        for site in list(self._sites.values()):
            for connection in list(site.connections):
                connection.end(Withdrawn("stopped after the final dot"))

    # The turn of the lane: who waits, and who can help

    def _soon(self) -> None:
        if self._turn is None:
            self._turn = self._loop.call_soon(self._take_turn)

    def _take_turn(self) -> None:
        self._turn = None
        if self._stopping:
            self._return_all()
            return
        fresh, self._fresh = self._fresh, {}
        for site in fresh.values():
            self._serve(site)
        self._open_more()

    def _return_all(self) -> None:
        for site in list(self._sites.values()):
            for transaction in site.drain():
                self._waiting.pop(transaction.request.token, None)
                self._events.returned(transaction.request)
            self._tidy(site)
        self._notify()

    def _serve(self, site: Site) -> None:
        """Idle connections first, then those that can send an envelope behind a dot, then another connection."""
        while site.idle and (site.waiting or site.retries):
            connection, _ = site.idle.popitem()  # the one used last is the surest to live
            connection.offer()
            if connection in site.idle:
                break  # it found nothing that it may take
        for connection in list(site.connections):
            if not (site.waiting and site.is_fast):
                break
            connection.offer()
        if site.wants_connection(self._loop.time()):
            self._starved[site.name] = site
        self._tidy(site)

    def _open_more(self) -> None:
        """One opening for each site in turn while slots are free; idle connections of others make room."""
        while self._starved:
            name, site = next(iter(self._starved.items()))
            if site.wants_connection(self._loop.time()):
                if self._slots >= self.limits.max_connections:
                    self._make_room()
                    return
                self._open(site)
            del self._starved[name]
            if site.wants_connection(self._loop.time()):
                self._starved[name] = site  # at the end of the line

    def _make_room(self) -> None:
        for site in self._sites.values():
            if site.idle:
                connection = next(iter(site.idle))
                del site.idle[connection]
                connection.leave()
                return

    def _open(self, site: Site) -> None:
        self._slots += 1
        site.openings += 1
        task = self._loop.create_task(self._open_session(site))
        self._tasks.add(task)
        task.add_done_callback(self._opening_done)

    async def _open_session(self, site: Site) -> None:
        """Bulkhead of an opening: whatever happens in it, the slot is given back."""
        result: Connection | Deferred | None = None
        try:
            result = await self._opening.open(site.hosts, lambda: self._permit(site))
        except Exception:  # noqa: BLE001 - the bulkhead of an opening: other sites go on
            _log.exception("internal fault while opening a connection to %s", site.name)
            result = internal_fault(Peer())
        finally:
            site.openings -= 1
            if not isinstance(result, Connection):
                self._slots -= 1
        self._settle_opening(site, result)

    def _settle_opening(self, site: Site, result: "Connection | Deferred | None") -> None:
        match result:
            case Connection():
                self._adopt(site, result)
            case Deferred() if site.connections or site.openings:
                site.be_content_until(self._loop.time() + _CONTENT_SECONDS)
            case Deferred():
                self._fail_site(site, for_site(result))
            case None:
                pass
        self._fresh[site.name] = site
        self._soon()

    def _opening_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._soon()

    async def _permit(self, site: Site) -> bool:
        """Wait until the events grant a connect; False when nothing waits for the site by then."""
        while not self._stopping and (site.waiting or site.retries):
            if self._events.may_connect(self):
                return True
            await asyncio.shield(self._poke)
        return False

    def _adopt(self, site: Site, connection: Connection) -> None:
        connection.site = site.name
        if connection.closed.done():  # it died between the greeting and now
            self.over(connection)
            return
        site.connections.add(connection)
        if self._stopping:
            connection.stop()
        else:
            connection.offer()

    def _fail_site(self, site: Site, outcome: Deferred) -> None:
        jobs = site.drain()
        self._events.site_failed(self, site.name, outcome)
        for transaction in jobs:
            self._waiting.pop(transaction.request.token, None)
            transaction.fill(outcome)
            self._finish(transaction)

    def _tidy(self, site: Site) -> None:
        if site.is_empty and self._sites.get(site.name) is site:
            del self._sites[site.name]
            self._starved.pop(site.name, None)

    def _notify(self) -> None:
        """Whoever waits in `_permit` or `wait_closed` looks again."""
        self._poke.set_result(None)
        self._poke = self._loop.create_future()

    # Opener

    def count_connected(self) -> None:
        self._events.connected(self, self._clock.monotonic())

    def count_closed(self) -> None:
        self._events.closed(self)

    # ConnectionOwner

    def next_for(self, connection: Connection) -> Prepared | None:
        """The next job of the connection's site, rendered and put into commands."""
        session = connection.session
        site = self._sites.get(connection.site)
        if site is None or self._stopping or session.started >= self.limits.messages_per_connection:
            return None
        if session.current is not None and not site.is_fast:
            return None
        while (transaction := site.pop(fresh=session.started == 0)) is not None:
            self._waiting.pop(transaction.request.token, None)
            commands = self._prepare(connection, transaction)
            if commands is not None:
                return transaction, commands
        return None

    def _prepare(self, connection: Connection, transaction: JobTransaction) -> list[bytes] | None:
        """Bulkhead of a job: what is wrong with it ends it alone (Q7)."""
        job = transaction.request
        try:
            objection = connection.session.objection(job)
            if objection is None:
                commands = connection.session.compose(job)
                transaction.wire = transaction.wire or job.wire()
                return commands
            transaction.fill(objection)
        except RenderFault as fault:
            self._events.render_failed(job, fault)
            return None
        except Exception:  # noqa: BLE001 - the bulkhead of a job
            _log.exception("internal fault with job %s", job.token)
            transaction.fill(internal_fault(connection.peer))
        self._finish(transaction)
        return None

    def give_back(self, transaction: JobTransaction) -> None:
        site = self._site_of(transaction)
        self._waiting[transaction.request.token] = transaction
        site.waiting.appendleft(transaction)
        self._fresh[site.name] = site
        self._soon()

    def may_mail(self, transaction: JobTransaction) -> bool:
        if self._events.may_mail(transaction.request):
            transaction.mail_at = self._clock.monotonic()
            return True
        self._events.returned(transaction.request)
        return False

    def before_dot(self, transaction: JobTransaction) -> bool:
        return not self._stopping and self._events.before_dot(transaction.request)

    def ended(self, connection: Connection, transaction: JobTransaction) -> None:
        site = self._sites.get(connection.site)
        if site is not None and connection.dot_at is not None and transaction.dot_sent:
            site.last_dot_seconds = self._loop.time() - connection.dot_at
        self._finish(transaction)

    def idle(self, connection: Connection) -> None:
        if not connection.site:  # ready, and about to be adopted in the next turn
            connection.expect_within(_ADOPTION_SECONDS)
            return
        site = self._sites.get(connection.site)
        spent = connection.session.started >= self.limits.messages_per_connection
        if site is None or spent or self._stopping or self.limits.idle_seconds <= 0:
            connection.leave()
            return
        site.idle[connection] = None
        connection.expect_within(self.limits.idle_seconds)
        if self._starved:
            self._soon()

    def broken(self, connection: Connection, ending: Ending, opened: list[JobTransaction]) -> None:
        site = self._sites.get(connection.site)
        if site is not None:
            site.idle.pop(connection, None)
        for transaction in opened:
            self._settle(connection, ending, transaction)

    def over(self, connection: Connection) -> None:
        site = self._sites.get(connection.site)
        if not connection.site:
            return  # never established: its opening counts it
        self._slots -= 1
        self._events.closed(self)
        if site is not None:
            site.connections.discard(connection)
            site.idle.pop(connection, None)
            self._fresh[site.name] = site
        self._notify()
        self._soon()

    # What becomes of a job whose connection is gone

    def _settle(self, connection: Connection, ending: Ending, transaction: JobTransaction) -> None:
        is_decided = None not in transaction.outcomes
        if self._stopping and isinstance(ending, Withdrawn) and not transaction.dot_sent and not is_decided:
            self._events.returned(transaction.request)
        elif self._deserves_retry(connection, transaction):
            self._retry(transaction)
        else:
            outcomes = outcomes_after(ending, transaction, connection.peer)
            self._events.finished(transaction.request, outcomes, transaction.mail_at)

    def _deserves_retry(self, connection: Connection, transaction: JobTransaction) -> bool:
        is_reused = connection.session.started > 1
        return is_reused and not (transaction.mail_answered or transaction.retried or self._stopping)

    def _retry(self, transaction: JobTransaction) -> None:
        transaction.begin_anew()
        transaction.retried = True
        site = self._site_of(transaction)
        self._waiting[transaction.request.token] = transaction
        site.retries.append(transaction)
        self._fresh[site.name] = site
        self._soon()

    def _site_of(self, transaction: JobTransaction) -> Site:
        job = transaction.request
        site = self._sites.get(job.site)
        if site is None:
            site = self._sites[job.site] = Site(job.site, job.hosts)
        return site

    def _finish(self, transaction: JobTransaction) -> None:
        self._events.finished(transaction.request, transaction.decided(), transaction.mail_at)
