"""Moving: lanes go from a loaded worker to an idle one, or from any worker to none.

Owns   the load of each slot, the choice of what moves, and the steps of a move: nothing new is started, what has not
       started comes back, the rest ends, the old worker closes the last socket and returns its permits, and only then
       somebody else has the lane.
Knows  no recipient and no socket. One lane moves at a time; `turn` is called often and does little.

Invariants
    Q4  A new worker never speaks before the old one has said that its last socket is closed, or is dead.
    A peer that keeps a transaction or an opening connection hanging keeps its lane where it is: a move that finds no
    end is given up, since nothing of the lane, to whatever site, is started meanwhile.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from ...mta.clock import Clock
from ..protocol import LaneKey
from .lanes import Lane
from .leasing import DROPPED, Leasing

_log = logging.getLogger("youtong.queue")
_LOOK_SECONDS = 1.0
_STEP_SECONDS = 0.05  # while a lane moves
_DRAIN_SECONDS = 10.0
_SETTLE_SECONDS = 20.0  # a lane stays at least so long with a worker
_STUBBORN_SECONDS = 300.0  # … and so long when it could not be moved: a peer that keeps silent does so for minutes
_ONE_LANE_PER_SECOND = 20.0  # so many transactions a second weigh as much as a lane
_WORTH = 2.0  # the least gain, in lanes
_WORTH_SHARE = 0.2  # … and of the larger load


class MovingFleet(Protocol):
    """The workers, as moves need them."""

    def slots(self) -> Sequence[int]: ...
    def weigh(self, loads: Mapping[int, float]) -> None: ...
    def recall(self, tokens: list[int]) -> None: ...
    def forget(self, lanes: Sequence[tuple[int, LaneKey]], number: int = 0) -> None: ...


class _Move(msgspec.Struct):
    """One lane on its way; `number` is that of its Forget, 0 before it was said."""

    lane: Lane
    source: int
    target: int | None  # None: whoever is assigned when there is work
    began: float
    number: int = 0


class Moving:
    """Used from the event loop only."""

    def __init__(self, leasing: Leasing, fleet: MovingFleet, clock: Clock) -> None:
        self._leasing, self._fleet, self._clock = leasing, fleet, clock
        self._move: _Move | None = None
        self._to_close: deque[Lane] = deque()
        self._numbers = DROPPED
        self._ended: dict[LaneKey, int] = {}  # of each lane when it was looked at last
        self._loads: dict[LaneKey, float] = {}
        self._moved: dict[LaneKey, float] = {}
        self._looked = clock.monotonic()
        leasing.closed = self._closed

    def __repr__(self) -> str:
        return f"<Moving {self._move!r}, {len(self._to_close)} to close>"

    @property
    def is_busy(self) -> bool:
        return self._move is not None or bool(self._to_close)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(_STEP_SECONDS if self.is_busy else _LOOK_SECONDS)
            try:
                self.turn()
            except Exception:  # noqa: BLE001 - the bulkhead of a look: lanes that do not move still work
                _log.exception("internal fault while moving lanes")

    def close(self, lanes: Iterable[Lane]) -> None:
        """Their workers are to close every socket and give them up; whoever is `behind` one waits for it."""
        for lane in lanes:
            lane.is_moving = True
            self._recall(lane)
            self._to_close.append(lane)

    def turn(self) -> None:
        """Look at the loads, or take the next step of the move under way."""
        if self._move is not None:
            self._step(self._move)
        elif self._to_close:
            self._begin(self._to_close.popleft(), None)
        elif self._clock.monotonic() - self._looked >= _LOOK_SECONDS:
            self._look()

    # -- loads ----------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        now = self._clock.monotonic()
        slots = self._fleet.slots()
        if len(slots) > 1:
            busy = self._measure(now - self._looked)
            loads = {slot: sum(self._loads[lane.key] for lane in busy if lane.worker == slot) for slot in slots}
            self._fleet.weigh(loads)
            self._balance(busy, loads, now)
        self._looked = now

    def _measure(self, seconds: float) -> list[Lane]:
        """The load of each lane that has something to do: one, and more by what it does in a second."""
        lanes = self._leasing.lanes.values()
        busy = [lane for lane in lanes if lane.in_flight or lane.ended != self._ended.get(lane.key, 0)]
        rates = {lane.key: (lane.ended - self._ended.get(lane.key, 0)) / seconds for lane in busy}
        self._loads = {key: 1.0 + rate / _ONE_LANE_PER_SECOND for key, rate in rates.items()}
        self._ended = {lane.key: lane.ended for lane in lanes if lane.ended}
        return busy

    def _balance(self, busy: Sequence[Lane], loads: Mapping[int, float], now: float) -> None:
        source, target = max(loads, key=lambda slot: loads[slot]), min(loads, key=lambda slot: loads[slot])
        gap = loads[source] - loads[target]
        self._moved = {key: at for key, at in self._moved.items() if now - at < _SETTLE_SECONDS}
        movable = [lane for lane in busy if lane.worker == source and lane.key not in self._moved]
        best = min(movable, key=lambda lane: abs(gap - 2 * self._loads[lane.key]), default=None)
        if best is None:
            return
        gain = gap - abs(gap - 2 * self._loads[best.key])
        if gain >= max(_WORTH, _WORTH_SHARE * loads[source]):
            self._begin(best, target)

    # -- a move ---------------------------------------------------------------------------------------------------

    def _begin(self, lane: Lane, target: int | None) -> None:
        now = self._clock.monotonic()
        self._moved[lane.key] = now
        if lane.worker is None:
            self._end(lane)
            return
        lane.is_moving = True
        self._move = _Move(lane, lane.worker, target, now)
        self._recall(lane)
        self._step(self._move)

    def _recall(self, lane: Lane) -> None:
        """What has not started comes back; also what its connections never came to."""
        in_flight = self._leasing.in_flight
        self._fleet.recall([token for token, leased in in_flight.items() if leased.lane == lane.key])

    def _step(self, move: _Move) -> None:
        lane = move.lane
        if not lane.is_moving:  # its worker died
            self._end(lane)
        elif self._clock.monotonic() - move.began > _DRAIN_SECONDS and (not move.number or move.target is not None):
            self._stay(lane)
        elif not lane.in_flight and not move.number:
            self._numbers += 1
            move.number = self._numbers
            self._fleet.forget([(move.source, lane.key)], move.number)

    def _stay(self, lane: Lane) -> None:
        """The move is given up; a worker that was told to forget the lane hears with the next job that it stays."""
        _log.info("lane stays: it does not come to rest provider=%s source=%s", *lane.key_pair)
        self._moved[lane.key] = self._clock.monotonic() + _STUBBORN_SECONDS - _SETTLE_SECONDS
        lane.stay()
        self._end(lane)

    def _closed(self, lane: Lane, number: int) -> None:
        """The old worker has closed the last socket."""
        move = self._move
        if move is not None and move.lane is lane and move.number == number and lane.is_moving:
            self._finish(lane, move.target if move.target in self._fleet.slots() else None)

    def _finish(self, lane: Lane, worker: int | None) -> None:
        lane.left_by(worker)
        self._end(lane)

    def _end(self, lane: Lane) -> None:
        self._move = None
        now = self._clock.monotonic()
        for each in self._leasing.lanes.values():
            if lane.key in each.behind:
                each.behind.discard(lane.key)
                each.take_over(lane, now)
        self._leasing.wake()
