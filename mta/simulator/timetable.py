"""Changes of providers at the times that the file sets: `[[provider.change]]`.

Owns   their timers.
Knows  nothing of what changes (`mta.simulator.changing`).
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping

from .changing import ChangeRefused, changed
from .provider import Provider

_log = logging.getLogger(__name__)


class Timetable:
    """Times count from `begin`."""

    def __init__(self, providers: Iterable[Provider], seed: int) -> None:
        self._providers, self._seed = list(providers), seed
        self._timers: list[asyncio.TimerHandle] = []

    def begin(self) -> None:
        loop = asyncio.get_running_loop()
        for provider in self._providers:
            for each in provider.settings.change:
                self._timers.append(loop.call_later(each.after_seconds, self._change, provider, each.set))

    def end(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def _change(self, provider: Provider, keys: Mapping[str, object]) -> None:
        try:
            provider.apply(changed(provider.settings, keys, self._seed))
        except ChangeRefused as refused:  # it fitted the file's settings; another change came between
            _log.warning("a change of %s was left out: %s", provider.settings.name, refused)
