"""`youtong queue suspend|resume|suspensions`: stopping or slowing all mail of one kind, and looking at what is.

Owns   these verbs, and how somebody says what, how much and how long.
Knows  no row and no lane: admin.operating carries the order out.
"""

from pathlib import Path

import click

from ...policy.rulefiles import units
from ...policy.shaping import file as shaping_file
from ...policy.shaping.faults import ShapingError
from ...queue.limits import RateLimit
from ...queue.operators.operator_reading import Kind, operator_reading
from ...queue.operators.orders import Order, Terms, scope_of
from ...queue.operators.selections import Selection
from ...queue.pace.suspensions import SuspensionScope
from ...queue.storage.suspension_rows import SuspensionRow
from ..config import Config
from ..explain.suspension_words import scope_words, until_words
from ..texts import _, ngettext
from .frame import clock, config_option, json_option, loaded, teaching
from .output import print_json
from .paused_streams import paused_streams, paused_words
from .queue_acting import say_held
from .queue_choosing import Chosen, selecting, unknown_words
from .queue_frame import StreamParam, account_names, asked
from .queue_ordering import carried_out, json_of, undo_hint, who_option
from .suspension_output import print_suspensions, suspension_json


class RateParam(click.ParamType[RateLimit]):
    """A rate such as 10/min."""

    name = "rate"

    def convert(self, value: str | RateLimit, param: click.Parameter | None, ctx: click.Context | None) -> RateLimit:
        if isinstance(value, RateLimit):
            return value
        try:
            count, seconds = units.rate(value.strip())
        except ValueError:
            self.fail(_("“{value}” is not a rate; one looks like 10/min.").format(value=value), param, ctx)
        return RateLimit(count, float(seconds), "")


class DurationParam(click.ParamType[int]):
    """A length of time such as 2 h, in seconds."""

    name = "duration"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        text = value.strip().lower()
        try:
            return units.duration(text[:-1] + "min" if text[-1:] == "m" else text)
        except ValueError:
            self.fail(
                _("“{value}” is not a length of time; one looks like 2h or 30min.").format(value=value), param, ctx
            )


class ShareParam(click.ParamType[float]):
    """A share such as 10%."""

    name = "share"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if not isinstance(value, str):
            return value
        digits = value.strip().removesuffix("%").strip()
        try:
            share = float(digits) / 100
        except ValueError:
            share = 0.0
        if not 0.0 < share < 1.0:
            self.fail(_("“{value}” is not a share; one looks like 10%.").format(value=value), param, ctx)
        return share


@click.command(
    **teaching(
        _("Stop or slow all mail to a provider, site or domain, or of an account or stream, until it is resumed."),
        _("Nothing of it is sent from then on, including mail that comes later; the messages wait, and their age "
          "runs on. With --slow-to, --share or --connections it is slowed instead. A single message or address is "
          "held (see: youtong queue hold)."),
        examples=(
            "youtong queue suspend --provider google --for 2h --reason 'wrong text'",
            "youtong queue suspend --provider qq --share 10%",
            "youtong queue suspend --provider qq --slow-to 10/min --for 1d",
        ),
    )
)  # fmt: skip
@selecting
@click.option("--source", metavar="NAME", default="", help=_("With --provider: only from this source."))
@click.option("--sender", metavar="DOMAIN", default="", help=_("With --provider: only mail of this sender domain."))
@click.option(
    "--for", "seconds", type=DurationParam(), metavar="TIME", default=0, help=_("Then it ends automatically.")
)
@click.option("--slow-to", type=RateParam(), metavar="RATE", default=None, help=_("Slow it to this many messages."))
@click.option("--share", type=ShareParam(), metavar="PERCENT", default=1.0, help=_("Slow it to a share of its limits."))
@click.option("--connections", type=click.IntRange(1), default=None, help=_("Slow it to so many connections."))
@click.option("--reason", metavar="TEXT", default="", help=_("Kept in the journal and shown."))
@who_option
@config_option
@json_option
def suspend(
    chosen: Chosen,
    source: str,
    sender: str,
    seconds: int,
    slow_to: RateLimit | None,
    share: float,
    connections: int | None,
    reason: str,
    who: str,
    config_file: Path,
    as_json: bool,
) -> None:
    config = loaded(config_file)
    terms = Terms(source, sender.lower(), float(seconds), share, slow_to, connections or 0)
    selection = _suspended(config, chosen, terms)
    done = carried_out(config, Order("suspend", selection, reason, who, terms))
    if as_json:
        print_json(json_of(done))
    elif selection.names_letters:
        click.echo(_("Single messages are not suspended but held; let them go with: youtong queue release"))
        say_held(done)
    else:
        _say_suspended(config, done.suspensions[0], undo_hint(done))


def _suspended(config: Config, chosen: Chosen, terms: Terms) -> Selection:
    """What is meant; a combination that cannot be suspended is wrong usage."""
    selection = chosen.without_check(config)
    if selection.names_letters:
        if terms != Terms():
            raise click.UsageError(_("Single messages are held, without a time or a rate."))
        return chosen.selection(config)
    if scope_of(selection) is None:
        raise click.UsageError(_("Say exactly one of --provider, --site, --domain, --account and --stream."))
    if (terms.source or terms.sender_domain) and not selection.provider:
        raise click.UsageError(_("--source and --sender need a --provider."))
    if terms.source and terms.sender_domain:
        raise click.UsageError(_("--source and --sender exclude each other."))
    if not terms.stops and not (selection.provider or selection.site):
        raise click.UsageError(_("Only a provider or a site can be slowed; the others can be stopped."))
    if selection.provider:
        asked(lambda: _must_exist(config, "provider", selection.provider))
    if selection.site:
        asked(lambda: _must_exist(config, "site", selection.site))
    return selection


