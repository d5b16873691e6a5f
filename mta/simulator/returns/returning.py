"""Returning: what providers send back for letters that they took, each at its time.

Owns   the timers, to whom it goes, the tries, and the counters "sent back" and "not sent back".
Knows  neither words (writing) nor SMTP (carrying).

Invariants
    Nothing outlives `end`.
    At most AT_ONCE are on their way: a mailing's bounces come as a stream, not as one knock.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import assert_never

from ..behaviours import ReturnTo
from ..domains import expand
from ..names import SimulatedNames
from ..provider import Provider
from ..received import Received
from ..settings import Late
from .carrying import NotCarried, addresses_of, carry
from .case import Case
from .writing import written

AT_ONCE = 20
TRIES = 5
_AGAIN_SECONDS = 1.0
_log = logging.getLogger(__name__)


class Returning:
    """`port`: on which the hosts of the simulated internet listen, once that is known."""

    def __init__(self, providers: Mapping[str, Provider], names: SimulatedNames, port: Callable[[], int]) -> None:
        self._providers, self._names, self._port = providers, names, port
        self._timers: set[asyncio.TimerHandle] = set()
        self._under_way: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._before: dict[str, str] = {}  # by provider: the reverse-path of the letter before

    def kept(self, received: Received) -> None:
        """A letter was taken."""
        provider = self._providers[received.provider]
        if not provider.settings.late:
            return
        for recipient in received.recipients:
            for late in provider.late_for(recipient):
                self._plan(provider, late, received, recipient)
        self._before[received.provider] = received.reverse_path

    async def end(self) -> None:
        """Safe more than once."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _plan(self, provider: Provider, late: Late, received: Received, recipient: str) -> None:
        to = self._addressee(late, received)
        if not to:
            return  # the null reverse-path: nothing is ever sent back for it (RFC 5321 §4.5.5)
        case = Case(received, expand(provider.settings.mx[0].host)[0], recipient, late.says, late.about)
        loop = asyncio.get_running_loop()

        def begin() -> None:
            self._timers.discard(timer)
            for _ in range(late.copies):
                task = loop.create_task(self._send(provider, late, case, to))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)

        timer = loop.call_later(late.after_seconds, begin)
        self._timers.add(timer)

    def _addressee(self, late: Late, received: Received) -> str:
        to = self._as_known(late.to, received)
        return f"{to.rpartition('@')[0]}@{late.domain}" if to and late.domain else to

    def _as_known(self, to: ReturnTo, received: Received) -> str:
        own = received.reverse_path
        match to:
            case ReturnTo.REVERSE_PATH:
                return own
            case ReturnTo.FEEDBACK:
                return f"fbl@{own.rpartition('@')[2]}" if own else ""
            case ReturnTo.OTHER:
                return self._before.get(received.provider, "")
            case ReturnTo.FORGED:
                return _misspelt(own)
            case _:
                assert_never(to)

    async def _send(self, provider: Provider, late: Late, case: Case, to: str) -> None:
        sender = "" if late.sender == "" else f"{late.sender}@{case.domain}"
        message = written(case, late.send, late.style, to)
        async with self._room:
            for tries_left in reversed(range(TRIES)):
                try:
                    await self._try(provider, message, sender, to, case.host)
                except NotCarried as why:
                    if not tries_left or str(why).startswith("5"):
                        provider.count["not sent back"] += 1
                        _log.info("not sent back to=%s why=%s", to, why)
                        return
                    await asyncio.sleep(_AGAIN_SECONDS)
                else:
                    provider.count["sent back"] += 1
                    return

    async def _try(self, provider: Provider, message: bytes, sender: str, to: str, helo: str) -> None:
        found = addresses_of(to.rpartition("@")[2].lower(), self._names)
        if not found:
            raise NotCarried("the domain takes no mail")
        source = next((mx.address for mx in provider.settings.mx if "." in mx.address), "")
        await carry(message, sender, to, helo=helo, where=(found[0], self._port()), source=source)


def _misspelt(address: str) -> str:
    """Another last letter in the local part: of a signed address, one that nobody signed."""
    local, _, domain = address.rpartition("@")
    return f"{local[:-1]}{'a' if local[-1:] != 'a' else 'b'}@{domain}" if local else ""
