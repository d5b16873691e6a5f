"""A lane: all outbound connections of one (provider, source).

Owns   which job goes to which connection. When one is opened is `openings`', what becomes of a job `aftermath`'s.
Knows  no lease, no rate and no retry time: permits and results pass through `LaneEvents`.

How a job travels: `submit` puts it in its site's line; the next turn of the loop gives it to an idle connection, or
sends its envelope behind the final dot of a busy one, or asks for another connection; a connection that finishes a
transaction takes the next job itself. There is a task for each *opening* of a connection, and none for a job.

Invariants
    Every submitted job ends in exactly one event, or a successful `recall`.
Q3, Q4, Q5 as in `mta.delivery.events`.
"""

import asyncio
import logging
from collections.abc import Hashable

from ..clock import Clock
from ..outcome import Deferred, Failed
from .aftermath import Aftermath
from .attempt import Ending, Withdrawn, for_site, internal_fault
from .connection import Connection
from .connection_owner import JobTransaction, Prepared
from .dialogue import Dialogue, Keeping
from .egress import EgressSource, LaneLimits, TlsLevel
from .events import LaneEvents
from .families import Family, FamilyMemory
from .host_memory import HostMemory
from .job import Job, RenderFault
from .lessons import learn_from_session
from .opening import Opening, Unopened
from .openings import Openings
from .preparing import prepare
from .site import Site
from .timeouts import Timeouts
from .waiting import Waiting

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
        host_memory: HostMemory,
        events: LaneEvents,
        keeping: Keeping | None = None,
    ) -> None:
        """`keeping`: whose dialogues are told; None: of all that was not delivered."""
        self.limits = limits
        self.source = source
        self._key = key
        self._clock = clock
        self._events = events
        self._memory = host_memory
        self._families = FamilyMemory(clock)
        self._loop = asyncio.get_running_loop()
        self._waiting = Waiting()
        keeping = keeping or Keeping(clock, every=0)
        self._aftermath = Aftermath(self, events, self._waiting, self._families, keeping)
        self._openings = Openings(self, Opening(self, source, port, timeouts, host_memory, clock))
        self._turn: asyncio.Handle | None = None
        self._stopping = False
        self._limits_seen = limits

    def __repr__(self) -> str:
        return f"<Lane {self._key!r}: {len(self._waiting)} waiting, {self._openings.slots} connections>"

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
        return self._openings.slots

    def submit(self, job: Job) -> None:
        """Attempt `job` as soon as the limits let it. Answers through `LaneEvents`, never before this returns."""
        self._waiting.add(job)
        self.soon()

    def recall(self, token: int) -> bool:
        """Take a job back. True: it had not started, and no event will speak of it. False: too late or unknown."""
        return self._waiting.recall(token)

    def wake(self) -> None:
        """A permit may have come free, or `limits` changed."""
        if self._limits_seen is not self.limits:
            self._limits_seen = self.limits
            for site in self._waiting.sites.values():
                self._waiting.touch(site)
        self._openings.poke()
        self.soon()

    def drop_openings(self) -> None:
        """Whatever is being opened is closed now; a peer that keeps us waiting for its greeting is not waited for."""
        self._openings.stop()

    def stop(self) -> None:
        """Take no more: waiting jobs are returned, attempts before the dot dropped, those after it waited for."""
        self._stopping = True
        self.soon()
        self._openings.stop()
        for connection in self._connections():
            connection.stop()

    async def wait_closed(self) -> None:
        """After `stop`: until no connection is left and every job has had its event."""
        while self._waiting or not self._openings.is_over:
            await self._openings.wait_for_change()

    def abort(self) -> None:
        """Close every socket now; attempts after the dot end as ambiguous."""
        self.stop()
        for connection in self._connections():
            connection.end(Withdrawn("stopped after the final dot"))

    def _connections(self) -> list[Connection]:
        return [connection for site in self._waiting.sites.values() for connection in site.connections]

    # The turn of the lane: who waits, and who can help

    def soon(self) -> None:
        if self._turn is None:
            self._turn = self._loop.call_soon(self._take_turn)

    def _take_turn(self) -> None:
        self._turn = None
        if self._stopping:
            self._return_all()
            return
        for site in self._waiting.take_fresh().values():
            self._serve(site)
        self._openings.open_more(self._waiting.sites.values())
        if self._openings.slots > self.limits.max_connections:
            self._trim()

    def _trim(self) -> None:
        """Idle connections beyond a lowered limit leave; busy ones when they have finished."""
        idle = [connection for site in self._waiting.sites.values() for connection in site.idle]
        for connection in idle[: max(0, self._surplus())]:
            self._waiting.sites[connection.site].idle.pop(connection)
            connection.leave()

    def _surplus(self) -> int:
        """How many connections more than the limit stay when those that are leaving have left."""
        leaving = sum(connection.is_leaving for connection in self._connections())
        return self._openings.slots - leaving - self.limits.max_connections

    def _is_too_many(self, connection: Connection) -> bool:
        """A limit was lowered, of the lane or of the site, and this connection is one too many."""
        if self._openings.slots > self.limits.max_connections and self._surplus() > 0:
            return True
        site = self._waiting.sites.get(connection.site)
        if site is None or not (self.limits.site_connections or self.limits.max_connections_per_site):
            return False
        staying = sum(not each.is_leaving for each in site.connections)
        return staying + site.openings > self.limits.connections_of(site.name)

    def _return_all(self) -> None:
        for site in list(self._waiting.sites.values()):
            for transaction in self._waiting.drain(site):
                self._events.returned(transaction.request)
            self._tidy(site)
        self._openings.poke()

    def _serve(self, site: Site) -> None:
        """Idle connections first, then those that can send an envelope behind a dot, then another connection."""
        self._use_idle(site)
        if site.waiting and site.is_fast:
            for connection in list(site.connections):
                connection.offer()
                if not (site.waiting and site.is_fast):
                    break
        if site.wants_connection(self._loop.time()):
            self._openings.ask(site)
        self._tidy(site)

    def _use_idle(self, site: Site) -> None:
        """The one used last is the surest to live; whose peer has said or done something waits for the next turn."""
        unread: list[Connection] = []
        while site.idle and (site.waiting or site.retries):
            connection, _ = site.idle.popitem()
            if connection.has_unread():
                unread.append(connection)
                continue
            connection.offer()
            if connection in site.idle:
                break  # it found nothing that it may take
        for connection in unread:
            site.idle[connection] = None
        if unread:
            self._waiting.touch(site)
            self.soon()

    def _tidy(self, site: Site) -> None:
        if self._waiting.tidy(site):
            self._openings.forget(site)

    # OpeningsOwner

    @property
    def is_stopping(self) -> bool:
        return self._stopping

    def may_connect(self) -> bool:
        return self._events.may_connect(self)

    def avoided_family(self, site: Site) -> Family | None:
        return self._families.avoided(site.name)

    def opened(self, site: Site, result: Connection | Unopened | None) -> None:
        match result:
            case Connection():
                self._adopt(site, result)
            case Unopened() if site.connections or site.openings:
                site.be_content_until(self._loop.time() + _CONTENT_SECONDS)
            case Unopened():
                self._fail_site(site, for_site(result.outcome), result.dialogue)
            case None:
                pass
        self._waiting.touch(site)
        self.soon()

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

    def _fail_site(self, site: Site, outcome: Deferred, dialogue: Dialogue | None) -> None:
        avoided = self._families.avoided(site.name)
        if avoided is not None:  # the other one does not lead there: next time the refusal may stand
            self._families.refused(site.name, avoided.other)
        jobs = self._waiting.drain(site)
        self._events.site_failed(self, site.name, outcome)
        self._aftermath.finish_unopened(jobs, outcome, dialogue)

    # Opener

    @property
    def tls_level(self) -> TlsLevel:
        return self.limits.tls

    def count_connected(self) -> None:
        self._events.connected(self, self._clock.monotonic())

    def count_closed(self) -> None:
        self._events.closed(self)

    # ConnectionOwner

    def next_for(self, connection: Connection) -> Prepared | None:
        """The next job of the connection's site, rendered and put into commands."""
        session = connection.session
        site = self._waiting.sites.get(connection.site)
        if site is None or self._stopping or self._is_used_up(connection):
            return None
        if session.current is not None and not site.is_fast:
            return None
        while (transaction := self._waiting.take(site, fresh=session.started == 0)) is not None:
            commands = self._prepare(connection, transaction)
            if commands is not None:
                return transaction, commands
        return None

    def _is_used_up(self, connection: Connection) -> bool:
        is_spent = connection.is_spent or connection.session.started >= self.limits.messages_per_connection
        return is_spent or self._is_too_many(connection)

    def _prepare(self, connection: Connection, transaction: JobTransaction) -> list[bytes] | None:
        """Bulkhead of a job: what is wrong with it ends it alone (Q7)."""
        job = transaction.request
        try:
            prepared = prepare(connection.session, transaction)
            if not isinstance(prepared, Failed):
                return prepared
            transaction.fill(prepared)
        except RenderFault as fault:
            self._events.render_failed(job, fault)
            return None
        except Exception:  # noqa: BLE001 - the bulkhead of a job
            _log.exception("internal fault with job %s", job.token)
            transaction.fill(internal_fault(connection.peer))
        self._aftermath.finish(transaction, transaction.decided())
        return None

    def give_back(self, transaction: JobTransaction) -> None:
        self._waiting.put_back(transaction)
        self.soon()

    def may_mail(self, transaction: JobTransaction) -> bool:
        if self._events.may_mail(transaction.request):
            transaction.mail_at = self._clock.monotonic()
            return True
        self._events.returned(transaction.request)
        return False

    def before_dot(self, transaction: JobTransaction) -> bool:
        return not self._stopping and self._events.before_dot(transaction.request)

    def ended(self, connection: Connection, transaction: JobTransaction) -> None:
        if connection.dot_at is not None and transaction.dot_sent:
            site = self._waiting.sites.get(connection.site)
            if site is not None:
                site.last_dot_seconds = self._loop.time() - connection.dot_at
        _count_from_answer(connection, transaction)
        connection.answered_at = self._clock.monotonic()
        self._aftermath.answered(connection, transaction, transaction.decided())

    def idle(self, connection: Connection) -> None:
        if not connection.site:  # ready, and about to be adopted in the next turn
            connection.expect_within(_ADOPTION_SECONDS)
            return
        site = self._waiting.sites.get(connection.site)
        if site is None or self._is_used_up(connection) or self._stopping or self.limits.idle_seconds <= 0:
            connection.leave()
            return
        site.idle[connection] = None
        connection.expect_within(self.limits.idle_seconds)
        if self._openings.is_wanted:
            self.soon()

    def broken(self, connection: Connection, ending: Ending, opened: list[JobTransaction]) -> None:
        site = self._waiting.sites.get(connection.site)
        if site is not None:
            site.idle.pop(connection, None)
        lost_step = learn_from_session(connection.session, ending, self._memory)
        for transaction in opened:
            _count_from_answer(connection, transaction)
            self._aftermath.broken(connection, ending, transaction, lost_step=lost_step)

    def over(self, connection: Connection) -> None:
        if not connection.site:
            return  # never established: its opening counts it
        self._events.closed(self)
        site = self._waiting.sites.get(connection.site)
        if site is not None:
            site.connections.discard(connection)
            site.idle.pop(connection, None)
            self._waiting.touch(site)
        self._openings.give_back()
        self.soon()


def _count_from_answer(connection: Connection, transaction: JobTransaction) -> None:
    """A MAIL that was sent behind a final dot reaches a peer when it has answered that dot: so it counts then (Q4)."""
    if transaction.mail_at is not None and transaction.mail_at < connection.answered_at:
        transaction.mail_at = connection.answered_at
