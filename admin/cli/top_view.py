"""What a person looks at in `top`, and what a key changes of it. Pure: a view and a key in, a view out.

Owns   sort order, filter, pause, which list, how far it is scrolled.
Knows  no terminal (top_terminal) and no layout (top_page).
"""

from collections.abc import Callable
from enum import Enum

import msgspec

from ..panorama import FlowLine, Panorama, ProviderRow


class Sort(Enum):
    """By which column; the value is the key that asks for it."""

    WAITING = "w"
    RATE = "r"
    CONNECTIONS = "c"
    DEFERRED = "d"
    NAME = "n"


class View(msgspec.Struct, frozen=True):
    sort: Sort = Sort.WAITING
    upside_down: bool = False
    words: str = ""  # only names that contain them
    is_typing: bool = False  # a filter
    is_paused: bool = False
    shows_flows: bool = False
    first: int = 0  # the first line of the list that is shown


class Quit(msgspec.Struct, frozen=True):
    """The key that ends it."""


_KEYS = {sort.value: sort for sort in Sort}
_STEPS = {"up": -1, "down": 1, "page-up": -10, "page-down": 10}


def pressed(view: View, key: str) -> View | Quit:
    """The view after a key; a key that means nothing changes nothing."""
    if view.is_typing:
        return _typed(view, key)
    if key in ("q", "Q", "\x03"):
        return Quit()
    if key in _KEYS:
        sort = _KEYS[key]
        return _with(view, sort=sort, upside_down=sort is view.sort and not view.upside_down, first=0)
    return _moved(view, key)


def _moved(view: View, key: str) -> View:
    match key:
        case "/":
            return _with(view, is_typing=True, words="", first=0)
        case "escape":
            return _with(view, words="", first=0)
        case "p" | " ":
            return _with(view, is_paused=not view.is_paused)
        case "s":
            return _with(view, shows_flows=not view.shows_flows, first=0)
        case "home":
            return _with(view, first=0)
        case _:
            return _with(view, first=max(0, view.first + _STEPS.get(key, 0)))


def _typed(view: View, key: str) -> View | Quit:
    if key == "\x03":
        return Quit()
    if key in ("\r", "\n"):
        return _with(view, is_typing=False)
    if key == "escape":
        return _with(view, is_typing=False, words="")
    if key in ("\x7f", "\x08"):
        return _with(view, words=view.words[:-1])
    return _with(view, words=view.words + key) if len(key) == 1 and key.isprintable() else view


def _with(view: View, **changes: object) -> View:
    return msgspec.structs.replace(view, **changes)


# -- what it selects --------------------------------------------------------------------------------------------------

_PROVIDER_ORDER: dict[Sort, Callable[[ProviderRow], float]] = {
    Sort.WAITING: lambda row: -(row.waiting + row.ready + row.in_flight),
    Sort.RATE: lambda row: -row.mails_10s - row.mails_1m / 60,
    Sort.CONNECTIONS: lambda row: -row.connections,
    Sort.DEFERRED: lambda row: -(row.deferred_percent or 0),
    Sort.NAME: lambda row: 0,
}


def providers(panorama: Panorama, view: View) -> list[ProviderRow]:
    """Those that are wanted, in order; equal ones by name, so that lines do not jump."""
    words, order = view.words.lower(), _PROVIDER_ORDER[view.sort]
    found = [row for row in panorama.providers if words in row.provider.lower()]
    return sorted(found, key=lambda row: (order(row), row.provider), reverse=view.upside_down)


def _by_waiting(line: FlowLine) -> float:
    return -line.waiting


_FLOW_ORDER: dict[Sort, Callable[[FlowLine], float]] = {
    Sort.NAME: lambda line: 0,
    Sort.RATE: lambda line: -line.leaving_1m,
}


def flows(panorama: Panorama, view: View) -> list[FlowLine]:
    words = view.words.lower()
    found = [line for line in panorama.flows if words in f"{line.account} {line.stream} {line.sender_domain}".lower()]
    order = _FLOW_ORDER.get(view.sort, _by_waiting)
    return sorted(
        found,
        key=lambda line: (order(line), line.account, line.stream, line.flow_id),
        reverse=view.upside_down,
    )
