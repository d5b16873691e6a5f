"""The openings of a lane: who gets the next connection, within how many.

Owns   the slots (sockets open or being opened), the turn among sites that want one, a task for each opening, and the
       wait for permits.
Knows  nothing of jobs but that a site wants a connection. How a session is opened is `mta.delivery.opening`.

Invariants
    `slots` is never more than `limits.max_connections` by our doing (a lowered limit lets the open ones end), and a
    site's sockets never more than `limits.connections_of` it.
    A slot taken for an opening is given back by it, or passes to the connection that it made.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Protocol

from ..outcome import Peer
from .attempt import internal_fault
from .connection import Connection
from .egress import LaneLimits
from .families import Family
from .opening import LocalShortage, Opening, Unopened
from .site import Site

_SHORTAGE_SECONDS = 1.0
_log = logging.getLogger(__name__)


class OpeningsOwner(Protocol):
    """The lane."""

    limits: LaneLimits

    @property
    def is_stopping(self) -> bool: ...

    def may_connect(self) -> bool:
        """True takes a permit."""
        ...

    def avoided_family(self, site: Site) -> Family | None: ...

    def opened(self, site: Site, result: Connection | Unopened | None) -> None:
        """An opening has ended; None: nothing waited for it any more."""
        ...

    def soon(self) -> None:
        """Slots or sites have changed."""
        ...


class Openings:
    def __init__(self, owner: OpeningsOwner, opening: Opening) -> None:
        self.slots = 0
        self._owner = owner
        self._opening = opening
        self._loop = asyncio.get_running_loop()
        self._starved: dict[str, Site] = {}  # sites that want a connection, in turn
        self._tasks: set[asyncio.Task[None]] = set()
        self._poke = self._loop.create_future()

    @property
    def is_wanted(self) -> bool:
        """A site waits for a slot."""
        return bool(self._starved)

    def ask(self, site: Site) -> None:
        self._starved[site.name] = site

    def forget(self, site: Site) -> None:
        self._starved.pop(site.name, None)

    def open_more(self, sites: Iterable[Site]) -> None:
        """One opening for each site in turn while slots are free; idle connections of others make room.

        Sites with urgent jobs come first, and only they may use the slots that are reserved.
        """
        while self._starved:
            site = next((each for each in self._starved.values() if each.is_urgent), None)
            reserved = 0 if site is not None else self._owner.limits.reserved_connections
            site = site or next(iter(self._starved.values()))
            name = site.name
            if site.wants_connection(self._loop.time()) and self._has_place(site):
                if self.slots >= self._owner.limits.max_connections - reserved:
                    _make_room(sites)
                    return
                self._open(site)
            del self._starved[name]
            if site.wants_connection(self._loop.time()) and self._has_place(site):
                self._starved[name] = site  # at the end of the line

    def _has_place(self, site: Site) -> bool:
        """A site at its own limit asks again when one of its sockets is closed, or the limits change."""
        return site.sockets < self._owner.limits.connections_of(site.name)

    def give_back(self) -> None:
        """The socket of an adopted connection is closed."""
        self.slots -= 1
        self.poke()

    def poke(self) -> None:
        """Whoever waits for a permit, or for the end, looks again."""
        self._poke.set_result(None)
        self._poke = self._loop.create_future()

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()

    @property
    def is_over(self) -> bool:
        return not (self.slots or self._tasks)

    async def wait_for_change(self) -> None:
        await asyncio.wait({self._poke, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)

    def _open(self, site: Site) -> None:
        self.slots += 1
        site.openings += 1
        task = self._loop.create_task(self._open_session(site))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._owner.soon()

    async def _open_session(self, site: Site) -> None:
        """Bulkhead of an opening: whatever happens in it, the slot is given back."""
        result: Connection | Unopened | None = None
        try:
            avoided = self._owner.avoided_family(site)
            result = await self._opening.open(site.hosts, avoided, lambda: self._permit(site))
        except LocalShortage as shortage:
            _log.error("no socket can be made for %s error=%s", site.name, shortage)
            await asyncio.sleep(_SHORTAGE_SECONDS)  # with its slot: meanwhile the others of the lane try no harder
        except Exception:  # noqa: BLE001 - the bulkhead of an opening: other sites go on
            _log.exception("internal fault while opening a connection to %s", site.name)
            result = Unopened(internal_fault(Peer()))
        finally:
            site.openings -= 1
            if not isinstance(result, Connection):
                self.slots -= 1
        self._owner.opened(site, result)

    async def _permit(self, site: Site) -> bool:
        """Wait until a connect is granted; False when nothing waits for the site by then."""
        while not self._owner.is_stopping and (site.waiting or site.retries):
            if self.slots > self._owner.limits.max_connections:  # fewer than there were when it began
                return False
            if self._owner.may_connect():
                return True
            await asyncio.shield(self._poke)
        return False


def _make_room(sites: Iterable[Site]) -> None:
    """The connection that is idle longest at some site that needs none leaves."""
    for site in sites:
        if site.idle:
            connection = next(iter(site.idle))
            del site.idle[connection]
            connection.leave()
            return
