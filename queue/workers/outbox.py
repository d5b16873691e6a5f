"""The outbox of one worker: what it is to be given in this round of the loop, in one frame.

Owns   gathering leased transactions, their contents (each once), lane settings and acknowledgements.
Knows  nothing of sockets: it is given a function that says.
"""

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from ...mta.clock import Clock
from ...mta.crashpoint import reach
from ..lanes.lanes import Lane
from ..protocol import Committed, Forget, Handover, LaneKey, LaneSettings, OwnerSays
from ..transactions import Leased

_ACKNOWLEDGE_SECONDS = 1.0


class Outbox:
    def __init__(self, say: Callable[[OwnerSays], None], clock: Clock) -> None:
        self._say, self._clock = say, clock
        self._leased: list[tuple[Lane, Leased]] = []
        self._settings: dict[LaneKey, LaneSettings] = {}
        self._committed: list[int] = []
        self._is_scheduled = False
        self._is_closed = False

    def add(self, lane: Lane, leased: Leased) -> None:
        self._leased.append((lane, leased))
        self._schedule()

    def update(self, settings: LaneSettings) -> None:
        """New settings of a lane; connect permits of earlier ones that are still here are not lost."""
        waiting = self._settings.get(settings.key)
        if waiting is not None:
            revoke = settings.revoke or waiting.revoke
            settings = replace(settings, connects=settings.connects + waiting.connects, revoke=revoke)
        self._settings[settings.key] = settings
        self._schedule()

    def forget(self, lanes: list[LaneKey], number: int = 0) -> None:
        """Lanes to be given up; said at once, so before anything that makes one of them anew, and after the permits
        that wait here: the worker says which it did not use."""
        if any(key in self._settings for key in lanes):
            self._flush()
        self._say(Forget(lanes, number))

    def close(self) -> None:
        """The worker is dead: nothing more is said, and no permit taken for it."""
        self._is_closed = True

    def committed(self, report: int) -> None:
        """The outcomes of a report are on the disk."""
        if not self._committed:
            asyncio.get_running_loop().call_later(_ACKNOWLEDGE_SECONDS, self._acknowledge)
        self._committed.append(report)

    def _acknowledge(self) -> None:
        reports, self._committed = self._committed, []
        self._say(Committed(reports))

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._is_scheduled = False
        if self._is_closed:
            return
        batch, self._leased = self._leased, []
        settings, self._settings = self._settings, {}
        now = self._clock.monotonic()
        for lane, _ in batch:
            if lane.key not in settings and (news := lane.news(now)) is not None:
                settings[lane.key] = news
        contents = {each.content.id: each.content for _, each in batch if each.content is not None}
        sites = {each.ready.site: each.ready.hosts for _, each in batch}
        jobs = [each.parcel() for _, each in batch]
        for _, each in batch:
            each.content = None
        reach("handover.before")
        self._say(Handover(list(settings.values()), sites, list(contents.values()), jobs))
        reach("handover.after")
