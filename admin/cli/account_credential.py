"""`youtong account credential`: further secrets of an account, one for each device or program.

Owns   the verbs add, list and revoke.
Knows  no rule: the register refuses. A secret is made here, printed once, and kept nowhere.
"""

from pathlib import Path

import click

from ..accounts.secrets import random_secret, random_verifier
from ..texts import _
from .account_frame import class_option, name_argument, with_register
from .account_output import credential_json, print_credentials
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
@click.option("--label", default="", help=_("A word to know it by, e.g. the device or program."))
@config_option
@json_option
def add_credential(name: str, mail_class: str, label: str, config_file: Path, as_json: bool) -> None:
    secret = random_secret()
    verifier = random_verifier(secret)
    number = with_register(
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
    with_register(loaded(config_file), lambda register: register.revoke_credential(name, number))
    click.echo(_("Credential {number} of {name} is revoked.").format(number=number, name=name))
