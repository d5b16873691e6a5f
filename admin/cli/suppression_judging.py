"""`youtong suppression recheck|repaired`: entries judged again by the bounce rules, and those that this lifted.

Owns   both verbs.
Knows  no rule.
"""

from pathlib import Path

import click

from ...policy.bounces.loading import load_rules
from ...policy.rulefiles.faults import RuleFileError
from ...policy.suppression import Lifter
from ..bounce_words import category_words
from ..rule_faults import rule_file_words
from ..store import AppDatabase
from ..suppression import book
from ..suppression.entry import Lifted
from ..suppression.judging import Repaired, fingerprint, judge_again
from ..texts import _, ngettext
from .fitted_rows import Fitting, print_rows
from .frame import clock, config_option, json_option, loaded, teaching
from .output import print_json
from .queue_frame import account_names, asker
from .suppression_frame import with_app
from .suppression_output import entry_json, lifted_json, print_lifted, tell_more

_PAGE = 100


@click.command(
    **teaching(
        _("Judge all dead addresses again by the bounce rules as they are in the file."),
        _("A running server does this automatically when its rules have changed. Entries whose recorded reply no "
          "longer means “no such user” are lifted and listed."),
        examples=("youtong suppression recheck --dry-run",),
    )
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help=_("Only list what would be lifted."))
@config_option
@json_option
def recheck(dry_run: bool, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)
    try:
        rules, mark = load_rules(config.path), fingerprint(config.path)
    except (RuleFileError, OSError) as error:
        raise click.ClickException(rule_file_words(error)) from error
    found = with_app(config, lambda app: judge_again(app, rules, mark, clock.now_ms(), by=asker(), dry_run=dry_run))
    if as_json:
        names = account_names(config)
        print_json([{**entry_json(each.entry, names), "now": each.meaning} for each in found])
        return
    _print_repaired(found)
    if dry_run:
        said = ngettext("{n} entry would be lifted.", "{n} entries would be lifted.", len(found))
    else:
        said = ngettext("{n} entry was lifted.", "{n} entries were lifted.", len(found))
    click.echo(said.format(n=len(found)))


def _print_repaired(found: list[Repaired]) -> None:
    if found:
        print_rows(
            (_("Number"), _("Address"), _("It said"), _("Rule"), _("It means now")),
            [
                (
                    str(each.entry.id),
                    each.entry.address,
                    each.entry.evidence.text if each.entry.evidence else "",
                    each.meaning.rule or "–",
                    category_words(each.meaning.category),
                )
                for each in found
            ],
            Fitting(key=1, beneath=(2,)),
        )


@click.command(
    **teaching(
        _("List what was lifted because the bounce rules changed."),
        examples=("youtong suppression repaired --json",),
    )
)
@click.option("--after", type=click.IntRange(min=0), default=0, metavar="NUMBER", help=_("Only later entries."))
@click.option("--limit", type=click.IntRange(min=1), default=_PAGE, show_default=True, help=_("How many at most."))
@config_option
@json_option
def repaired(after: int, limit: int, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)

    async def read(app: AppDatabase) -> list[Lifted]:
        async with app.reading() as transaction:
            return await book.lifted_by(transaction, Lifter.RULES, after, limit + 1)

    found = with_app(config, read)
    if as_json:
        names = account_names(config)
        print_json([lifted_json(each, names) for each in found[:limit]])
    elif not found:
        click.echo(_("No entry was lifted because of the bounce rules."))
    else:
        print_lifted(found[:limit], clock.now_ms())
        if len(found) > limit:
            tell_more(found[limit - 1].entry.id)
