"""The page of `top`: lines of text for a width and a height.

Owns   the layout: title, totals, the list, the line of keys. Made for 80 columns; more room shows more words.
Knows  no terminal. Columns are counted as a terminal does: a Chinese character takes two.
"""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from ...queue.classes import MailClass
from .. import times
from ..explain.ceilings import ceiling_words, rate_words
from ..explain.class_words import class_words
from ..panorama import FlowLine, Panorama, ProviderRow
from ..texts import _, ngettext
from . import top_view
from .top_view import Sort, View

_WIDE = 100  # columns from which there is room for whole numbers and reasons


class Column:
    """A head, the key that sorts by it, and a width: at least the head's."""

    def __init__(self, head: str, width: int, sort: Sort | None = None) -> None:
        self.head, self.sort = head, sort
        self.width = max(width, cell_len(head))


def page(panorama: Panorama, view: View, width: int, height: int) -> list[Text]:
    """Exactly `height` lines, none wider than `width`."""
    top = [_title(panorama, view, width), _totals(panorama, width)]
    body = _flow_lines(panorama, view, width) if view.shows_flows else _provider_lines(panorama, view, width)
    heads, rows = body[0], body[1:]
    room = max(1, height - len(top) - 2)
    first = min(view.first, max(0, len(rows) - room))
    shown = rows[first : first + room]
    lines = [*top, heads, *shown, *[Text()] * (room - len(shown))]
    lines.append(_foot(view, width, (first + 1, first + len(shown), len(rows)) if len(rows) > len(shown) else None))
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines[:height]


def table(panorama: Panorama, view: View, width: int) -> list[Text]:
    """The whole list without a frame, for a file or a program's eyes."""
    body = _flow_lines(panorama, view, width) if view.shows_flows else _provider_lines(panorama, view, width)
    return [_totals(panorama, width), *body]


def _title(panorama: Panorama, view: View, width: int) -> Text:
    words = " " + _("Youtong top   {time}").format(time=times.exact(panorama.at_ms, panorama.at_ms))
    if view.is_paused:
        words += "   " + _("paused: p goes on")
    if view.words or view.is_typing:
        words += "   " + _("only: {words}").format(words=view.words + ("_" if view.is_typing else ""))
    return Text(set_cell_size(words, width), "reverse")


def _totals(panorama: Panorama, width: int) -> Text:
    waiting = ngettext("{n:,} message waits", "{n:,} messages wait", panorama.waiting).format(n=panorama.waiting)
    owner = panorama.owner
    if owner is None:
        return Text.assemble((waiting, "bold"), "   ", (_("the server is not running"), "bold red"))
    if not owner.delivers:
        return Text.assemble((waiting, "bold"), "   ", (_("delivery is switched off"), "bold red"))
    connections = sum(row.connections for row in panorama.providers)
    rate = sum(row.mails_10s for row in panorama.providers) / 10
    words = [
        _("{rate:,.1f}/s leave").format(rate=rate),
        _("{n:,} ready").format(n=owner.ready),
        _("{n:,} under way").format(n=owner.in_flight),
        _("{n:,} connections").format(n=connections),
        ngettext("{n} delivery process", "{n} delivery processes", owner.workers).format(n=owner.workers),
    ]
    return Text.assemble((waiting, "bold"), "   ", "   ".join(words if width >= _WIDE else words[:3]))


# -- providers --------------------------------------------------------------------------------------------------------


def _provider_lines(panorama: Panorama, view: View, width: int) -> list[Text]:
    rows = top_view.providers(panorama, view)
    names = [row.provider or _("(no route yet)") for row in rows]
    is_wide = width >= _WIDE
    columns = [
        Column(_("provider"), _name_width(names, width), Sort.NAME),
        Column(_("waiting"), 9 if is_wide else 5, Sort.WAITING),
        Column(_("ready"), 6 if is_wide else 5),
        Column(_("conn."), 7 if is_wide else 5, Sort.CONNECTIONS),
        Column(_("rate/limit"), 13 if is_wide else 10, Sort.RATE),
        Column(_("def."), 4, Sort.DEFERRED),
    ]
    cells = [_provider_cells(row, name, panorama.at_ms, is_wide=is_wide) for row, name in zip(rows, names, strict=True)]
    return _listed(columns, cells, _("limited by"), view, "  " if is_wide else " ")


def _provider_cells(row: ProviderRow, name: str, at_ms: int, *, is_wide: bool) -> list[Text]:
    percent = row.deferred_percent
    return [
        Text(name),
        _number(row.waiting, is_wide=is_wide),
        _number(row.ready, is_wide=is_wide),
        Text(f"{row.connections}/{row.max_connections}" if row.sources else "", "" if row.connections else "dim"),
        Text(_rate(row), "" if row.mails_1m else "dim"),
        Text("" if percent is None else f"{percent:.0f}%", _alarm(percent)),
        _limited_by(row, at_ms),
    ]


