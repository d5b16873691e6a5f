"""Who holds a session without using it.

Owns    the look, every few seconds, at all sessions of a listener: who is silent, deaf, slow, or has not logged in.
Knows   nothing of the dialog but what `Watched` shows.
Why not a timer per session
        a session of a few milliseconds would pay for arming and cancelling it, and one that is used for each command.
        What a session did is compared with what it had done at the last look, so sessions write no times either.
RFC 5321 §4.5.3.2.7 (five minutes).
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from ..clock import Clock
from ..reply import Reply, reply
from . import oplog
from .ports import Client
from .settings import SessionLimits

_LONGEST_PAUSE_SECONDS = 5.0
_LOOKS_PER_IDLE = 8  # so a client hears 421 at most an eighth too late

_IDLE = reply(421, "4.4.2", "nothing heard for too long")
_SLOW = reply(421, "4.4.2", "the message comes too slowly")
_TOO_LONG = reply(421, "4.4.2", "the transaction takes too long")
_NO_LOGIN = reply(421, "4.7.0", "log in sooner")


class Watched(Protocol):
    """A session, as it looks from here."""

    peer: Client
    commands: int
    closing: bool

    def close_with(self, last: Reply) -> None: ...

    def abort(self) -> None: ...

    @property
    def transaction(self) -> object | None:
        """The same object during one transaction; None between two."""
        ...

    @property
    def content_octets(self) -> int:
        """Octets of the content that is on its way; -1 when none is."""
        ...

    @property
    def waits_for_client(self) -> bool: ...

    @property
    def is_deaf(self) -> bool: ...

    @property
    def must_log_in(self) -> bool: ...


@dataclass
class _Seen:
    """What a session had done when we last looked, and since when."""

    since: float
    used: tuple[int, int] = (-1, -1)
    used_at: float = 0.0
    transaction: object | None = None
    transaction_at: float = 0.0
    content_at: float | None = None


class Watch:
    """Looks at sessions until stopped. `sessions` is asked anew at each look."""

    def __init__(self, sessions: Iterable[Watched], limits: SessionLimits, clock: Clock) -> None:
        self._sessions, self._limits, self._clock = sessions, limits, clock
        self._seen: dict[Watched, _Seen] = {}
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        pause = min(_LONGEST_PAUSE_SECONDS, self._limits.idle_seconds / _LOOKS_PER_IDLE)
        self._timer = asyncio.get_running_loop().call_later(pause, self._look_again)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look_again(self) -> None:
        self.start()
        self.look()

    def look(self) -> None:
        """Close what must be closed now."""
        now = self._clock.monotonic()
        before, self._seen = self._seen, {}
        for session in tuple(self._sessions):
            seen = self._seen[session] = before.get(session) or _Seen(now)
            _update(seen, session, now)
            self._judge(session, seen, now)

    def _judge(self, session: Watched, seen: _Seen, now: float) -> None:
        if session.is_deaf or session.closing:  # a last word that does not leave is no reason to wait
            if now - seen.used_at >= self._limits.idle_seconds:
                oplog.note("closed", client=session.peer.address, reply="it reads nothing")
                session.abort()
        elif session.waits_for_client and (last := self._last_word(session, seen, now)) is not None:
            oplog.note("closed", client=session.peer.address, reply=str(last))
            session.close_with(last)

    def _last_word(self, session: Watched, seen: _Seen, now: float) -> Reply | None:
        limits = self._limits
        if now - seen.used_at >= limits.idle_seconds:
            return _IDLE
        if seen.transaction is not None and now - seen.transaction_at >= limits.transaction_seconds:
            return _TOO_LONG
        taken = 0 if seen.content_at is None else now - seen.content_at
        if taken >= limits.slow_seconds and session.content_octets < taken * limits.min_octets_per_second:
            return _SLOW
        if now - seen.since >= limits.login_seconds and session.must_log_in:
            return _NO_LOGIN
        return None


def _update(seen: _Seen, session: Watched, now: float) -> None:
    used = session.commands, session.content_octets
    if used != seen.used:
        if used[0] != seen.used[0] or used[1] < 0:
            seen.content_at = None
        seen.used, seen.used_at = used, now
    if used[1] >= 0 and seen.content_at is None:
        seen.content_at = now
    if session.transaction is not seen.transaction:
        seen.transaction, seen.transaction_at = session.transaction, now
