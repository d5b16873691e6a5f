"""How somebody says which letters are meant: the options that the verbs over the queue share.

Owns   the options, what was typed as a value, and the sentence about a name that nothing has.
Knows  no verb and no transition.
"""

from collections.abc import Callable
from difflib import get_close_matches
from functools import wraps
from typing import Any

import click
import msgspec

from ...queue.operators.operator_reading import Kind, OperatorReader, operator_reading
from ...queue.operators.selections import Selection
from ..config import Config
from ..texts import _
from .account_frame import DomainParam, NameParam
from .queue_frame import AddressParam, QueueIdParam, StreamParam, account_number, asked

Verb = Callable[..., None]
_MAX_SHOWN = 8


class Chosen(msgspec.Struct, frozen=True):
    """Which letters are meant, as it was typed; all that was given must hold."""

    number: int | None = None
    address: str = ""
    domain: str = ""
    account: str = ""
    provider: str = ""
    site: str = ""
    stream: int = 0

    @property
    def is_empty(self) -> bool:
        return self == Chosen()

    def selection(self, config: Config) -> Selection:
        """What the queue is asked for. A provider or site that it never met ends the verb."""
        if self.provider:
            asked(lambda: _must_know(config, "provider", self.provider))
        if self.site:
            asked(lambda: _must_know(config, "site", self.site))
        return self.without_check(config)

    def without_check(self, config: Config) -> Selection:
        """As `selection`, for what may come only later."""
        account_id = account_number(config, self.account) if self.account else 0
        return Selection(self.number or 0, self.address, self.domain, account_id, self.provider, self.site, self.stream)


def selecting(verb: Verb) -> Verb:
    """The ways to say which letters are meant, passed on as `chosen`."""

    @wraps(verb)
    def wrapped(
        number: int | None,
        message: int | None,
        address: str | None,
        domain: str | None,
        account: str | None,
        provider: str,
        site: str,
        stream: int,
        **others: Any,
    ) -> None:
        chosen = Chosen(message or number, address or "", domain or "", account or "", provider, site, stream)
        verb(chosen=chosen, **others)

    decorated: Verb = wrapped
    for option in reversed(_options()):
        decorated = option(decorated)
    return decorated


def _options() -> tuple[Callable[[Verb], Verb], ...]:
    return (
        click.argument("number", type=QueueIdParam(), metavar="[QUEUE_ID]", required=False),
        click.option("--message", type=QueueIdParam(), metavar="QUEUE_ID", default=None, help=_("This message.")),
        click.option(
            "--recipient",
            "address",
            type=AddressParam(),
            metavar="ADDRESS",
            default=None,
            help=_("Messages to this address."),
        ),
        click.option(
            "--domain", type=DomainParam(), metavar="DOMAIN", default=None, help=_("Messages to this domain.")
        ),
        click.option(
            "--provider", metavar="NAME", default="", help=_("Messages to this provider. Names: youtong top.")
        ),
        click.option("--site", metavar="NAME", default="", help=_("Messages to this set of MX hosts.")),
        click.option("--account", type=NameParam(), metavar="NAME", default=None, help=_("Messages of this account.")),
        click.option("--stream", type=StreamParam(), metavar="ID", default=0, help=_("Messages of this stream.")),
    )


def choosing(verb: Verb) -> Verb:
    """As `selecting`, where somebody must choose; with --all, and --reason passed on as `reason`."""

    @wraps(verb)
    def wrapped(chosen: Chosen, everything: bool, **others: Any) -> None:
        if chosen.is_empty != everything:
            raise click.UsageError(
                _("Say which messages: a queue id, --recipient, --domain, --provider, --site, --account, --stream, "
                  "or --all.")
            )  # fmt: skip
        verb(chosen=chosen, **others)

    wrapped = click.option("--reason", metavar="TEXT", default="", help=_("Kept in the journal and shown."))(wrapped)
    wrapped = click.option("--all", "everything", is_flag=True, help=_("All that waits."))(wrapped)
    return selecting(wrapped)


def _must_know(config: Config, kind: Kind, name: str) -> None:
    with operator_reading(config.server.data_dir) as reader:
        if not reader.is_known(kind, name):
            raise click.ClickException(unknown_words(reader, kind, name))


def unknown_words(reader: OperatorReader, kind: Kind, name: str, others: tuple[str, ...] = ()) -> str:
    """That nothing has this name, and which it could be."""
    what = _("provider") if kind == "provider" else _("site")
    sentence = _("No mail ever went to a {what} “{name}”.").format(what=what, name=name)
    if of_domain := reader.of_domain(kind, name.lower()):
        return sentence + " " + _("The domain {domain} belongs to “{name}”.").format(domain=name, name=of_domain)
    known = sorted({*reader.names(kind), *others})
    if near := get_close_matches(name, known, n=3, cutoff=0.5):
        return sentence + " " + _("Did you mean: {names}?").format(names=_(", ").join(near))
    if not known:
        return sentence + " " + _("No route was ever looked up.")
    more = "…" if len(known) > _MAX_SHOWN else ""
    return sentence + " " + _("There are: {names}").format(names=_(", ").join(known[:_MAX_SHOWN]) + more)
