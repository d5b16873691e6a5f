"""The run state of a stream, as a table of transitions.

Owns   RunState, StreamEvent and what follows from what.
Knows  no row and no recipient: a paused stream's recipients stay scheduled, and nothing of it is leased.

A stopped stream has no way back: its recipients are cancelled, page by page (queue.streams.stopping).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class RunState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class StreamEvent(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


class StreamIsStopped(Exception):
    """It was stopped for good: nothing leaves or joins it any more."""


_R, _E = RunState, StreamEvent
_FINAL: Mapping[StreamEvent, RunState] = MappingProxyType({_E.STOP: _R.STOPPED})

TABLE: Mapping[RunState, Mapping[StreamEvent, RunState]] = MappingProxyType(
    {
        _R.RUNNING: MappingProxyType({_E.PAUSE: _R.PAUSED, _E.RESUME: _R.RUNNING, _E.STOP: _R.STOPPED}),
        _R.PAUSED: MappingProxyType({_E.PAUSE: _R.PAUSED, _E.RESUME: _R.RUNNING, _E.STOP: _R.STOPPED}),
        _R.STOPPED: _FINAL,
    }
)


def follow(state: RunState, event: StreamEvent) -> RunState:
    """The state after `event`. Raises StreamIsStopped."""
    after = TABLE[state].get(event)
    if after is None:
        raise StreamIsStopped
    return after
