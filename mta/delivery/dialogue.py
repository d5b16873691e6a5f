"""Dialogues that are kept: which ones, and what is kept of them.

Owns   the values Dialogue and Line; how an Exchange becomes one; which transactions are worth it (`Keeping`).
Knows  nothing of where they are stored and how they are shown.

Invariants
    A dialogue is one transaction's: of others on its connection it has neither address nor reply.
    It is bounded: MAX_LINES lines of MAX_OCTETS characters; what is left out is counted. It has no content.
    Delivered mail pays a comparison (Keeping.wants); in a storm of refusals no more than `per_second` are made.
"""

from collections.abc import Sequence

import msgspec

from ..clock import Clock
from ..outcome import Delivered, Outcome
from ..reply import Reply
from ..smtp.client import AnyTransaction, ClientSession
from ..smtp.exchange import Exchange, Spoken, Voice
from .attempt import Ending

MAX_LINES = 40
MAX_OCTETS = 500
_FIRST_LINES = 12  # of a long dialogue: who answered, the sender, the first recipients
_PER_SECOND = 100


class Line(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`at_ms` counts from the first line."""

    at_ms: int
    voice: Voice
    words: str


class Dialogue(msgspec.Struct, frozen=True, array_like=True):
    """What was said of one transaction, or until a session was given up before any."""

    lines: tuple[Line, ...]


class Keeping:
    """Whose dialogue is kept: all that was not taken, and every n-th of what was.

    `every` 0: none of what was delivered. `per_second` 0: none at all.
    """

    def __init__(self, clock: Clock, *, every: int, per_second: int = _PER_SECOND) -> None:
        self._clock, self._every, self._per_second = clock, every if per_second else 0, per_second
        self._delivered = 0
        self._second = 0
        self._made = 0  # in this second

    def wants(self, outcomes: Sequence[Outcome]) -> bool:
        """Asked once for each transaction that has ended."""
        for outcome in outcomes:
            if type(outcome) is not Delivered:
                return self._has_room()
        self._delivered += 1
        return self._every > 0 and self._delivered % self._every == 0

    def _has_room(self) -> bool:
        second = int(self._clock.monotonic())
        if second != self._second:
            self._second, self._made = second, 0
        self._made += 1
        return self._made <= self._per_second


def of_transaction(transaction: AnyTransaction, ending: Ending | None) -> Dialogue | None:
    """The dialogue of a transaction that has ended; None when nothing was said. `ending`: what cut it off."""
    exchange = transaction.exchange
    if exchange is None:
        return None
    octets = str(len(transaction.wire)) if transaction.dot_sent else ""
    return _dialogue([*_before(exchange), *_said(exchange, octets, is_open=ending is not None), *_end(ending)])


def of_opening(session: ClientSession, ending: Ending) -> Dialogue | None:
    """The dialogue of a session that came to nothing; None when the peer was not reached."""
    return _dialogue([*session.opening, *_end(ending)]) if session.opening else None


def _before(exchange: Exchange) -> Sequence[Spoken]:
    """The first transaction shows how the session was opened."""
    if exchange.earlier:
        return [(exchange.began_at, Voice.EARLIER, str(exchange.earlier))]
    return [each for each in exchange.opening if each[0] <= exchange.began_at]


def _said(exchange: Exchange, octets: str, *, is_open: bool) -> list[Spoken]:
    """Commands and replies in their order. `is_open`: the peer owes an answer to what was said last."""
    commands, count = exchange.commands, len(exchange.commands)
    ahead = count if exchange.is_pipelined else 1
    said: list[Spoken] = [(exchange.began_at, Voice.CLIENT, each) for each in commands[:ahead]]
    for place, (at, answer) in enumerate(exchange.replies):
        if place == count:
            said.append((exchange.dot_at or at, Voice.CONTENT, octets))
        said.append((at, Voice.SERVER, answer))
        has_next = place + 1 < len(exchange.replies) or is_open
        if ahead <= place + 1 < count and has_next:
            said.append((at, Voice.CLIENT, commands[place + 1]))
    if len(exchange.replies) == count and is_open:
        said.append((exchange.dot_at or exchange.replies[-1][0], Voice.CONTENT, octets))
    return said


def _end(ending: Ending | None) -> list[Spoken]:
    """A reply that ended it stands above already."""
    return [] if ending is None or isinstance(ending, Reply) else [(0.0, Voice.END, str(ending))]


def _dialogue(spoken: Sequence[Spoken]) -> Dialogue:
    first = latest = spoken[0][0]
    lines: list[Line] = []
    for at, voice, said in spoken:
        latest = max(at, latest)
        lines += [Line(round((latest - first) * 1000), voice, words) for words in _words(said)]
    return Dialogue(tuple(_shortened(lines)))


def _words(said: Reply | bytes | str) -> list[str]:
    match said:
        case Reply():
            return [line[:MAX_OCTETS] for line in said.to_bytes().decode("utf-8", "replace").split("\r\n")[:-1]]
        case bytes():
            return [said.decode("utf-8", "replace").removesuffix("\r\n")[:MAX_OCTETS]]
        case str():
            return [said[:MAX_OCTETS]]


def _shortened(lines: list[Line]) -> list[Line]:
    if len(lines) <= MAX_LINES:
        return lines
    last = MAX_LINES - _FIRST_LINES - 1
    left_out = Line(lines[-last].at_ms, Voice.LEFT_OUT, str(len(lines) - _FIRST_LINES - last))
    return [*lines[:_FIRST_LINES], left_out, *lines[-last:]]
