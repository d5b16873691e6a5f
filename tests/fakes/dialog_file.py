r"""Dialogs with a server as text files.

A file holds situations, each begun by `=== title`, then one step a line:
    C: text        the client sends text and CR LF          (escapes \r \n \0 \t \\ \xNN)
    C! text        the client sends exactly text            (same escapes)
    S: pattern     the server sends a line that matches (fnmatch)
    S+ 250         the server sends a reply of any number of lines with this code
    TLS            the client starts TLS
    END            the client closes its sending side
    CLOSED         the server has closed
    ? what value   a check, done by the test that runs the file
    % key=value    a setting of the server
"""

import re
from dataclasses import dataclass
from pathlib import Path

_STEP = re.compile(r"(C:|C!|S:|S\+|\?|%|TLS|END|CLOSED) ?(.*)")


@dataclass(frozen=True)
class Situation:
    title: str
    steps: tuple[tuple[str, str], ...]

    @property
    def settings(self) -> dict[str, str]:
        return dict(text.split("=", 1) for kind, text in self.steps if kind == "%")


def read_situations(path: Path) -> list[Situation]:
    """All situations of a file; a line that is none of the above is an error."""
    found: list[Situation] = []
    for block in re.split(r"^=== ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        title, _, rest = block.partition("\n")
        lines = [line for line in rest.splitlines() if line.strip() and not line.startswith("#")]
        found.append(Situation(title.strip(), tuple(_step(line) for line in lines)))
    return found


def octets(text: str) -> bytes:
    """The octets that a text with escapes stands for."""
    return re.sub(r"\\(x[0-9a-f]{2}|.)", _unescape, text).encode("latin-1" if _is_raw(text) else "utf-8")


def _is_raw(text: str) -> bool:
    return r"\x" in text


def _unescape(found: re.Match[str]) -> str:
    code = found.group(1)
    if code.startswith("x") and len(code) == 3:
        return chr(int(code[1:], 16))
    return {"r": "\r", "n": "\n", "0": "\0", "t": "\t", "\\": "\\"}[code]


def _step(line: str) -> tuple[str, str]:
    found = _STEP.fullmatch(line)
    assert found is not None, f"not a step: {line!r}"
    return found.group(1), found.group(2)
