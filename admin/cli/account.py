"""`youtong account`: who may submit, and which addresses they may send as.

Owns   the verbs over accounts, their domains and credentials.
Knows  no rule: admin.accounts refuses, and its sentence is shown. Works on app.db whether or not the server runs; a
       running one sees the change within a second.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click
from rich.text import Text

from ...mta.address import AddressError, normalise_domain
from ..accounts import Account, AccountError, AccountRegister, Credential, account_name
from ..accounts.secrets import MIN_CHOSEN_LENGTH, chosen_verifier, random_secret, random_verifier
from ..config import Config
from ..store import AppDatabase, StoreError
from ..texts import _
from .frame import clock, config_option, json_option, loaded, teaching
from .output import print_facts, print_json, print_table

Found = TypeVar("Found")
_CLASSES = click.Choice(["people", "transactional"])


class NameParam(click.ParamType[str]):
    """An account's name in its one form."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return account_name(value)
        except AddressError:
            self.fail(_("“{value}” is no account name: it is an e-mail address.").format(value=value), param, ctx)


class DomainParam(click.ParamType[str]):
    name = "domain"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return normalise_domain(value)
        except AddressError:
            self.fail(_("“{value}” is no domain name.").format(value=value), param, ctx)


name_argument = click.argument("name", type=NameParam(), metavar="NAME")
class_option = click.option(
    "--class",
    "mail_class",
    type=_CLASSES,
    default="people",
    show_default=True,
    help=_("What kind of letters this secret sends: people's, or a program's (orders, passwords, notices)."),
)
password_option = click.option(
    "--password-stdin", is_flag=True, help=_("Read the password from standard input, instead of asking for it.")
)


@click.group(
    **teaching(
        _("Accounts: who may submit, and which addresses they may send as."),
        _("An account's name is an e-mail address, and the user name that its mail client logs in with. It may send "
          "as that address and, with domains, as any address of them. A running server sees changes at once."),
        examples=("youtong account add alice@example.com", "youtong account list"),
    )
)  # fmt: skip
def account() -> None:
    pass


@account.command(
    **teaching(
        _("Add an account."),
        _("It can log in with this password at once. With --parent it becomes a sub-account of a master, and may send "
          "as the addresses of the master's domains."),
        examples=(
            "youtong account add alice@example.com",
            "echo $PASSWORD | youtong account add shop@example.com --password-stdin --domain example.com",
            "youtong account add news@example.com --parent shop@example.com --class transactional",
        ),
    )
)  # fmt: skip
@name_argument
@password_option
@click.option(
    "--domain", "domains", multiple=True, type=DomainParam(), metavar="DOMAIN",
    help=_("May send as any address of this domain. May be repeated."),
)  # fmt: skip
@click.option("--parent", type=NameParam(), metavar="NAME", default=None, help=_("Make a sub-account of this master."))
@class_option
@config_option
def add(
    name: str, password_stdin: bool, domains: tuple[str, ...], parent: str | None, mail_class: str, config_file: Path
) -> None:
    if parent and domains:
        raise click.UsageError(_("A sub-account inherits the domains of its master: give --parent or --domain."))
    config = loaded(config_file)
    verifier = chosen_verifier(_password(password_stdin))
    _with_register(
        config,
        lambda register: register.add(name, verifier, parent=parent or "", domains=domains, mail_class=mail_class),
    )
    click.echo(_("{name} can log in now.").format(name=name))
    if not domains and not parent:
        click.echo(_("It may send as {name} only; see: youtong account domain --help").format(name=name))


@account.command(
    "list",
    **teaching(_("List all accounts."), examples=("youtong account list", "youtong account list --json")),
)
@config_option
@json_option
def list_accounts(config_file: Path, as_json: bool) -> None:
    accounts, _credentials = _with_register(loaded(config_file), AccountRegister.everything)
    if as_json:
        print_json([_as_json(one) for one in accounts])
        return
    print_table(
        (_("Account"), _("Kind"), _("Domains"), _("State"), _("Since")),
        [_account_row(one) for one in accounts],
        empty=_("There are no accounts yet; see: youtong account add --help"),
    )


@account.command(
    **teaching(_("Show one account with its credentials."), examples=("youtong account show alice@example.com",))
)
@name_argument
@config_option
@json_option
def show(name: str, config_file: Path, as_json: bool) -> None:
    async def ask(register: AccountRegister) -> tuple[Account, list[Credential]]:
        return await register.account(name), await register.credentials(name)

    found, credentials = _with_register(loaded(config_file), ask)
    if as_json:
        print_json({**_as_json(found), "credentials": [_credential_json(one) for one in credentials]})
        return
    print_facts(
        [
            (_("Account"), found.name),
            (_("Kind"), _kind(found)),
            (_("Domains"), ", ".join(found.domains) or "–"),
            (_("State"), _state(found)),
            (_("Since"), _day(found.created_ms)),
        ]
    )
    click.echo()
    _print_credentials(credentials)


@account.command(
    **teaching(
        _("Set a new password."),
        _("The old one ends at once, for the pages and for SMTP. Random credentials stay as they are."),
        examples=("youtong account passwd alice@example.com", "youtong account passwd operator"),
    )
)
@name_argument
@password_option
@config_option
def passwd(name: str, password_stdin: bool, config_file: Path) -> None:
    config = loaded(config_file)
    _with_register(config, lambda register: register.account(name))  # before anybody types a password
    verifier = chosen_verifier(_password(password_stdin))
    _with_register(config, lambda register: register.set_password(name, verifier))
    click.echo(_("{name} has a new password.").format(name=name))


