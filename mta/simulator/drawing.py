"""Numbers of the file that are drawn from a seed, and rates.

Owns   `"5..50"` in place of a number (in windows, limits and greylists) and `rate = "5..50/10 s"` in place of a
       window's `most` and `seconds`.
Knows  nothing of what the numbers mean.
Invariant: a number depends on the seed, the provider's name and its place there, and on nothing else: a provider more
or less in the file changes no number of the others.
"""

import re
from random import Random
from typing import Any, TypeGuard

_RANGE = re.compile(r"(\d+)\.\.(\d+)")
_RATE = re.compile(r"(\d+(?:\.\.\d+)?)\s*/\s*(\d*(?:\.\d+)?(?:\.\.\d+)?)\s*(s|min|h|d|day)")
_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "day": 86400}


class DrawingFault(ValueError):
    """A rate that is none; `steps` lead to it from the provider's table."""

    def __init__(self, steps: list[str], what: str) -> None:
        super().__init__(what)
        self.steps = steps


def is_table(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether it is a table of a TOML file or a JSON object, whose keys are strings."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    return isinstance(value, list | tuple)


def drawn(provider: dict[str, Any], seed: int) -> dict[str, Any]:
    """The provider's table with numbers in place of ranges and rates. Raises DrawingFault."""
    result = dict(provider)
    for key in ("limits", "greylist"):
        if is_table(table := provider.get(key)):
            result[key] = _in_table(table, f"{seed} {provider.get('name')} {key}")
    if is_array(windows := provider.get("window")):
        result["window"] = [_window(each, f"{seed} {provider.get('name')}", at) for at, each in enumerate(windows)]
    return result


def _in_table(table: dict[str, Any], seed: str) -> dict[str, Any]:
    return {key: _number(value, f"{seed} {key}") for key, value in table.items()}


def _window(window: Any, seed: str, at: int) -> Any:
    if not is_table(window):
        return window  # the types tell what is wrong
    table = dict(window)
    if "rate" in table:
        found = _RATE.fullmatch(str(table.pop("rate")))
        if found is None:
            raise DrawingFault(["window", str(at), "rate"], 'a rate is written "600/min", "5..50/10 s" or "1000/day"')
        table["most"] = _whole(found.group(1), f"{seed} window {at} most")
        table["seconds"] = _UNITS[found.group(3)] * _whole(found.group(2) or "1", f"{seed} window {at} seconds")
    return _in_table(table, f"{seed} window {at}")


def _whole(text: str, seed: str) -> float:
    number = _number(text, seed)
    return number if isinstance(number, int) else float(number)


def _number(value: Any, seed: str) -> Any:
    found = _RANGE.fullmatch(value) if isinstance(value, str) else None
    if found is not None:
        low, high = sorted((int(found.group(1)), int(found.group(2))))
        return Random(seed).randint(low, high)
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else value
