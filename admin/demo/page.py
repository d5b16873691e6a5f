"""The demo's page: title, totals, streams, people's letters, what came back, the providers with most to say, the
newest events, and what to try next to it.

Owns   the layout. Made for 80 columns and 24 lines; more room shows more providers and events.
Knows  no terminal that is taken or given back (`screen`).
"""

from rich.console import Group as Stack
from rich.table import Table
from rich.text import Text

from ...queue.journal import JournalKind
from ...queue.returns.fates import Fate
from .. import times
from ..explain.ceilings import ceiling_words
from ..texts import _, ngettext
from .campaigns import CAMPAIGNS, Campaign
from .picture import Happening, Line, Picture
from .receivers import Group
from .show import Stage

_COLOURS = {
    JournalKind.DELIVERED: "green",
    JournalKind.DEFERRED: "yellow",
    JournalKind.BOUNCED: "red",
    JournalKind.NOTICE: "magenta",
    JournalKind.LATE_BOUNCE: "red",
    JournalKind.COMPLAINT: "red",
    JournalKind.AUTO_REPLY: "magenta",
    None: "cyan",
}
_LEAST_EVENTS = 3
_NARROW_COUNTS = 4
_WIDE = 100  # columns from which there is room for all counts beside the ceiling


def page(stage: Stage, now: float, width: int, height: int, hints: list[str]) -> Stack:
    """The whole page in `height` lines; lines that are too long end in “…”."""
    picture = stage.picture
    top = [_title(stage, now), _totals(picture), *(_campaign(picture, each) for each in CAMPAIGNS), _people(picture)]
    top.append(_came_back(picture))
    bottom = [_impatience(stage, now), *map(plain, hints)]
    room = max(_LEAST_EVENTS + 3, height - len(top) - len(bottom))
    shown, others = _chosen(picture, (room - 1) * 2 // 3)
    table = [_table(picture, shown, others, is_wide=width >= _WIDE)]
    free = room - 1 - len(shown) - bool(others)
    events = list(picture.events)[-free:] if free > 0 else []
    padding = [Text("")] * (max(0, free) - len(events))
    return Stack(*top, *table, *map(_event, events), *padding, *bottom)


def _chosen(picture: Picture, lines: int) -> tuple[list[Group], list[Group]]:
    """Those that fit, and the others: first what is stopped or slowed, then where most waits; nothing jumps at zero."""
    order = sorted(picture.lines, key=lambda group: _rank(picture.lines[group]))
    return (order, []) if len(order) <= lines else (order[: lines - 1], order[lines - 1 :])


def _rank(line: Line) -> tuple[bool, int, int]:
    return (line.ceiling.suspension is None, -line.unfinished, -line.delivered)


def _title(stage: Stage, now: float) -> Text:
    elapsed = _clock_face(now - stage.started)
    words = _("Youtong demo: a real server, simulated receivers   {elapsed}   Ctrl-C ends it")
    return plain(" " + words.format(elapsed=elapsed), "reverse")


def _totals(picture: Picture) -> Text:
    totals = picture.totals
    return Text.assemble(
        (_("{n} waiting").format(n=f"{totals.waiting:,}"), "yellow"), "   ",
        (_("{n} on the way").format(n=totals.on_the_way), "cyan"), "   ",
        (_("{n} delivered").format(n=f"{totals.delivered:,}"), "green"), "   ",
        (_("{n} bounced").format(n=totals.bounced), "red"), "   ",
        (_("{n} a minute").format(n=f"{totals.leaving:,}"), "bold"),
        no_wrap=True, overflow="ellipsis",
    )  # fmt: skip


def _campaign(picture: Picture, campaign: Campaign) -> Text:
    """A stream: what arrived of it, what waits and at how many providers."""
    flow = next((each for each in picture.flows if each.stream == campaign.name), None)
    name, delivered = _(campaign.name), f"{picture.streamed[campaign.sender]:,}"
    if flow is None:
        return plain(_("stream {name}: {delivered} delivered, nothing waits").format(name=name, delivered=delivered))
    words = _("stream {name}: {delivered} delivered, {waiting} wait for {providers} providers")
    return plain(words.format(name=name, delivered=delivered, waiting=f"{flow.waiting:,}", providers=flow.providers))


def _people(picture: Picture) -> Text:
    letters = ngettext("{n} personal message", "{n} personal messages", picture.letters).format(n=picture.letters)
    seconds = picture.overtaking_seconds
    if seconds is None:
        return plain(letters, "bold")
    words = _("{letters}; where many wait, one of them leaves in {seconds} s")
    return plain(words.format(letters=letters, seconds=f"{max(seconds, 0.1):.1f}"), "bold")


def _came_back(picture: Picture) -> Text:
    words = _("bounced later: {hard} dead addresses, {soft} others; complaints: {complaints}; auto-replies: {answers}")
    fates = picture.fates
    counts = {"hard": fates[Fate.HARD_LATE], "soft": fates[Fate.SOFT_LATE], "complaints": fates[Fate.COMPLAINT]}
    return plain(words.format(**counts, answers=picture.answers))


def _table(picture: Picture, shown: list[Group], others: list[Group], *, is_wide: bool) -> Table:
    gap = (0, 2, 0, 0) if is_wide else (0, 1, 0, 0)
    table = Table(box=None, pad_edge=False, padding=gap, header_style="bold underline", expand=True)
    table.add_column(_("provider"), no_wrap=True)
    heads = (_("waiting"), _("now"), _("last min"), _("deliv'd"), _("deferred"), _("bounced"))
    for head in heads if is_wide else heads[:_NARROW_COUNTS]:
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column(_("ceiling"), no_wrap=True, overflow="ellipsis", ratio=1)
    for group in shown:
        line = picture.lines[group]
        words = " ".join(ceiling_words(line.ceiling, picture.at_ms).split()) if line.unfinished else ""
        table.add_row(
            _(group.label), *_numbers(line, is_wide=is_wide), Text(words, "red" if line.ceiling.suspension else "")
        )
    if others:
        rest = ngettext("{n} more", "{n} more", len(others)).format(n=len(others))
        table.add_row(
            Text(rest, "dim"), *_numbers(_sum([picture.lines[group] for group in others]), is_wide=is_wide), ""
        )
    return table


def _sum(lines: list[Line]) -> Line:
    return Line(
        waiting=sum(line.waiting for line in lines),
        on_the_way=sum(line.on_the_way for line in lines),
        leaving=sum(line.leaving for line in lines),
        delivered=sum(line.delivered for line in lines),
        deferred=sum(line.deferred for line in lines),
        bounced=sum(line.bounced for line in lines),
    )


def _numbers(line: Line, *, is_wide: bool) -> list[Text]:
    counts = [
        _number(line.waiting, "yellow"),
        _number(line.on_the_way, "cyan"),
        _number(line.leaving, "bold"),
        _number(line.delivered, "green"),
        _number(line.deferred, "yellow"),
        _number(line.bounced, "red"),
    ]
    return counts if is_wide else counts[:_NARROW_COUNTS]


def _number(n: int, colour: str) -> Text:
    return Text(str(n), colour) if n else Text("·", "dim")


def _event(event: Happening) -> Text:
    words = f"{times.exact(event.at_ms, event.at_ms)} {event.sentence}"
    return plain(words, _COLOURS.get(event.kind, ""))


def _impatience(stage: Stage, now: float) -> Text:
    sentence = _("A real server waits minutes; this one tries again every {every:g} s, next in {left} s.")
    left = max(0, round(stage.next_flush - now))
    return plain(sentence.format(every=stage.pace.flush, left=left), "dim")


def plain(words: str, style: str = "") -> Text:
    """A line that ends in “…” where it is too long."""
    return Text(words, style, no_wrap=True, overflow="ellipsis")


def _clock_face(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
