"""The terminal of `top`: keys in, changed lines out.

Owns   the alternate screen, the mode of the keyboard, and the painter that writes only lines that differ.
Knows  nothing of what is shown. Whatever happens, the terminal is given back as it was.

An update is wrapped in the "synchronized output" marks, which terminals that know them draw at once.
"""

import os
import select
import termios
import tty
from collections.abc import Sequence
from io import StringIO
from types import TracebackType

from rich.console import Console
from rich.text import Text

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J"
_LEAVE = "\x1b[?25h\x1b[?1049l"
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
_ESCAPE_SECONDS = 0.05  # a lone Esc, or the begin of an arrow
_KEYS = {
    "\x1b[A": "up",
    "\x1b[B": "down",
    "\x1b[5~": "page-up",
    "\x1b[6~": "page-down",
    "\x1b[H": "home",
    "\x1b[1~": "home",
    "\x1bOA": "up",
    "\x1bOB": "down",
    "\x1b": "escape",
}


class Painter:
    """Remembers what stands on the screen."""

    def __init__(self, *, coloured: bool = True) -> None:
        self._lines: list[str] = []
        self._size = (0, 0)
        system = "standard" if coloured else None
        self._console = Console(
            file=StringIO(), force_terminal=True, color_system=system, width=10_000, highlight=False
        )

    def paint(self, lines: Sequence[Text], size: tuple[int, int]) -> str:
        """What to write so that these lines stand there; "" when they do."""
        new = [self._rendered(line) for line in lines]
        parts: list[str] = []
        if size != self._size:
            self._size, self._lines = size, []
            parts.append("\x1b[2J")
        for row, line in enumerate(new):
            if row >= len(self._lines) or self._lines[row] != line:
                parts.append(f"\x1b[{row + 1};1H{line}\x1b[K")
        self._lines = new
        return f"{_BEGIN}{''.join(parts)}{_END}" if parts else ""

    def _rendered(self, line: Text) -> str:
        with self._console.capture() as captured:
            self._console.print(line, end="", soft_wrap=True)
        return captured.get()


class Terminal:
    """A context manager that takes the screen and the keyboard, and gives them back."""

    def __init__(self, keyboard: int, screen: int) -> None:
        """File descriptors of terminals."""
        self._keyboard, self._screen = keyboard, screen
        self._before: list[object] = []
        self._pending = ""

    def __enter__(self) -> "Terminal":
        self._before = list(termios.tcgetattr(self._keyboard))
        tty.setcbreak(self._keyboard)
        self.write(_ENTER)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        termios.tcsetattr(self._keyboard, termios.TCSADRAIN, self._before)  # pyright: ignore[reportArgumentType]
        self.write(_LEAVE)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines."""
        size = os.get_terminal_size(self._screen)
        return size.columns or 80, size.lines or 24

    def write(self, text: str) -> None:
        data = text.encode()
        while data:
            data = data[os.write(self._screen, data) :]

    def wait(self, other: int, seconds: float) -> tuple[list[str], bool]:
        """Keys that were pressed within the time, and whether the other descriptor has something to read."""
        ready, _, _ = select.select([self._keyboard, other], [], [], seconds)
        keys = self._keys() if self._keyboard in ready else []
        return keys, other in ready

    def _keys(self) -> list[str]:
        data = os.read(self._keyboard, 1024)
        if not data:
            return ["q"]  # the terminal is gone
        if data.endswith(b"\x1b") and select.select([self._keyboard], [], [], _ESCAPE_SECONDS)[0]:
            data += os.read(self._keyboard, 1024)
        return keys_of(data.decode(errors="ignore"))


def keys_of(text: str) -> list[str]:
    """Characters, and names of keys that send several."""
    keys: list[str] = []
    while text:
        length = _length(text)
        piece, text = text[:length], text[length:]
        keys.append(_KEYS.get(piece, piece if length == 1 else ""))
    return [key for key in keys if key]


def _length(text: str) -> int:
    """Of the first key: an escape sequence ends with a letter or a tilde."""
    if text[0] != "\x1b" or len(text) == 1:
        return 1
    if text[1] not in "[O":
        return 1
    for at in range(2, len(text)):
        if text[at].isalpha() or text[at] == "~":
            return at + 1
    return len(text)
