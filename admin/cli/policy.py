"""`youtong policy`: look at the operator's policy file before the server does.

Owns   the verb `policy check`.
Knows  nothing of hooks: reading and checking is policy.policy_file.
"""

from pathlib import Path

import click
import msgspec

from ...policy.deadline import Deadline
from ...policy.policy_file import SHIPPED, PolicyError, PolicyFile, beside
from ..texts import _
from .frame import config_option, json_option, teaching
from .output import print_facts, print_json


@click.group(
    **teaching(
        _("The operator's policy file: check it before it is used."),
        _("policy.py beside the configuration file holds your own rules in Python: five functions that may refuse, "
          "defer or change mail. Without such a file nothing but the built-in rules decide."),
        examples=("youtong policy check", "youtong policy check new-policy.py"),
    )
)  # fmt: skip
def policy() -> None:
    pass


@policy.command(
    **teaching(
        _("Say whether a policy file can be used."),
        _("Runs the file as the server would, and names the first fault with its line. Without FILE it is the one "
          "that belongs to the configuration. Nothing is put into effect: that is `youtong reload`."),
        examples=("youtong policy check", "youtong policy check new-policy.py"),
    )
)  # fmt: skip
@click.argument("file", required=False, type=click.Path(path_type=Path))
@config_option
@json_option
def check(file: Path | None, config_file: Path, as_json: bool) -> None:
    try:
        loaded = PolicyFile.load(file or beside(config_file), Deadline())
    except PolicyError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        strays = [msgspec.to_builtins(stray) for stray in loaded.strays]
        hooks = loaded.defined()
        print_json({"file": str(loaded.path), "hooks": hooks, "settings": loaded.settings, "strays": strays})
    else:
        _show(loaded)


def _show(loaded: PolicyFile) -> None:
    settings = loaded.settings
    budgets = _("{short} ms, for the message hook {long} ms").format(
        short=settings.budget_ms, long=settings.message_budget_ms
    )
    shown = _("the shipped file (you have none)") if loaded.path == SHIPPED else str(loaded.path)
    print_facts(
        [
            (_("File"), shown),
            (_("Hooks"), ", ".join(loaded.defined()) or _("none: it decides nothing")),
            (_("Time budget"), budgets),
            (_("When a hook is faulty"), _on_fault(settings.on_fault.value, settings.faults_until_off)),
        ]
    )
    for stray in loaded.strays:
        text = _("Line {line}: {name} is no hook and is never called; did you mean {nearest}?")
        click.echo(text.format(line=stray.line, name=stray.name, nearest=stray.nearest))
    click.echo(_("The file can be used."))


def _on_fault(on_fault: str, faults_until_off: int) -> str:
    if on_fault == "defer":
        return _("the message at hand is deferred; after {count} faults in a row the hook is switched off").format(
            count=faults_until_off
        )
    return _("the message at hand is accepted; after {count} faults in a row the hook is switched off").format(
        count=faults_until_off
    )
