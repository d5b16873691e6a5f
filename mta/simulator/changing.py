"""Changing a provider's settings.

Owns   the way from keys with dots ("limits.connections_at_once", "window.0.most") to checked settings.
Knows  nothing of who asks (`mta.simulator.control`, `mta.simulator.timetable`) or of what runs.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from .checking import provider_faults
from .drawing import DrawingFault, drawn, is_array, is_table
from .settings import ProviderSettings

_FIXED = frozenset({"name", "domains", "mx", "own_mx"})  # where a provider lives does not change while it runs


class ChangeRefused(Exception):
    """The settings would be wrong; str() is one sentence."""


def changed(settings: ProviderSettings, keys: Mapping[str, object], seed: int) -> ProviderSettings:
    """The settings with other values for some keys, checked like the file. Raises ChangeRefused."""
    tables: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(settings))  # with lists, which can be changed
    for path, value in keys.items():
        _put(tables, path, value)
    try:
        result = msgspec.convert(drawn(tables, seed), ProviderSettings)
    except (DrawingFault, msgspec.ValidationError) as error:
        raise ChangeRefused(str(error)) from error
    if faults := provider_faults(result):
        raise ChangeRefused("; ".join(faults))
    return result


def _put(tables: dict[str, Any], path: str, value: object) -> None:
    """Set a key with dots; a table that stands at its defaults is made, an array's place must be there."""
    *parents, last = path.split(".")
    if (parents or [last])[0] in _FIXED:
        raise ChangeRefused(f"{path} cannot change while the simulator runs")
    here: Any = tables
    for parent in parents:
        if not is_array(here) and not is_table(here.get(parent)) and not is_array(here.get(parent)):
            here[parent] = {}
        here = here[_place(here, parent, path)]
    here[_place(here, last, path)] = value


def _place(here: Any, step: str, path: str) -> Any:
    """The key or the number of a step."""
    if not is_array(here):
        return step
    if not step.isdecimal() or int(step) >= len(here):
        raise ChangeRefused(f"{path}: there is no number {step}")
    return int(step)
