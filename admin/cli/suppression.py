"""`youtong suppression`: whom we do not write to, and why.

Owns   the verbs list, show, add and remove; files are suppression_files, judging again is suppression_judging.
Knows  no rule: policy.suppression says what may be lifted.
"""

from collections.abc import Callable
from pathlib import Path

import click

from ...policy.suppression import EntrySource, Evidence, Lifter, Reason, may_lift
from ..store import AppDatabase, Transaction
from ..suppression import book
from ..suppression.book import Chosen, Lifting
from ..suppression.entry import Entry, Lifted
from ..suppression.fitting import fitting
from ..suppression.words import reason_words
from ..texts import _, ngettext
from .frame import clock, config_option, json_option, loaded, teaching
from .output import print_json
from .queue_frame import SinceParam, account_names, asker
from .suppression_files import export, import_
from .suppression_frame import (
    Meant,
    MeantOrNumberParam,
    MeantParam,
    account_option,
    reason_choice,
    tree_of,
    with_app,
)
from .suppression_judging import recheck, repaired
from .suppression_output import entry_json, lifted_json, print_entries, print_entry, print_lifted, tell_more
from .suppression_waiting import list_waiting

_PAGE = 100
who_option = click.option("--who", metavar="NAME", default=asker, help=_("Who did it; the login name otherwise."))


@click.group(
    **teaching(
        _("Suppressions: whom we do not write to, and why."),
        _("Dead addresses and recipients who complained or unsubscribed are added automatically. A complaint or an "
          "unsubscription stops campaigns; a dead address and an entry made by hand stop campaigns and programs; "
          "only the operator's block stops personal mail."),
        examples=(
            "youtong suppression list --reason complaint",
            "youtong suppression show jane@example.com",
            "youtong suppression add '*.example.com' --reason block",
            "youtong suppression remove jane@example.com",
        ),
    )
)  # fmt: skip
def suppression() -> None:
    pass


suppression.add_command(import_, "import")
suppression.add_command(export)
suppression.add_command(recheck)
suppression.add_command(repaired)
suppression.add_command(list_waiting)


@suppression.command("list", **teaching(_("List who is suppressed, by number.")))
@account_option
@click.option("--reason", type=reason_choice, default=None, help=_("Only for this reason."))
@click.option("--after", type=click.IntRange(min=0), default=0, metavar="NUMBER", help=_("Only later entries."))
@click.option("--limit", type=click.IntRange(min=1), default=_PAGE, show_default=True, help=_("How many at most."))
@config_option
@json_option
def list_entries(
    account: str | None, reason: str | None, after: int, limit: int, config_file: Path, as_json: bool
) -> None:
    config = loaded(config_file)
    tree = None if account is None else tree_of(config, account)
    chosen = Chosen(tree, Reason(reason) if reason else None)

    async def read(app: AppDatabase) -> list[Entry]:
        async with app.reading() as transaction:
            return await book.page(transaction, chosen, after, limit + 1)

    entries, names = with_app(config, read), account_names(config)
    if as_json:
        print_json([entry_json(each, names) for each in entries[:limit]])
        return
    print_entries(entries[:limit], names, clock.now_ms())
    if len(entries) > limit:
        tell_more(entries[limit - 1].id)


@suppression.command(
    **teaching(
        _("Show what suppresses an address, and what did."),
        _("WHAT is an address, a pattern, or the number of an entry."),
        examples=("youtong suppression show jane@example.com", "youtong suppression show 17"),
    )
)
@click.argument("what", type=MeantOrNumberParam(), metavar="WHAT")
@config_option
@json_option
def show(what: Meant, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)
    entries, lifted = with_app(config, lambda app: _seen(app, what))
    if what.number and not entries:
        raise click.ClickException(_("There is no entry {number}.").format(number=what.number))
    names, now_ms = account_names(config), clock.now_ms()
    if as_json:
        shown = {"entries": [entry_json(each, names) for each in entries]}
        print_json({**shown, "lifted": [lifted_json(each, names) for each in lifted]})
        return
    if not entries:
        click.echo(_("Nothing suppresses {address}.").format(address=what.text))
    for at, each in enumerate(entries):
        if at:
            click.echo()
        print_entry(each, names, now_ms)
    if lifted:
        click.echo("\n" + _("It was suppressed before:"))
        print_lifted(lifted, now_ms)