@account.command(
    **teaching(
        _("Refuse an account from now on."),
        _("Its clients can no longer log in or send, nor can those of its sub-accounts. Letters that were accepted "
          "are still delivered. Nothing is deleted: “enable” undoes it."),
        examples=("youtong account disable alice@example.com",),
    )
)  # fmt: skip
@name_argument
@config_option
def disable(name: str, config_file: Path) -> None:
    _with_register(loaded(config_file), lambda register: register.set_disabled(name, True))
    click.echo(_("{name} is disabled.").format(name=name))


@account.command(
    **teaching(_("Accept a disabled account again."), examples=("youtong account enable alice@example.com",))
)
@name_argument
@config_option
def enable(name: str, config_file: Path) -> None:
    _with_register(loaded(config_file), lambda register: register.set_disabled(name, False))
    click.echo(_("{name} is enabled.").format(name=name))


@account.group(
    **teaching(
        _("The domains that a master account may send as."),
        _("A domain belongs to one master account; its sub-accounts inherit it."),
        examples=("youtong account domain add shop@example.com example.com",),
    )
)
def domain() -> None:
    pass


domain_argument = click.argument("domain_name", type=DomainParam(), metavar="DOMAIN")


@domain.command("add", **teaching(_("Let an account send as any address of a domain.")))
@name_argument
@domain_argument
@config_option
def add_domain(name: str, domain_name: str, config_file: Path) -> None:
    _with_register(loaded(config_file), lambda register: register.give_domain(name, domain_name))
    click.echo(_("{name} may send as any address of {domain}.").format(name=name, domain=domain_name))


@domain.command("remove", **teaching(_("Take a domain from an account.")))
@name_argument
@domain_argument
@config_option
def remove_domain(name: str, domain_name: str, config_file: Path) -> None:
    _with_register(loaded(config_file), lambda register: register.take_domain(name, domain_name))
    click.echo(_("{name} may no longer send as {domain}.").format(name=name, domain=domain_name))


@account.group(
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
@click.option("--label", default="", help=_("A word to know it by, e.g. the device or program."))
@config_option
@json_option
def add_credential(name: str, mail_class: str, label: str, config_file: Path, as_json: bool) -> None:
    secret = random_secret()
    verifier = random_verifier(secret)
    number = _with_register(
        loaded(config_file), lambda register: register.add_credential(name, verifier, mail_class, label)
    )
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
    credentials = _with_register(loaded(config_file), lambda register: register.credentials(name))
    if as_json:
        print_json([_credential_json(one) for one in credentials])
    else:
        _print_credentials(credentials)


@credential.command(
    "revoke",
    **teaching(_("End a credential, for good."), examples=("youtong account credential revoke shop@example.com 7",)),
)
@name_argument
@click.argument("number", type=int, metavar="NUMBER")
@config_option
def revoke_credential(name: str, number: int, config_file: Path) -> None:
    _with_register(loaded(config_file), lambda register: register.revoke_credential(name, number))
    click.echo(_("Credential {number} of {name} is revoked.").format(number=number, name=name))


def _with_register(config: Config, ask: Callable[[AccountRegister], Awaitable[Found]]) -> Found:
    """Ask the register of this configuration's app.db; a refusal ends the verb with its sentence."""

    async def asked() -> Found:
        database = await AppDatabase.open(config.server.data_dir / "app.db")
        try:
            return await ask(AccountRegister(database, clock))
        finally:
            await database.close()

    try:
        return asyncio.run(asked())
    except AccountError as error:
        raise click.ClickException(str(error)) from error
    except StoreError as error:
        raise click.ClickException(_("The accounts cannot be read or changed: {error}").format(error=error)) from error


def _password(from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = click.prompt(_("Password"), hide_input=True, confirmation_prompt=_("The same again"), err=True)
    else:
        raise click.UsageError(_("Nobody can be asked for a password here: use --password-stdin."))
    if len(password) < MIN_CHOSEN_LENGTH:
        raise click.ClickException(_("A password needs at least {n} characters.").format(n=MIN_CHOSEN_LENGTH))
    return password


def _account_row(one: Account) -> tuple[str, str, str, Text, str]:
    state = Text(_state(one), "red" if one.is_refused else "")
    shown = f"  {one.name}" if one.parent else one.name
    return shown, _kind(one), ", ".join(one.domains), state, _day(one.created_ms)


def _kind(one: Account) -> str:
    kinds = {"operator": _("operator"), "master": _("master"), "sub": _("sub-account of {parent}")}
    return kinds[one.kind].format(parent=one.parent)


def _state(one: Account) -> str:
    if one.disabled:
        return _("disabled")
    return _("disabled with its master") if one.parent_disabled else _("enabled")


def _print_credentials(credentials: list[Credential]) -> None:
    kinds = {"chosen": _("password"), "random": _("random secret")}
    classes = {"people": _("people"), "transactional": _("transactional")}
    print_table(
        (_("Number"), _("Credential"), _("Class"), _("Label"), _("State"), _("Since")),
        [
            (
                str(one.id),
                kinds[one.kind],
                classes[one.mail_class],
                one.label,
                Text(_("revoked"), "red") if one.revoked else Text(_("valid")),
                _day(one.created_ms),
            )
            for one in credentials
        ],
        empty=_("This account has no credentials."),
    )


def _as_json(one: Account) -> dict[str, object]:
    return {
        "name": one.name,
        "kind": one.kind,
        "parent": one.parent or None,
        "domains": one.domains,
        "disabled": one.is_refused,
        "created_ms": one.created_ms,
    }


def _credential_json(one: Credential) -> dict[str, object]:
    return {
        "number": one.id,
        "kind": one.kind,
        "class": one.mail_class,
        "label": one.label,
        "revoked": one.revoked,
        "created_ms": one.created_ms,
    }


def _day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone().strftime("%Y-%m-%d")
