"""`youtong config`: what is configured, and whether it can be used.

Owns   the verbs show and check.
Knows  no key: the sections do.
"""

import json
from pathlib import Path

import click
from rich.text import Text

from ...policy.bounces import lint as bounce_lint, loading as bounce_file
from ...policy.rulefiles.faults import Fault as RuleFault, RuleFileError
from ...policy.shaping import file as shaping_file, lint as shaping_lint
from ..accounts import AccountRegister
from ..config import Config, ConfigError, load
from ..config.showing import Setting, settings
from ..rule_faults import fault_words, phrase_words, rule_file_words
from ..texts import _
from ..warnings import HasAccount, warnings
from .account_frame import with_register
from .frame import config_option, json_option, loaded, teaching
from .output import print_json, print_table


@click.group(
    **teaching(
        _("The configuration: check it, show what differs from the defaults."),
        _("One TOML file holds the settings of the server. Every key is explained in the file itself."),
        examples=("youtong config check", "youtong config show --all"),
    )
)
def config() -> None:
    pass


@config.command(
    **teaching(
        _("List every fault of the configuration file, with its line."),
        _(
            "Nothing is started or changed. The exit code is 0 when the file can be used, and 1 when it has faults. "
            "Settings that can be used, but will hardly do what you expect, are reported too. The shaping rules and "
            "bounce rules that belong to it are checked with it."
        ),
        examples=("youtong config check", "youtong config check --config /etc/youtong/youtong.toml"),
    )
)
@config_option
@json_option
def check(config_file: Path, as_json: bool) -> None:
    try:
        usable = load(config_file)
    except ConfigError as error:
        if not as_json:
            raise click.ClickException(str(error)) from error
        print_json([{"line": one.line, "place": one.place, "fault": one.sentence} for one in error.faults])
        click.get_current_context().exit(1)
    doubts = _rule_doubts(config_file, as_json)
    told = warnings(usable, has_account(usable))
    if as_json:
        plain = [{"line": one.line, "place": one.place, "warning": one.sentence} for one in told]
        print_json([*plain, *(_rule_json(one, "warning") for one in doubts)])
        return
    click.echo(_("{path} has no faults.").format(path=config_file))
    if told or doubts:
        click.echo(_("But look at:"))
        for line in (*(one.with_line() for one in told), *(fault_words(one) for one in doubts)):
            click.echo(f"  {line}")


def _rule_doubts(config_file: Path, as_json: bool) -> list[RuleFault]:
    """What is odd in the shaping rules and bounce rules; faults of either end the verb."""
    faults: list[RuleFault] = []
    doubts: list[RuleFault] = []
    for look in (_shaping_doubts, _bounce_doubts):
        try:
            doubts += look(config_file)
        except RuleFileError as error:
            faults += error.faults
    if faults and not as_json:
        raise click.ClickException(rule_file_words(RuleFileError(faults)))
    if faults:
        print_json([_rule_json(one, "fault") for one in faults])
        click.get_current_context().exit(1)
    return doubts


def _shaping_doubts(config_file: Path) -> list[RuleFault]:
    return shaping_lint.warnings(shaping_file.load(shaping_file.beside(config_file)))


def _bounce_doubts(config_file: Path) -> list[RuleFault]:
    """The shipped rules are linted by a test; here what the operator has written."""
    path = bounce_file.beside(config_file)
    rules = bounce_file.load_rules(config_file, shaping_file.load(shaping_file.SHIPPED))
    return bounce_lint.warnings(rules) if path != bounce_file.SHIPPED else []


def _rule_json(fault: RuleFault, kind: str) -> dict[str, object]:
    return {"file": str(fault.path), "line": fault.line, "place": fault.place, kind: phrase_words(fault.sentence)}


@config.command(
    **teaching(
        _("Show what differs from the defaults."),
        _("With --all every setting is shown; those that differ are marked."),
        examples=("youtong config show", "youtong config show --all --json"),
    )
)
@config_option
@json_option
@click.option("--all", "show_all", is_flag=True, help=_("Show the settings that have their default value, too."))
def show(config_file: Path, as_json: bool, show_all: bool) -> None:
    shown = [one for one in settings(loaded(config_file)) if show_all or one.differs]
    if as_json:
        print_json(
            [{"section": one.section, "key": one.key, "value": one.value, "differs": one.differs} for one in shown]
        )
        return
    print_table(
        (_("Section"), _("Key"), _("Value"), _("Default")),
        [_row(one) for one in shown],
        empty=_("Everything has its default value."),
    )


def has_account(config: Config) -> HasAccount | None:
    """Asks app.db; None while there is none."""
    if not (config.server.data_dir / "app.db").exists():
        return None
    accounts, _credentials = with_register(config, AccountRegister.everything)
    return {account.name for account in accounts}.__contains__


def _row(one: Setting) -> tuple[str, str, Text, str]:
    style = "bold" if one.differs else ""
    return one.section, one.key, Text(_toml(one.value), style), "" if one.default is None else _toml(one.default)


def _toml(value: object) -> str:
    """The value as it is written in the file; TOML's plain values look like JSON's."""
    return json.dumps(value, ensure_ascii=False)
