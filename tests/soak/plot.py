"""The plot of a soak: one SVG, a line for each figure, a mark for each death.

Owns   the drawing. Knows nothing of what the figures mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT, _LEFT, _GAP = 900, 120, 70, 34


@dataclass(frozen=True)
class Line:
    """A figure over the seconds of the run."""

    title: str
    values: Sequence[float]


def svg(seconds: Sequence[float], lines: Sequence[Line], deaths: Sequence[float]) -> str:
    """All lines beneath each other, over the same time."""
    last = max(seconds, default=1.0) or 1.0
    parts = [_panel(index, line, seconds, deaths, last) for index, line in enumerate(lines)]
    height = len(lines) * (_HEIGHT + _GAP) + 30
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH + _LEFT + 20} {height}"'
        ' font-family="sans-serif" font-size="12" fill="none" stroke="none">'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}'
        f'<text x="{_LEFT}" y="{height - 10}" fill="#333">0 to {last:.0f} s; red: a process was killed</text></svg>\n'
    )


def _panel(index: int, line: Line, seconds: Sequence[float], deaths: Sequence[float], last: float) -> str:
    top, most = index * (_HEIGHT + _GAP) + 24, max(line.values, default=0.0) or 1.0
    points = " ".join(
        f"{_LEFT + second / last * _WIDTH:.1f},{top + _HEIGHT * (1 - value / most):.1f}"
        for second, value in zip(seconds, line.values, strict=True)
    )
    marks = "".join(
        f'<path d="M{_LEFT + at / last * _WIDTH:.1f} {top}v{_HEIGHT}" stroke="#d33" stroke-opacity="0.35"/>'
        for at in deaths
    )
    return (
        f'<rect x="{_LEFT}" y="{top}" width="{_WIDTH}" height="{_HEIGHT}" stroke="#ccc"/>{marks}'
        f'<polyline points="{points}" stroke="#06c" stroke-width="1.5"/>'
        f'<text x="{_LEFT}" y="{top - 6}" fill="#333">{escape(line.title)}</text>'
        f'<text x="{_LEFT - 6}" y="{top + 10}" fill="#333" text-anchor="end">{most:.0f}</text>'
        f'<text x="{_LEFT - 6}" y="{top + _HEIGHT}" fill="#333" text-anchor="end">0</text>'
    )
