"""A configuration as it would be written: every setting beside its default.

Owns   the way back from values to TOML's plain ones.
Knows  nothing of tables or JSON.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from .sections import REPEATED, SECTIONS, Config, keys_of
from .values import Endpoint, size, size_or_zero, size_text

Plain = str | int | float | bool | list[str]


@dataclass(frozen=True)
class Setting:
    """One key with its value and default, both as written in a file; `default` None: it has none."""

    section: str  # "[server]", "[[source]] main"
    key: str
    value: Plain
    default: Plain | None

    @property
    def differs(self) -> bool:
        return self.value != self.default


def settings(config: Config) -> Iterator[Setting]:
    """Every setting in the order of conf/youtong.toml; a section that is not in the file has none."""
    for name in SECTIONS:
        section = getattr(config, name)
        if name in REPEATED:
            for one in cast("tuple[Any, ...]", section):
                yield from _of(f"[[{name}]]", one, config.folder)
        elif section is not None:
            yield from _of(f"[{name}]", section, config.folder)


def _of(shown: str, section: Any, folder: Path) -> Iterator[Setting]:
    for key in keys_of(cast("type[Any]", type(section))):
        value = getattr(section, key.name)
        if value is None and key.written is None:
            continue
        written = _plain(value, key.read in (size, size_or_zero), folder)
        yield Setting(shown, key.name, written, None if key.is_required else _default(key.written, written))


def _default(written: Any, value: Plain) -> Plain:
    """A default that may be one or a list takes the value's form, so that equal ones compare equal."""
    return [written] if isinstance(value, list) and isinstance(written, str) else written


def _plain(value: Any, is_size: bool, folder: Path) -> Plain:
    match value:
        case None:
            return ""
        case tuple():
            return [str(one) for one in cast("tuple[Any, ...]", value)]
        case Path():
            return str(value.relative_to(folder) if value.is_relative_to(folder) else value)
        case Endpoint():
            return str(value)
        case int() if is_size:
            return size_text(value)
        case float() if value.is_integer():
            return int(value)
        case _:
            return value
