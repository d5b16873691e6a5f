"""`youtong reload`: let the running server read its files anew.

Owns   the verb.
Knows  nothing of what is reloaded (admin.serve).
"""

from pathlib import Path

import click

from ..control import NotRunning, Refused, ask
from ..texts import _
from .frame import config_option, loaded, teaching


@click.command(
    **teaching(
        _("Let the running server read its files anew."),
        _("Configuration, certificate, DKIM keys, policy.py, bounces.toml and shaping.toml are read again without "
          "closing a session. If one of them is faulty, nothing changes. Addresses to listen at, data_dir and "
          "[delivery] need a restart. When bounces.toml says something else now, all dead addresses are judged again."),
        examples=("youtong reload",),
    )
)  # fmt: skip
@config_option
def reload(config_file: Path) -> None:
    config = loaded(config_file)
    try:
        answer = ask(config.server.data_dir, "owner", {"verb": "reload"})
    except NotRunning as error:
        raise click.ClickException(
            _("No server is running for {folder}.").format(folder=config.server.data_dir)
        ) from error
    except Refused as error:
        raise click.ClickException(str(error)) from error
    click.echo(_("Reloaded."))
    if answer.get("bounce_rules_changed"):
        click.echo(
            _("The bounce rules have changed: dead addresses are judged by them again now. Those that are written to "
              "again are listed by: youtong suppression repaired")
        )  # fmt: skip
