"""`youtong account`: who may submit, and which addresses they may send as.

Owns   the verbs over accounts.
Knows  no rule: admin.accounts refuses, and its sentence is shown. Works on app.db whether or not the server runs; a
       running one acts on a change before the verb returns.
"""

from pathlib import Path

import click

from ..accounts import Account, AccountRegister, Credential
from ..accounts.secrets import chosen_verifier
from ..texts import _
from .account_credential import credential
from .account_domain import domain
from .account_frame import (
    DomainParam,
    NameParam,
    changing,
    class_option,
    name_argument,
    password_option,
    read_password,
    recent_fates,
    with_register,
)
from .account_output import account_json, credential_json, print_account, print_accounts, print_credentials
from .account_setting import set_account
from .fates_output import fates_json, print_fates
from .frame import config_option, json_option, loaded, teaching
from .output import print_json


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


account.add_command(domain)
account.add_command(credential)
account.add_command(set_account)


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
    verifier = chosen_verifier(read_password(password_stdin))
    changing(
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
    accounts, _credentials = with_register(loaded(config_file), AccountRegister.everything)
    if as_json:
        print_json([account_json(one) for one in accounts])
        return
    print_accounts(accounts)


@account.command(
    **teaching(_("Show one account with its credentials."), examples=("youtong account show alice@example.com",))
)
@name_argument
@config_option
@json_option
def show(name: str, config_file: Path, as_json: bool) -> None:
    async def ask(register: AccountRegister) -> tuple[Account, list[Credential]]:
        return await register.account(name), await register.credentials(name)

    config = loaded(config_file)
    found, credentials = with_register(config, ask)
    fates = recent_fates(config, found.id)
    if as_json:
        told = [credential_json(one) for one in credentials]
        print_json({**account_json(found), "credentials": told, "fates_30_days": fates_json(fates)})
        return
    print_account(found)
    click.echo()
    print_credentials(credentials)
    if fates:
        click.echo("\n" + _("Recipients whose mail ended in the last 30 days:"))
        print_fates(fates)


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
    with_register(config, lambda register: register.account(name))  # before anybody types a password
    verifier = chosen_verifier(read_password(password_stdin))
    changing(config, lambda register: register.set_password(name, verifier))
    click.echo(_("{name} has a new password.").format(name=name))


@account.command(
    **teaching(
        _("Refuse an account from now on."),
        _("Its clients can no longer log in or send, nor can those of its sub-accounts. Messages that were accepted "
          "are still delivered. Nothing is deleted: “enable” undoes it."),
        examples=("youtong account disable alice@example.com",),
    )
)  # fmt: skip
@name_argument
@config_option
def disable(name: str, config_file: Path) -> None:
    changing(loaded(config_file), lambda register: register.set_disabled(name, True))
    click.echo(_("{name} is disabled.").format(name=name))


@account.command(
    **teaching(_("Accept a disabled account again."), examples=("youtong account enable alice@example.com",))
)
@name_argument
@config_option
def enable(name: str, config_file: Path) -> None:
    changing(loaded(config_file), lambda register: register.set_disabled(name, False))
    click.echo(_("{name} is enabled.").format(name=name))
