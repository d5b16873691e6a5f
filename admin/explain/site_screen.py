"""A domain or provider on a screen: who it is, what limits it now, whose mail waits, what its hosts said.

Owns   the layout, so that what limits it stands above the first 24 lines' end.
Knows  no reads (site_view).
"""

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from ...queue.classes import MailClass
from .. import times
from ..figures import LaneFigures
from ..site_seen import Ruling
from ..texts import _, ngettext
from ..waits import DomainSeen, RestSeen, RouteKind
from . import attempts
from .ceilings import ceiling_words, rest_words
from .class_words import class_words
from .deferrals import deferred_sentence
from .limit_words import limit_rows
from .site_view import DeferralSeen, HostSeen, SiteView
from .suspension_words import cancel_words, scope_words, suspension_words

Fact = tuple[str, str | Text]


def head(view: SiteView) -> list[Fact]:
    """Which provider, by which rule; its hosts; what waits."""
    facts: list[Fact] = [(_("Provider"), _provider(view))]
    if view.seen.ruling.fact:
        facts.append(("", Text(view.seen.ruling.fact, "dim")))
    facts += _route(view.seen.domain)
    facts += _rests_of_provider(view)
    waiting = ngettext("{n:,} message", "{n:,} messages", view.waiting).format(n=view.waiting)
    facts.append((_("Waiting"), waiting))
    facts += [_lane(lane, view) for lane in view.seen.lanes]
    if view.is_running and not view.seen.lanes:
        facts.append((_("Now"), _("nothing under way, nothing limits it")))
    facts += _stops(view)
    return facts


def _provider(view: SiteView) -> str:
    found: Ruling = view.seen.ruling
    if not found.provider:
        return _("not known: its mail hosts have not been found out")
    if not found.place:
        return _("its own: no shaping rule names its mail hosts")
    place = _("{matched} in {place}").format(matched=found.matched, place=found.place) if found.matched else found.place
    return _("{name} ({words})").format(name=found.provider, words=place)


def _route(domain: DomainSeen | None) -> Iterable[Fact]:
    if domain is None:
        return
    match domain.route:
        case RouteKind.KNOWN:
            yield _("Mail hosts"), ", ".join(domain.hosts)
        case RouteKind.NONE:
            yield _("Mail hosts"), Text(_("none: {words}").format(words=domain.why), "red")
        case RouteKind.UNKNOWN:
            yield _("Mail hosts"), _("being looked up")
    for rest, words in (
        (domain.domain_rest, _("the look-up failed; it is tried again in {span}: {words}")),
        (domain.site_rest, _("no host accepts a session; next try in {span}: {words}")),
    ):
        if rest is not None:
            yield _("Resting"), Text(_rest(rest, words), "yellow")


def _rests_of_provider(view: SiteView) -> Iterable[Fact]:
    """When a provider was asked for by its name; of a domain its own site's rest is told."""
    rests = view.seen.rests
    if rests is not None and view.seen.domain is None:
        words = _("{what}: {words}").format(what=rest_words(rests.sites, rests.left_seconds), words=rests.why)
        yield _("Resting"), Text(words, "yellow")


def _rest(rest: RestSeen, words: str) -> str:
    return words.format(span=times.span(round(rest.left_seconds * 1000)), words=rest.why)


def _lane(lane: LaneFigures, view: SiteView) -> Fact:
    """What leaves from one source, and what limits it."""
    words = [
        _("{n:,} messages in the last minute").format(n=lane.mails_1m),
        _("{n} of {limit} connections").format(n=lane.connections, limit=lane.max_connections),
        _("{n:,} ready").format(n=lane.ready),
        _("{n:,} under way").format(n=lane.in_flight),
    ]
    text = Text(_(", ").join(words))
    if ceiling := ceiling_words(lane.ceiling, view.at_ms):
        text.append("\n" + _("limited by: {words}").format(words=ceiling), "yellow")
    else:
        text.append("\n" + _("nothing of ours limits it"), "dim")
    return _("From {source}").format(source=lane.source), text


def _stops(view: SiteView) -> Iterable[Fact]:
    for each in view.seen.suspensions:
        words = f"{scope_words(each, view.accounts)}: {suspension_words(each, view.at_ms)}"
        text = Text(words, "red" if each.stop else "yellow")
        text.append("\n" + _("end it with: {command}").format(command=cancel_words(each)), "dim")
        yield (_("Stopped") if each.stop else _("Slowed")), text


def limits_table(view: SiteView) -> Table | None:
    """Every number in force with its origin; of several sources those of the first, and where others differ."""
    if not view.seen.limits:
        return None
    table = Table.grid(padding=(0, 2))
    for _column in range(3):
        table.add_column(overflow="fold")
    first = limit_rows(view.seen.limits[0].limits)
    for what, number, because in first:
        table.add_row(what, Text(number, "bold"), Text(because, "dim"))
    for other in view.seen.limits[1:]:
        for row in limit_rows(other.limits):
            if row not in first:
                what, number, because = row
                table.add_row(_("{what} from {source}").format(what=what, source=other.source), number, because)
    return table


def flows_table(view: SiteView) -> Table | None:
    """Whose mail waits."""
    if not view.flows:
        return None
    table = Table.grid(padding=(0, 2))
    for justify in ("right", "left", "left", "left", "left"):
        table.add_column(justify=justify, overflow="fold")
    for line in sorted(view.flows, key=lambda each: -each.waiting)[:20]:
        sender = line.stream or line.sender_domain or "<>"
        leaving = _("{n:,} left in the last minute, to all providers").format(n=line.leaving_1m)
        table.add_row(
            f"{line.waiting:,}", class_words(MailClass(line.mail_class)), line.account, sender, Text(leaving, "dim")
        )
    return table


def host_facts(view: SiteView) -> list[Fact]:
    """What each host said last."""
    return [(each.host, _host(each, view.at_ms)) for each in view.hosts]


def _host(seen: HostSeen, now_ms: int) -> Text:
    tls = seen.tls or _("without TLS")
    when = times.relative(seen.last.at_ms, now_ms)
    return Text.assemble(
        attempts.reply_words(seen.last) or "–", ("  " + _(", ").join((seen.address, tls, when)), "dim")
    )


def deferral_facts(view: SiteView) -> list[Fact]:
    """Why letters were put off lately."""
    return [(f"{each.count}×", _deferral(each)) for each in view.deferrals]


def _deferral(seen: DeferralSeen) -> Text:
    return Text.assemble(deferred_sentence(seen.last), ("\n" + attempts.reply_words(seen.last), "dim"))
