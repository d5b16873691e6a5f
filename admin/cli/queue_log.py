"""`youtong queue log`: what happened to letters, a line for each fact of the journal, oldest first.

Owns   the verb, what is selected, and following: the journal is read on by sequence number, as `tail -f` reads a file.
Knows  no SQL (queue.reading). Costs the server nothing: the rows are there, and reading them locks nobody out.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import msgspec

from ...queue.reading import AddressedFact, QueueReader, reading
from ..config import Config
from ..texts import _
from .account_frame import DomainParam, NameParam
from .frame import clock, config_option, json_option, loaded, teaching
from .log_output import logged_json_line, logged_line
from .queue_frame import AddressParam, SinceParam, account_names, account_number, asked

_PAGE = 1000
_FOLLOW_SECONDS = 0.5


class Chosen(msgspec.Struct, frozen=True):
    """Which facts are told: all criteria given must hold."""

    account_id: int = 0
    domain: str = ""
    address: str = ""

    def fits(self, fact: AddressedFact) -> bool:
        return (
            self.account_id in (0, fact.row.account_id)
            and self.domain in ("", fact.domain)
            and self.address.lower() in ("", fact.address.lower())
        )


@click.command(
    "log",
    **teaching(
        _("Show what happened to messages, oldest first."),
        _("A line for each fact: time, queue id, from, to, what happened, the host and its reply. With --json one "
          "object a line."),
        examples=(
            "youtong queue log --since 1h",
            "youtong queue log --follow --domain example.org",
            "youtong queue log --recipient bob@example.org --since 7d",
        ),
    ),
)  # fmt: skip
@click.option("--follow", "-f", is_flag=True, help=_("Go on with what happens, until Ctrl-C."))
@click.option("--account", type=NameParam(), metavar="NAME", default=None, help=_("Only messages of this account."))
@click.option("--domain", type=DomainParam(), metavar="DOMAIN", default=None, help=_("Only this recipient domain."))
@click.option("--recipient", type=AddressParam(), metavar="ADDRESS", default=None, help=_("Only this address."))
@click.option(
    "--since",
    type=SinceParam(),
    metavar="SPAN",
    default="1d",
    show_default=True,
    help=_("How far back: a number with s, m, h or d. 0s with --follow: only what is new."),
)
@config_option
@json_option
def log(
    follow: bool,
    account: str | None,
    domain: str | None,
    recipient: str | None,
    since: int,
    config_file: Path,
    as_json: bool,
) -> None:
    config = loaded(config_file)
    chosen = Chosen(account_number(config, account) if account else 0, domain or "", recipient or "")
    tell = logged_json_line if as_json else logged_line
    names = account_names(config)
    since_ms = clock.now_ms() - since
    try:
        asked(lambda: _told(config, chosen, since_ms, follow, lambda fact: click.echo(tell(fact, names))))
    except KeyboardInterrupt:
        return


def _told(config: Config, chosen: Chosen, since_ms: int, follow: bool, tell: Callable[[AddressedFact], None]) -> None:
    with reading(config.server.data_dir) as reader:
        for fact in _facts(reader, reader.seq_before(since_ms), follow):
            if chosen.fits(fact):
                tell(fact)


def _facts(reader: QueueReader, seq: int, follow: bool) -> Iterator[AddressedFact]:
    """In the journal's order. A fact that is committed later has a larger number: one process writes them all."""
    while True:
        facts = reader.facts_after(seq, _PAGE)
        yield from facts
        if facts:
            seq = facts[-1].row.seq
        elif not follow:
            return
        else:
            time.sleep(_FOLLOW_SECONDS)
