"""Folding of help texts at the width of a terminal, in languages with and without spaces.

Owns   `wrap_text` and `term_len`, which stand in for click's: those count characters, and a Chinese one is two columns
       wide and may be followed by a fold.
Knows  no command. A line never begins with a closing mark nor ends with an opening one.
"""

import re
from collections.abc import Iterator

from rich.cells import cell_len

_ANSI = re.compile(r"\x1b\[[;?0-9]*[a-zA-Z]")
_WIDE = "\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\u3000-\u303f"
_OPENING = re.escape("“‘（《〈【「『［｛([{")
_CLOSING = re.escape("”’）》〉】」』］｝，。；：、？！…)]},.;:?!")
_PIECE = re.compile(rf"\s+|[{_OPENING}]*(?:[{_WIDE}]|[^\s{_WIDE}]+)[{_CLOSING}]*")


def term_len(text: str) -> int:
    """Columns in a terminal."""
    return cell_len(_ANSI.sub("", text))


def wrap_text(
    text: str,
    width: int = 78,
    initial_indent: str = "",
    subsequent_indent: str = "",
    preserve_paragraphs: bool = False,
) -> str:
    """As click.wrap_text: with `preserve_paragraphs`, one that begins with a \\b line is left as it is."""
    if not preserve_paragraphs:
        return "\n".join(_folded(text, width, initial_indent, subsequent_indent))
    return "\n\n".join(_paragraphs(text, width, initial_indent, subsequent_indent))


def _paragraphs(text: str, width: int, initial_indent: str, subsequent_indent: str) -> Iterator[str]:
    for paragraph in re.split(r"\n[ \t]*\n", text.expandtabs().strip("\n")):
        if paragraph.lstrip().startswith("\b"):
            kept = paragraph.lstrip().removeprefix("\b").strip("\n").splitlines()
            yield "\n".join(f"{initial_indent}{line}" for line in kept)
        elif paragraph.strip():
            yield "\n".join(_folded(paragraph, width, initial_indent, subsequent_indent))


def _folded(text: str, width: int, initial_indent: str, subsequent_indent: str) -> list[str]:
    lines: list[str] = []
    line, indent = "", initial_indent
    for piece in _PIECE.findall(" ".join(text.split())):
        if line.strip() and term_len(indent + line + piece.rstrip()) > width:
            lines.append(indent + line.rstrip())
            line, indent = "", subsequent_indent
        if line or not piece.isspace():
            line += piece
    return [*lines, indent + line.rstrip()]