def _limited_by(row: ProviderRow, at_ms: int) -> Text:
    """What limits it; else, when nothing is on its way out, for what time that waits."""
    words = ceiling_words(row.ceiling, at_ms)
    if not words and row.stopped:
        return Text(_("{n:,} of stopped streams or accounts").format(n=row.stopped), "red")
    if not words and not row.ready and not row.in_flight and row.due_ms is not None and row.due_ms > at_ms:
        return Text(_("next attempt {time}").format(time=times.exact(row.due_ms, at_ms)), "dim")
    return Text(words, "yellow")


def _rate(row: ProviderRow) -> str:
    """What left within the span of the tightest limit, beside it: 18/20/min."""
    if row.rate is None:
        return ""
    seconds = row.rate.seconds
    if seconds <= 10:
        left = row.mails_10s * seconds / 10
    else:
        left = float(row.mails_1m) * max(1.0, seconds / 60)
    return f"{left:.0f}/{rate_words(row.rate.count, seconds)}"


def _alarm(percent: float | None) -> str:
    if percent is None or percent < 5:
        return ""
    return "red" if percent >= 50 else "yellow"


def _number(n: int, *, is_wide: bool = True) -> Text:
    return Text((f"{n:,}" if is_wide else _short(n)) if n else "·", "" if n else "dim")


def _short(n: int) -> str:
    """In five columns at most."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if n >= 10_000 and n >= size:
            return f"{n / size:.1f}{unit}" if n < 100 * size else f"{n // size}{unit}"
    return str(n)


def _name_width(names: Sequence[str], width: int) -> int:
    """As wide as the longest name, within bounds that leave room for the reasons."""
    longest = max(map(cell_len, names), default=0)
    return max(8, min(longest, 28 if width >= _WIDE else 16))


# -- flows ------------------------------------------------------------------------------------------------------------


def _flow_lines(panorama: Panorama, view: View, width: int) -> list[Text]:
    lines = top_view.flows(panorama, view)
    columns = [
        Column(_("account"), _name_width([line.account for line in lines], width), Sort.NAME),
        Column(_("class"), 13),
        Column(_("waiting"), 9, Sort.WAITING),
        Column(_("provid."), 7),
        Column(_("left/min"), 8, Sort.RATE),
    ]
    return _listed(columns, [_flow_cells(line) for line in lines], _("stream or sender"), view, "  ")


def _flow_cells(line: FlowLine) -> list[Text]:
    return [
        Text(line.account),
        Text(class_words(MailClass(line.mail_class))),
        _number(line.waiting),
        _number(line.providers),
        _number(line.leaving_1m),
        _whose(line),
    ]


def _whose(line: FlowLine) -> Text:
    name = Text(line.stream or line.sender_domain or "<>")
    return name.append(f"  {_('stopped')}", "red") if line.is_stopped else name


# -- lines ------------------------------------------------------------------------------------------------------------


def _listed(columns: Sequence[Column], rows: Sequence[Sequence[Text]], last: str, view: View, gap: str) -> list[Text]:
    """Heads, then a line for each row: the first column to the left, numbers to the right, the last as it comes."""
    heads = [Text(column.head, "bold underline" if column.sort is view.sort else "bold") for column in columns]
    lines = [_line(columns, [*heads, Text(last, "bold")], gap)]
    return lines + [_line(columns, row, gap) for row in rows]


def _line(columns: Sequence[Column], cells: Sequence[Text], gap: str) -> Text:
    line = Text(no_wrap=True, overflow="ellipsis")
    for at, (column, cell) in enumerate(zip(columns, cells[:-1], strict=True)):
        cell.truncate(column.width, overflow="ellipsis")
        padding = " " * (column.width - cell.cell_len)
        line.append_text(cell + padding if at == 0 else Text(padding) + cell)
        line.append(gap)
    return line + cells[-1]


def _foot(view: View, width: int, part: tuple[int, int, int] | None) -> Text:
    """The keys, and before them which lines of how many are shown when they are not all."""
    if view.is_typing:
        return Text(_("type a part of the name; Enter keeps it, Esc drops it"), "reverse")
    keys = _("sort: w waiting  r rate  c conn.  d deferred  n name   / filter  s streams  p pause  q quit")
    if width < _WIDE:
        keys = _("sort w r c d n  / filter  s streams  p pause  q quit")
    if part is None:
        return Text(keys, "dim")
    first, last, of = part
    return Text(_("{first}–{last} of {n}   ").format(first=first, last=last, n=of) + keys, "dim")
