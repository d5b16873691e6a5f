"""`youtong account set`: how an account's mail is sent.

Owns   the verb.
Knows  no rule: what follows from a setting is the queue's and the policy's.
"""

from pathlib import Path

import click

from ..texts import _
from .account_frame import changing, name_argument
from .frame import config_option, loaded, teaching


@click.command(
    "set",
    **teaching(
        _("Change how an account's mail is sent."),
        _("With --verp on, mail of its programs and streams has a reverse-path of its own for each recipient, in the "
          "domain of the author: bounces come here and are counted. The domain's MX has to point to this system. "
          "With --verp off, bounces go to the reverse-path that the program or stream gave. Personal mail keeps its "
          "own. Messages that were accepted stay as they are."),
        examples=("youtong account set shop@example.com --verp off",),
    ),
)  # fmt: skip
@name_argument
@click.option("--verp", type=click.Choice(["on", "off"]), required=True, help=_("Whether bounces come here."))
@config_option
def set_account(name: str, verp: str, config_file: Path) -> None:
    is_on = verp == "on"
    changing(loaded(config_file), lambda register: register.set_verp(name, is_on))
    sentence = (
        _("Bounces of what programs and streams of {name} send come here from now on.")
        if is_on
        else _("Bounces of what programs and streams of {name} send go to the reverse-path that they give.")
    )
    click.echo(sentence.format(name=name))
