"""At which line of a rule file a table or key stands.

Owns   a line index that tomllib does not keep: it forgets positions once a file parses.
Knows  only the plain shapes this file uses: `[a.b]`, `[[a.b]]` and `key =` at the start of a line.
"""

import re
import tomllib
from typing import Any, cast

_HEADER = re.compile(r"\s*(\[\[?[^\[\]]+\]\]?)\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*["']?([A-Za-z0-9_][\w.-]*)["']?\s*=""")

Path = tuple[str, ...]  # the names of a table, outermost first


class LineIndex:
    """Lines by table and key; a repeated table is counted from 0."""

    def __init__(self, text: str) -> None:
        self._tables: dict[tuple[Path, int], int] = {}
        self._keys: dict[tuple[Path, int, str], int] = {}
        path: Path = ()
        nth = 0
        counts: dict[Path, int] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if (header := _HEADER.match(line)) and (named := _path(header.group(1))):
                path, nth = named, counts.get(named, 0)
                counts[path] = nth + 1
                self._tables[path, nth] = number
            elif key := _KEY.match(line):
                self._keys.setdefault((path, nth, key.group(1)), number)

    def line_of(self, table: Path, nth: int = 0, key: str = "") -> int:
        """The line of the key, of the table that it is, or of the table that it stands in; else 0."""
        inner = self._tables.get(((*table, key), 0)) if key else None
        return self._keys.get((table, nth, key)) or inner or self._tables.get((table, nth), 0)


def _path(header: str) -> Path:
    """As TOML reads it, quotes and all; () for what only looks like a header."""
    try:
        inner: Any = tomllib.loads(header)
    except tomllib.TOMLDecodeError:
        return ()
    path: list[str] = []
    while inner:
        inner = cast("list[Any]", inner)[0] if isinstance(inner, list) else inner
        if not inner:
            break
        ((name, inner),) = cast("dict[str, Any]", inner).items()
        path.append(name)
    return tuple(path)
