"""`youtong account domain`: the domains that a master account may send as.

Owns   the verbs add and remove.
Knows  no rule: the register refuses.
"""

from pathlib import Path

import click

from ..texts import _
from .account_frame import changing, domain_argument, name_argument
from .frame import config_option, loaded, teaching


@click.group(
    **teaching(
        _("The domains that a master account may send as."),
        _("A domain belongs to one master account; its sub-accounts inherit it."),
        examples=("youtong account domain add shop@example.com example.com",),
    )
)
def domain() -> None:
    pass


@domain.command("add", **teaching(_("Let an account send as any address of a domain.")))
@name_argument
@domain_argument
@config_option
def add_domain(name: str, domain_name: str, config_file: Path) -> None:
    changing(loaded(config_file), lambda register: register.give_domain(name, domain_name))
    click.echo(_("{name} may send as any address of {domain}.").format(name=name, domain=domain_name))


@domain.command("remove", **teaching(_("Remove a domain from an account.")))
@name_argument
@domain_argument
@config_option
def remove_domain(name: str, domain_name: str, config_file: Path) -> None:
    changing(loaded(config_file), lambda register: register.take_domain(name, domain_name))
    click.echo(_("{name} may no longer send as {domain}.").format(name=name, domain=domain_name))
