"""`youtong explain`: where a letter is, why it waits, and what comes next.

Owns   the verbs over explanations. No letter to an address is an answer: exit code 0. An unknown queue id is refused.
Knows  no reason: admin.explain decides and says it.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click

from ...mta.address import AddressError, normalise_domain
from ...mta.delivery.dialogue import Dialogue
from ...policy.shaping.faults import ShapingError
from ...queue.ids import queue_id
from ..explain import document, gathering, screen, site_screen, site_view
from ..explain.dialogues import all_of, last_only
from ..explain.explanation import Explanation
from ..explain.facts import Letter, Surroundings
from ..explain.fates import fates
from ..explain.gathering import Gathered
from ..explain.reasons import explain as explain_letter
from ..explain.site_view import SiteView
from ..explain.suppressed import Standing
from ..explain.timeline import events, timeline
from ..rule_faults import rule_file_words
from ..texts import _, ngettext
from .explain_suppressed import standing, suppressed_facts
from .frame import clock, config_option, json_option, loaded, teaching
from .output import console, print_facts, print_grid, print_json
from .queue_frame import AddressParam, QueueIdParam, account_names, asked

ChosenDialogues = Callable[[Sequence[Letter]], Mapping[int, Dialogue]]
_dialogue_option = click.option(
    "--dialogue",
    is_flag=True,
    help=_("Show all that was said in all attempts, as far as it is kept; not only the last."),
)


@click.group(
    **teaching(
        _("Say where a message is, why it waits, and what happens next."),
        _("Works while the server runs, and while it does not: then from what is stored."),
        examples=(
            "youtong explain recipient bob@example.org",
            "youtong explain message q0000c1s",
            "youtong explain site gmail.com",
        ),
    )
)
def explain() -> None:
    pass


@explain.command(
    **teaching(
        _("Explain the newest messages to an address."),
        _("The newest message, and the newest that waits, are shown in full: state and reason, the receiver's last "
          "reply verbatim, what happens next and when. The others get a line each. What suppresses the address is "
          "shown above, also where there is no message."),
        examples=("youtong explain recipient bob@example.org", "youtong explain recipient bob@example.org --limit 50"),
    )
)  # fmt: skip
@click.argument("address", type=AddressParam(), metavar="ADDRESS")
@click.option(
    "--limit", type=click.IntRange(1, 100), default=10, show_default=True, help=_("At most this many messages.")
)
@_dialogue_option
@config_option
@json_option
def recipient(address: str, limit: int, dialogue: bool, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)
    names = account_names(config)
    gathered = asked(lambda: gathering.to_address(config, names, address, limit, clock))
    accounts = {letter.recipient.account_id for letter in gathered.letters}
    book = standing(config, [address], accounts, gathered.around.now_ms)
    explanations = _explained(gathered, book)
    if as_json:
        print_json([document.document(each, gathered.around) for each in explanations])
        return
    _show_head(address, len(explanations))
    print_facts(suppressed_facts(book.of_address(address) if book else (), names, gathered.around.now_ms))
    if explanations:
        _show_letters(explanations, gathered.around, all_of if dialogue else last_only)


def _show_head(address: str, n: int) -> None:
    if n:
        sentence = ngettext("{n} message to {address}, newest first:", "{n} messages to {address}, newest first:", n)
    else:
        sentence = _("There is no message to {address} in the queue.")
    click.echo(sentence.format(n=n, address=address))


def _show_letters(explanations: Sequence[Explanation], around: Surroundings, chosen: ChosenDialogues) -> None:
    _warn(explanations, around)
    whole = screen.in_full(explanations)
    for each in whole:
        click.echo()
        print_facts([*screen.block(each, around), *screen.dialogue_facts(chosen([each.letter]))])
    if rest := [each for each in explanations if each not in whole]:
        click.echo()
        console().print(screen.others(rest, around.now_ms))


def _warn(explanations: Sequence[Explanation], around: Surroundings) -> None:
    """What stands above all reasons."""
    if around.redirect:
        sentence = _("All mail goes to {host} and to nobody else ([delivery] redirect_all_to).")
        click.secho(sentence.format(host=around.redirect), fg="red")
    if not around.is_running and any(each.wait is not None for each in explanations):
        click.secho(_("The server is not running: nothing is sent until it is started."), fg="red")


@explain.command(
    **teaching(
        _("Show the life of one message."),
        _("For its recipients, those that share a fate together: state and reason, what comes next, what to do. Then "
          "each attempt with the receiver's own reply, from the moment it was accepted."),
        examples=("youtong explain message q0000c1s",),
    )
)  # fmt: skip
@click.argument("number", type=QueueIdParam(), metavar="QUEUE_ID")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=1000, show_default=True, help=_("At most this many recipients.")
)
@_dialogue_option
@config_option
@json_option
def message(number: int, limit: int, dialogue: bool, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)
    names = account_names(config)
    gathered = asked(lambda: gathering.of_message(config, names, number, limit, clock))
    if not gathered.letters:
        raise click.ClickException(_("There is no message {queue_id}.").format(queue_id=queue_id(number)))
    rows = [letter.recipient for letter in gathered.letters]
    book = standing(config, (row.address for row in rows), {row.account_id for row in rows}, gathered.around.now_ms)
    explanations = _explained(gathered, book)
    if as_json:
        print_json(_life_document(explanations, gathered))
        return
    _show_life(explanations, gathered, (all_of if dialogue else last_only)(gathered.letters), names)


def _life_document(explanations: Sequence[Explanation], gathered: Gathered) -> dict[str, object]:
    said = all_of(gathered.letters)
    told = [{"recipient": address, **document.told_document(row, said)} for address, row in events(gathered.letters)]
    return {
        "queue_id": gathered.letters[0].queue_id,
        "recipients": [document.document(each, gathered.around) for each in explanations],
        "events": told,
    }


def _show_life(
    explanations: Sequence[Explanation], gathered: Gathered, said: Mapping[int, Dialogue], names: Mapping[int, str]
) -> None:
    now_ms = gathered.around.now_ms
    _warn(explanations, gathered.around)
    if len(explanations) == 1:
        (told,) = explanations
        print_facts(screen.block(told, gathered.around, recipient=True))
        print_facts(suppressed_facts(told.stopped_by or (), names, now_ms))
    else:
        print_facts(screen.letter_facts(gathered.letters[0], now_ms))
        for fate in fates(explanations):
            click.echo()
            print_facts(screen.fate_block(fate, now_ms))
        if not gathered.is_whole:
            click.echo(_("There are more; --limit shows them."))
    click.echo()
    console().print(timeline(gathered.letters, now_ms, said))


@explain.command(
    **teaching(
        _("Show what limits the mail to a domain or a provider."),
        _("Which provider it is and by which rule; its mail hosts; every number in force and the line that set it; "
          "what limits it now; whose mail waits; what is stopped, until when, and how to end that; what hosts said."),
        examples=("youtong explain site gmail.com", "youtong explain site google"),
    )
)  # fmt: skip
@click.argument("name", metavar="DOMAIN")
@config_option
@json_option
def site(name: str, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)
    names, wanted = account_names(config), _site_name(name)
    try:
        view = asked(lambda: site_view.gather(config, names, wanted, clock))
    except ShapingError as error:
        raise click.ClickException(rule_file_words(error)) from error
    if as_json:
        print_json(view)
    else:
        _show_site(view)


def _site_name(name: str) -> str:
    """A domain in its one form; a provider's name is none and stays as it is."""
    try:
        return normalise_domain(name) if "." in name else name.strip().lower()
    except AddressError as error:
        raise click.ClickException(_("“{value}” is no domain name.").format(value=name)) from error


def _show_site(view: SiteView) -> None:
    if not view.is_running:
        click.secho(_("The server is not running: nothing is sent until it is started."), fg="red")
    print_facts(site_screen.head(view))
    for title, table in (
        (_("Whose mail waits"), site_screen.flows_table(view)),
        (_("Limits in force"), site_screen.limits_table(view)),
    ):
        if table is not None:
            _titled(title)
            print_grid(table)
    for title, facts in (
        (_("What its hosts said last"), site_screen.host_facts(view)),
        (_("Put off lately"), site_screen.deferral_facts(view)),
    ):
        if facts:
            _titled(title)
            print_facts(facts)


def _titled(title: str) -> None:
    click.echo()
    click.secho(title, bold=True)


def _explained(gathered: Gathered, book: Standing | None) -> list[Explanation]:
    return [explain_letter(letter, gathered.around, book) for letter in gathered.letters]
