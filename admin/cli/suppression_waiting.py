"""`youtong suppression waiting`: addresses that will be suppressed when their domain is still missing a day later.

Owns   the verb, its table and its JSON.
Knows  no name system (admin.suppression.second_look).
"""

from pathlib import Path

import click
import msgspec

from .. import times
from ..store import AppDatabase
from ..suppression.second_look import Waiting, waiting
from ..texts import _
from .fitted_rows import Fitting, print_rows
from .frame import clock, config_option, json_option, loaded, teaching
from .output import print_json
from .queue_frame import account_names
from .suppression_frame import account_option, tree_of, with_app

_PAGE = 100


@click.command(
    "waiting",
    **teaching(
        _("List addresses whose domain does not exist, and when it is looked up again."),
        _("A domain may be missing by mistake for an hour. So its addresses are suppressed only if it is still missing "
          "a day later."),
        examples=("youtong suppression waiting",),
    ),
)  # fmt: skip
@account_option
@click.option("--limit", type=click.IntRange(min=1), default=_PAGE, show_default=True, help=_("How many at most."))
@config_option
@json_option
def list_waiting(account: str | None, limit: int, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)
    tree = None if account is None else tree_of(config, account)

    async def read(app: AppDatabase) -> list[Waiting]:
        async with app.reading() as transaction:
            return await waiting(transaction, tree, limit + 1)

    found, names = with_app(config, read), account_names(config)
    if as_json:
        print_json([_json(each, names.get(each.account_id)) for each in found[:limit]])
        return
    now_ms = clock.now_ms()
    print_rows(
        (_("Address"), _("Account"), _("Missing since"), _("Looked up again")),
        [
            (
                each.address,
                names.get(each.account_id, ""),
                times.exact(each.since_ms, now_ms),
                times.both(max(each.look_ms, now_ms), now_ms),
            )
            for each in found[:limit]
        ],
        Fitting(),
        empty=_("No address waits for its domain to be looked up again."),
    )
    if len(found) > limit:
        click.echo(_("There are more: --limit {number}").format(number=10 * limit))


def _json(each: Waiting, account: str | None) -> dict[str, object]:
    return {
        "address": each.address,
        "account": account,
        "since_ms": each.since_ms,
        "look_ms": each.look_ms,
        "evidence": msgspec.to_builtins(each.evidence),
    }
