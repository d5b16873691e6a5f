"""At which line of a TOML file a section or key stands.

Owns   a line index that tomllib does not keep: it forgets positions once a file parses.
Knows  only the plain shapes this file uses, `[name]`, `[[name]]` and `key =` at the start of a line.
"""

import re
from dataclasses import dataclass, field

_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.\"'-]+)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([\w.\"'-]+)\s*=")


@dataclass
class LineIndex:
    """Lines by place; a repeated section is counted from 0."""

    sections: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])
    keys: dict[tuple[str, int, str], int] = field(default_factory=dict[tuple[str, int, str], int])
    repeated: list[tuple[str, int, int]] = field(default_factory=list[tuple[str, int, int]])  # name, line, first line

    def line_of(self, section: str, nth: int = 0, key: str = "") -> int:
        """The key's line, else its section's, else 0."""
        return self.keys.get((section, nth, key)) or self.sections.get((section, nth), 0)


def index_lines(text: str) -> LineIndex:
    index, section, nth = LineIndex(), "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            section = header.group(2).strip("\"'")
            nth = sum(1 for name, _nth in index.sections if name == section)
            if nth and header.group(1) == "[":
                index.repeated.append((section, number, index.sections[section, 0]))
            index.sections[section, nth] = number
        elif key := _KEY.match(line):
            index.keys.setdefault((section, nth, key.group(1).strip("\"'")), number)
    return index