def _must_exist(config: Config, kind: Kind, name: str) -> None:
    """Met by the queue, or named by a rule: what may come can be stopped before it does."""
    named = _named_providers(config) if kind == "provider" else ()
    if name in named:
        return
    with operator_reading(config.server.data_dir) as reader:
        if not reader.is_known(kind, name):
            raise click.ClickException(unknown_words(reader, kind, name, named))


def _named_providers(config: Config) -> tuple[str, ...]:
    try:
        return tuple(shaping_file.load(shaping_file.beside(config.path)).providers)
    except ShapingError:
        return ()  # `youtong config check` tells it


def _say_suspended(config: Config, number: int, hint: str) -> None:
    now_ms = clock.now_ms()
    for row in _in_force(config):
        each = row.suspension
        if each.id == number:
            what, until = scope_words(each, account_names(config)), until_words(each, now_ms)
            sentence = _("Stopped: {what}, {until}.") if each.stop else _("Slowed: {what}, {until}.")
            click.echo(sentence.format(what=what, until=until) + hint)


@click.command(
    **teaching(
        _("End a suspension: by its number, by what it names, or all of them."),
        _("Also one that a receiver's reply caused. The numbers are shown by youtong queue suspensions."),
        examples=("youtong queue resume 7", "youtong queue resume --provider google", "youtong queue resume --all"),
    )
)  # fmt: skip
@click.argument("suspension", type=click.IntRange(1), metavar="[NUMBER]", required=False)
@click.option("--provider", metavar="NAME", default="", help=_("Whatever stops or slows this provider."))
@click.option("--site", metavar="NAME", default="", help=_("Whatever stops or slows this set of MX hosts."))
@click.option("--domain", metavar="DOMAIN", default="", help=_("Whatever stops this domain."))
@click.option("--account", metavar="NAME", default="", help=_("Whatever stops this account."))
@click.option("--stream", type=StreamParam(), metavar="ID", default=0, help=_("Whatever stops this stream."))
@click.option("--all", "everything", is_flag=True, help=_("All that is suspended."))
@click.option("--reason", metavar="TEXT", default="", help=_("Kept in the journal and shown."))
@who_option
@config_option
@json_option
def resume(
    suspension: int | None,
    provider: str,
    site: str,
    domain: str,
    account: str,
    stream: int,
    everything: bool,
    reason: str,
    who: str,
    config_file: Path,
    as_json: bool,
) -> None:
    chosen = Chosen(None, "", domain.lower(), account, provider, site, stream)
    if [suspension is not None, not chosen.is_empty, everything].count(True) != 1:
        raise click.UsageError(_("Say which: a number, one of the options, or --all."))
    config = loaded(config_file)
    if stream and _is_only_paused(config, stream):
        raise click.ClickException(paused_words([stream]))
    selection = chosen.without_check(config)
    if not chosen.is_empty and scope_of(selection) is None:
        raise click.UsageError(_("Say exactly one of --provider, --site, --domain, --account and --stream."))
    done = carried_out(config, Order("resume", selection, reason, who, number=suspension or 0))
    if as_json:
        print_json(json_of(done))
        return
    n = done.changed
    click.echo(ngettext("{n} suspension is ended.", "{n} suspensions are ended.", n).format(n=n) + undo_hint(done))


@click.command(
    **teaching(
        _("List what is stopped or slowed: since when, until when, by whom or by which reply."),
        examples=("youtong queue suspensions", "youtong queue suspensions --all --json"),
    )
)
@click.option("--all", "ended_too", is_flag=True, help=_("Also those that have ended, newest first."))
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help=_("At most so many."))
@config_option
@json_option
def suspensions(ended_too: bool, limit: int, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)
    rows = asked(lambda: _past(config, limit + 1)) if ended_too else _in_force(config)
    if as_json:
        print_json([suspension_json(row, clock.now_ms()) for row in rows[:limit]])
    elif rows:
        print_suspensions(rows[:limit], account_names(config), clock.now_ms(), whole=len(rows) <= limit)
    else:
        click.echo(_("Nothing was ever suspended.") if ended_too else _("Nothing is suspended."))
    if not as_json and (paused := paused_streams(config)):
        click.echo(paused_words(paused))


def _is_only_paused(config: Config, stream: int) -> bool:
    suspended = {row.suspension.subject for row in _in_force(config) if row.suspension.scope is SuspensionScope.STREAM}
    return str(stream) not in suspended and stream in paused_streams(config)


def _in_force(config: Config) -> list[SuspensionRow]:
    def read() -> list[SuspensionRow]:
        with operator_reading(config.server.data_dir) as reader:
            return reader.suspensions(clock.now_ms())

    return asked(read)


def _past(config: Config, limit: int) -> list[SuspensionRow]:
    with operator_reading(config.server.data_dir) as reader:
        return reader.past_suspensions(limit)
