"""Return paths: which domains' bounces come to us, so that what programs and streams send may have VERP there.

Owns   OurReturnPaths (implements queue.return_paths.ReturnPaths): the rule, and what is remembered of each domain.
Knows  no DNS and no store: the look-up, whose a domain is, and who switched VERP off are given.

A domain leads to us when its best MX host is ourselves (mta.dns.ourselves) and our listener takes mail for it. While
all mail is redirected (a rehearsal) nothing reaches the world, so every domain counts as leading to us.

Invariants
    A letter waits for a look-up at most LOOK_SECONDS, and only the first of its domain: what was known is used while it
    is looked up again. A name system that does not answer changes nothing that was known.
RFC 5321 §5.1 (MX), DECISIONS "Envelope and transactions".
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import assert_never

import msgspec

from ..mta.address import AddressError, normalise_domain
from ..mta.clock import Clock
from ..mta.dns.route import RouteAnswer, Routed, RouteUnavailable, Unroutable, UnroutableKind
from ..mta.envelope import Domain
from ..mta.message.headers import HeaderError, author_addresses
from ..queue.return_paths import ReturnPath, WhyKept
from ..queue.sites import FindRoute

LOOK_SECONDS = 5.0
_GOOD_SECONDS = 300.0  # an MX record that moves away is soon seen
_AGAIN_SECONDS = 60.0  # … and one that was just set sooner
_MAX_KNOWN = 20_000

_OFF = ReturnPath(kept=WhyKept.SWITCHED_OFF)
_NOT_LISTENING = ReturnPath(kept=WhyKept.NOT_LISTENING)
_NOBODYS = ReturnPath(kept=WhyKept.NOBODYS)
_UNKNOWN = ReturnPath(kept=WhyKept.UNKNOWN)

log = logging.getLogger("youtong.policy")


class _Known(msgspec.Struct):
    path: ReturnPath
    good_until: float


class OurReturnPaths:
    """Asked from the event loop only."""

    def __init__(
        self,
        find_route: FindRoute | None,
        hostname: str,
        owner_of: Callable[[Domain], int | None],
        has_verp: Callable[[int], bool],
        clock: Clock,
        *,
        listens: bool,
    ) -> None:
        """`find_route` tells where mail for a domain goes, before anything is sent to ourselves; None: in a rehearsal
        nobody is asked. `listens`: whether there is an inbound listener."""
        self._find_route, self._hostname, self._owner_of, self._has_verp = find_route, hostname, owner_of, has_verp
        self._clock, self._listens = clock, listens
        self._known: dict[str, _Known] = {}
        self._looking: dict[str, asyncio.Task[ReturnPath]] = {}

    def choose(self, account_id: int, author_domain: str) -> ReturnPath | Awaitable[ReturnPath]:
        return self.leading(author_domain) if self._has_verp(account_id) else _OFF

    def leading(self, author_domain: str) -> ReturnPath | Awaitable[ReturnPath]:
        if self._find_route is None:
            return ReturnPath(author_domain) if author_domain else _NOBODYS
        if not self._listens:
            return _NOT_LISTENING
        if self._owner_of(Domain(author_domain)) is None and author_domain != self._hostname:
            return _NOBODYS
        return self._leads_to_us(author_domain, self._find_route)

    def _leads_to_us(self, domain: str, find_route: FindRoute) -> ReturnPath | Awaitable[ReturnPath]:
        known = self._known.get(domain)
        if known is None:
            return self._awaited(self._look(domain, find_route))
        if known.good_until <= self._clock.monotonic():
            self._look(domain, find_route)
        return known.path

    def _look(self, domain: str, find_route: FindRoute) -> asyncio.Task[ReturnPath]:
        task = self._looking.get(domain)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._ask(domain, find_route))
            self._looking[domain] = task
            task.add_done_callback(lambda _: self._looking.pop(domain, None))
        return task

    async def _awaited(self, task: asyncio.Task[ReturnPath]) -> ReturnPath:
        done, _ = await asyncio.wait((task,), timeout=LOOK_SECONDS)
        return task.result() if done else _UNKNOWN

    async def _ask(self, domain: str, find_route: FindRoute) -> ReturnPath:
        try:
            path = _path(domain, await find_route(domain))
        except Exception:  # bulkhead: one look-up; a fault of ours is as if nobody had answered
            log.exception("internal fault while looking up domain=%s", domain)
            path = _UNKNOWN
        known = self._known.get(domain)
        if path is _UNKNOWN and known is not None:
            path = known.path
        seconds = _GOOD_SECONDS if path.verp_domain else _AGAIN_SECONDS
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._known[domain] = _Known(path, self._clock.monotonic() + seconds)
        return path


def author_domain(head: bytes) -> str:
    """Of the first address in From; "" when it cannot be read."""
    try:
        return normalise_domain(author_addresses(head)[0].rpartition("@")[2])
    except (HeaderError, AddressError, IndexError):
        return ""


def _path(domain: str, answer: RouteAnswer) -> ReturnPath:
    match answer:
        case Unroutable(kind=UnroutableKind.LOOPS_TO_US):
            return ReturnPath(domain)
        case Routed() | Unroutable():
            return ReturnPath(kept=WhyKept.ELSEWHERE)
        case RouteUnavailable():
            return _UNKNOWN
        case _:
            assert_never(answer)
