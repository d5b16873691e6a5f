"""`youtong account credential`: further secrets of an account, one for each device or program.

Owns   the verbs add, list, limit and revoke.
Knows  no rule: the register refuses. A secret is made here, printed once, and kept nowhere.
"""

from collections.abc import Callable
from pathlib import Path

import click

from ..accounts.secrets import random_secret, random_verifier
from ..texts import N_, _
from .account_frame import changing, class_option, name_argument, with_register
from .account_output import credential_json, limits_words, print_credentials
from .frame import config_option, json_option, loaded, teaching
from .output import print_facts, print_json


@click.group(
    **teaching(
        _("Further secrets of an account, one for each device or program."),
        _("Each can be revoked alone. The user name is always the account's name."),
        examples=("youtong account credential add shop@example.com --class transactional --label webshop",),
    )
)
def credential() -> None:
    pass


@credential.command(
    "add",
    **teaching(
        _("Make a random secret and print it once."),
        _("Only its hash is kept: a lost secret is revoked, and another one made."),
        examples=("youtong account credential add shop@example.com --label webshop --class transactional",),
    ),
)
@name_argument
@class_option
@click.option("--label", default="", help=_("A label to know it by, e.g. the device or program."))
@config_option
@json_option
def add_credential(name: str, mail_class: str, label: str, config_file: Path, as_json: bool) -> None:
    secret = random_secret()
    verifier = random_verifier(secret)
    number = changing(loaded(config_file), lambda register: register.add_credential(name, verifier, mail_class, label))
    if as_json:
        print_json({"credential": number, "user": name, "secret": secret})
        return
    print_facts([(_("Number"), str(number)), (_("User name"), name), (_("Secret"), secret)])
    click.echo(_("The secret is shown only now."), err=True)


@credential.command("list", **teaching(_("List the credentials of an account, revoked ones too.")))
@name_argument
@config_option
@json_option
def list_credentials(name: str, config_file: Path, as_json: bool) -> None:
    credentials = with_register(loaded(config_file), lambda register: register.credentials(name))
    if as_json:
        print_json([credential_json(one) for one in credentials])
    else:
        print_credentials(credentials)


@credential.command(
    "revoke",
    **teaching(_("End a credential, for good."), examples=("youtong account credential revoke shop@example.com 7",)),
)
@name_argument
@click.argument("number", type=int, metavar="NUMBER")
@config_option
def revoke_credential(name: str, number: int, config_file: Path) -> None:
    changing(loaded(config_file), lambda register: register.revoke_credential(name, number))
    click.echo(_("Credential {number} of {name} is revoked.").format(number=number, name=name))


_LIMIT = click.IntRange(0, 1_000_000)
_LIMITS: tuple[tuple[str, str], ...] = (
    ("messages_per_minute", N_("Messages within a minute.")),
    ("messages_per_hour", N_("Messages within an hour.")),
    ("messages_per_day", N_("Messages within 24 hours.")),
    ("recipients_per_minute", N_("Recipients within a minute.")),
    ("recipients_per_hour", N_("Recipients within an hour.")),
    ("recipients_per_day", N_("Recipients within 24 hours.")),
    ("new_recipients_per_day", N_("Recipients within 24 hours that the account never wrote to; beyond it, held.")),
)


def _limit_options(verb: Callable[..., None]) -> Callable[..., None]:
    """One option for each number that [people] has."""
    for name, text in reversed(_LIMITS):
        option = click.option(f"--{name.replace('_', '-')}", name, type=_LIMIT, metavar="N", default=None, help=_(text))
        verb = option(verb)
    return verb


@credential.command(
    "limit",
    **teaching(
        _("Give a credential limits of its own."),
        _("They replace those in [people] of the configuration, also for transactional credentials, which have none "
          "otherwise. 0 is no limit. A running server follows at once."),
        examples=(
            "youtong account credential limit shop@example.com 7 --messages-per-day 2000 --recipients-per-day 5000",
            "youtong account credential limit shop@example.com 7 --default",
        ),
    ),
)  # fmt: skip
@name_argument
@click.argument("number", type=int, metavar="NUMBER")
@_limit_options
@click.option("--default", "as_configured", is_flag=True, help=_("Remove all its own limits."))
@config_option
def limit_credential(name: str, number: int, as_configured: bool, config_file: Path, **numbers: int | None) -> None:
    given = {field: value for field, value in numbers.items() if value is not None}
    if bool(given) == as_configured:
        raise click.UsageError(_("Say which limits, or --default."))
    limits: dict[str, int | None] = dict.fromkeys(numbers) if as_configured else {**given}
    changing(loaded(config_file), lambda register: register.set_limits(name, number, limits))
    if as_configured:
        click.echo(_("Credential {number} of {name} has no limits of its own.").format(number=number, name=name))
    else:
        sentence = _("Credential {number} of {name} is limited now: {limits}.")
        click.echo(sentence.format(number=number, name=name, limits=limits_words(given)))
