"""How long a connection waits: one deadline and one lazy timer.

Owns   the deadline, and how long each state of a session may last.
Knows  nothing of what happens when it is over; its owner is called.

The timer looks at the deadline every `_TICK` seconds or sooner, and is moved only when a deadline is nearer than its
next look: the usual transaction touches no timer.
RFC 5321 §4.5.3.2 (time-outs).
"""

import asyncio
from collections.abc import Callable
from functools import lru_cache

from ..smtp.client_states import State
from .timeouts import Timeouts

_TICK = 10.0


class Patience:
    """Calls `over` when a deadline has passed."""

    __slots__ = ("_deadline", "_loop", "_next_look", "_over", "_timer", "since")

    def __init__(self, loop: asyncio.AbstractEventLoop, over: Callable[[], None]) -> None:
        self.since = 0.0  # when the present wait began
        self._loop = loop
        self._over = over
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._next_look = 0.0

    def wait(self, seconds: float) -> None:
        """From now on; an earlier wait is over."""
        self.since = now = self._loop.time()
        self._deadline = deadline = now + seconds
        if self._timer is None or deadline < self._next_look:
            self._set_timer()

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self) -> None:
        self.end()
        self._next_look = min(self._deadline, self._loop.time() + _TICK)
        self._timer = self._loop.call_at(self._next_look, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._loop.time() < self._deadline:
            self._set_timer()
        else:
            self._over()


@lru_cache(maxsize=64)
def patience_of(timeouts: Timeouts) -> dict[State, float]:
    """How long each state may last without progress."""
    return {
        State.GREETING: timeouts.greeting,
        State.EHLO: timeouts.ehlo,
        State.HELO: timeouts.ehlo,
        State.STARTTLS: timeouts.ehlo,
        State.HANDSHAKE: timeouts.tls,
        State.READY: timeouts.quit,
        State.RSET: timeouts.mail,
        State.MAIL: timeouts.mail,
        State.RCPT: timeouts.rcpt,
        State.DATA: timeouts.data,
        State.BODY: timeouts.block,
        State.FINAL_DOT: timeouts.final_dot,
        State.QUIT: timeouts.quit,
        State.CLOSED: timeouts.quit,
    }