async def _seen(app: AppDatabase, what: Meant) -> tuple[list[Entry], list[Lifted]]:
    async with app.reading() as transaction:
        if what.number:
            found = await book.numbered(transaction, what.number)
            return ([found] if found else []), []
        exact = await book.of_address(transaction, what.text)
        covering = [] if what.is_pattern else await fitting(transaction, what.text)
        return [*exact, *covering], await book.lifted_of(transaction, what.text)


@suppression.command(
    **teaching(
        _("Do not write to an address any more."),
        _("WHAT is an address or a pattern: example.com (every address of the domain), *.example.com (of its "
          "sub-domains), no*@example.com, postmaster@*. A block stops everything, also what a person sends; any other "
          "reason stops campaigns, and a dead address or an entry made by hand programs too."),
        examples=(
            "youtong suppression add jane@example.com --account shop@example.net",
            "youtong suppression add '*.example.com' --reason block --expires 30d",
        ),
    )
)  # fmt: skip
@click.argument("what", type=MeantParam(), metavar="WHAT")
@account_option
@click.option("--reason", type=reason_choice, default=Reason.MANUAL.value, show_default=True, help=_("Why."))
@click.option("--expires", type=SinceParam(), metavar="SPAN", default=None, help=_("For so long, such as 30d."))
@click.option("--note", metavar="TEXT", default="", help=_("Kept with the entry and shown."))
@who_option
@config_option
def add(
    what: Meant, account: str | None, reason: str, expires: int | None, note: str, who: str, config_file: Path
) -> None:
    config, now_ms, note = loaded(config_file), clock.now_ms(), note.strip()
    entry = Entry(
        what.text,
        Reason(reason),
        EntrySource.PERSON,
        tree_of(config, account),
        what.is_pattern,
        who,
        now_ms,
        None if expires is None else now_ms + expires,
        Evidence(note=note) if note else None,
    )

    async def write(app: AppDatabase) -> bool:
        async with app.transaction() as transaction:
            return await book.apply(transaction, entry)

    is_new = with_app(config, write)
    said = _("{address} is suppressed from now on: {reason}.") if is_new else _("{address} was suppressed already.")
    click.echo(said.format(address=what.text, reason=reason_words(entry.reason)))


@suppression.command(
    **teaching(
        _("Write to an address again."),
        _("WHAT is an address, a pattern, or the number of an entry. Without --account, entries of all accounts and of "
          "the installation are lifted. What a reader said, by a complaint or by unsubscribing, is lifted only with "
          "--force. Who lifted what is kept."),
        examples=("youtong suppression remove jane@example.com", "youtong suppression remove 17 --force"),
    )
)  # fmt: skip
@click.argument("what", type=MeantOrNumberParam(), metavar="WHAT")
@account_option
@click.option("--reason", type=reason_choice, default=None, help=_("Only for this reason."))
@click.option("--force", is_flag=True, help=_("Also what the reader said: you have the reader's consent."))
@click.option("--why", metavar="TEXT", default="", help=_("Kept and shown."))
@who_option
@config_option
def remove(
    what: Meant, account: str | None, reason: str | None, force: bool, why: str, who: str, config_file: Path
) -> None:
    config = loaded(config_file)
    tree = None if account is None else tree_of(config, account)
    lifting = Lifting(Lifter.FORCED if force else Lifter.PERSON, clock.now_ms(), who, why)

    def is_meant(entry: Entry) -> bool:
        return (tree is None or entry.account_id == tree) and (reason is None or entry.reason == reason)

    gone = with_app(config, lambda app: _lift(app, what, is_meant, lifting))
    if not gone:
        raise click.ClickException(_("There is no such entry."))
    n = len(gone)
    click.echo(ngettext("{n} entry was lifted.", "{n} entries were lifted.", n).format(n=n))


async def _lift(app: AppDatabase, what: Meant, is_meant: Callable[[Entry], bool], lifting: Lifting) -> list[Entry]:
    """All or nothing."""
    async with app.transaction() as transaction:
        entries = [each for each in await _named(transaction, what) if is_meant(each)]
        kept = next((each for each in entries if not may_lift(lifting.how, each.reason)), None)
        if kept is not None:
            sentence = _("Nothing was lifted. Entry {number} says: {reason}. With the reader's consent use --force.")
            raise click.ClickException(sentence.format(number=kept.id, reason=reason_words(kept.reason)))
        for each in entries:
            await book.lift(transaction, each, lifting)
        return entries


async def _named(transaction: Transaction, what: Meant) -> list[Entry]:
    if what.number:
        found = await book.numbered(transaction, what.number)
        return [found] if found else []
    return [each for each in await book.of_address(transaction, what.text) if each.is_pattern == what.is_pattern]
