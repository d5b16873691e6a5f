"""`youtong bounce`: what failures mean.

Owns   the verbs classify, rules and test.
Knows  no rule and no message format: policy.bounces and mta.reports do. What holds is what the file says now; a running
       server takes it into use with `youtong reload`.
"""

import sys
from pathlib import Path

import click
from click.core import ParameterSource

from ...mta.outcome import Stage
from ...policy.bounces.answering import classify_reply
from ...policy.bounces.loading import load_rules
from ...policy.bounces.ruling import BounceRules
from ...policy.rulefiles.faults import RuleFileError
from ...queue.classes import MailClass
from ..mail_files import STDIN, Unreadable, mail_files
from ..rule_faults import rule_file_words
from ..texts import _
from .bounce_output import bounced_facts, lines_of, print_line, reply_line, rule_facts, rule_json, rule_row, rule_table
from .fitted_rows import Fitting, print_rows
from .frame import config_option, json_option, teaching
from .output import print_facts, print_json

_STAGES = [str(stage) for stage in Stage if stage not in (Stage.ROUTE, Stage.CONNECT)]
_CLASSES = [str(each) for each in MailClass]


@click.group(
    **teaching(
        _("Bounces: what a refusal or a notice means, who is to blame, and what follows."),
        _("bounces.toml beside the configuration file holds your own rules; without it the shipped ones apply. They "
          "are checked by youtong config check, and put into effect by youtong reload."),
        examples=("youtong bounce classify Maildir", 'youtong bounce test "550 5.1.1 User unknown"'),
    )
)  # fmt: skip
def bounce() -> None:
    pass


@bounce.command(
    **teaching(
        _("Say what bounce messages mean: one JSON object per bounced recipient and line."),
        _("Files may be messages, folders (with all below them), Maildirs or mboxes; without one, or for -, standard "
          "input is read. Nothing is printed for mail that is no bounce, or with --all an object that says what it "
          "is. Files that cannot be read are reported, the others are classified, and the exit code is 1. With "
          "--reply one SMTP reply is classified instead, as it would count for mail of --class."),
        examples=("youtong bounce classify bounce.eml", "youtong bounce classify --all Maildir/cur",
                  'youtong bounce classify --reply "550 5.2.2 Mailbox full"'),
    )
)  # fmt: skip
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--reply", default=None, help=_("A complete SMTP reply, in place of files."))
@click.option("--class", "mail_class", type=click.Choice(_CLASSES), default=str(MailClass.BULK), show_default=True,
              help=_("With --reply: of which class the mail was."))  # fmt: skip
@click.option("--provider", default="", help=_("With --reply: the provider that said it, or its host."))
@click.option("--all", "show_all", is_flag=True, help=_("Also say what mail is that is no bounce."))
@config_option
def classify(
    files: tuple[str, ...], reply: str | None, mail_class: str, provider: str, show_all: bool, config_file: Path
) -> None:
    if reply is None:
        _refuse_what_only_a_reply_has()
        _classify_files(files or (STDIN,), _rules(config_file), show_all)
    elif files:
        raise click.UsageError(_("Give files or --reply, not both."))
    else:
        _classify_reply(reply, _rules(config_file), MailClass(mail_class), provider, show_all)


def _refuse_what_only_a_reply_has() -> None:
    """A notice says itself who wrote it, and it is final: an option that changed nothing would mislead."""
    context = click.get_current_context()
    for option, name in (("--class", "mail_class"), ("--provider", "provider")):
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise click.UsageError(_("{option} is for --reply only.").format(option=option))


def at_terminal() -> bool:
    return sys.stdin.isatty()


def _classify_files(files: tuple[str, ...], rules: BounceRules, show_all: bool) -> None:
    failed = False
    if STDIN in files and at_terminal():
        click.echo(_("Reading a message from standard input; Ctrl+D ends it."), err=True)
    for path in files:
        for found in mail_files(path):
            if isinstance(found, Unreadable):
                failed = True
                sentence = _("youtong: {path} cannot be read: {why}").format(path=found.name, why=found.why)
                click.echo(sentence, err=True)
                continue
            for line in lines_of(found, rules, show_all=show_all):
                print_line(line)
    if failed:
        click.get_current_context().exit(1)


def _classify_reply(text: str, rules: BounceRules, mail_class: MailClass, provider: str, show_all: bool) -> None:
    try:
        bounced = classify_reply(text, rules, mail_class, provider)
    except ValueError as error:
        raise click.ClickException(_("A reply starts with a code from 200 to 599, like 421 or 550.")) from error
    if bounced is not None or show_all:
        print_line(reply_line(bounced, text))


@bounce.command(
    **teaching(
        _("List the bounce rules in the order in which they are asked."),
        _("With a name one rule is shown, with its texts and where it is written. The rules of a provider are tried "
          "first on that provider's replies."),
        examples=("youtong bounce rules", "youtong bounce rules mailbox-full", "youtong bounce rules --json"),
    )
)  # fmt: skip
@click.argument("name", required=False)
@config_option
@json_option
def rules(name: str | None, config_file: Path, as_json: bool) -> None:
    known = _rules(config_file)
    shown = [rule for rule in known.file.rules if name in (None, rule.name)]
    if name and not shown:
        raise click.ClickException(_("There is no bounce rule “{name}”.").format(name=name))
    if as_json:
        print_json([rule_json(rule, known) for rule in shown])
    elif name:
        print_facts(rule_facts(shown[0], known))
    else:
        print_rows(rule_table(), [rule_row(rule, known) for rule in shown], Fitting(least=24, beneath=(5,)))


@bounce.command(
    **teaching(
        _("Say which rule matches a reply, and what it means."),
        _("Put the complete reply in quotes, with its code. Nothing is sent or changed."),
        examples=('youtong bounce test "550 Ip frequency limited."',
                  'youtong bounce test --provider qq "550 Mailbox unavailable or access denied"'),
    )
)  # fmt: skip
@click.argument("reply")
@click.option("--provider", default="", help=_("The provider that said it, or its host; without one, any."))
@click.option("--stage", type=click.Choice(_STAGES), default=str(Stage.RCPT), help=_("To which command."))
@click.option("--class", "mail_class", type=click.Choice(_CLASSES), default=str(MailClass.BULK), show_default=True,
              help=_("Of which class the mail was."))  # fmt: skip
@config_option
@json_option
def test(reply: str, provider: str, stage: str, mail_class: str, config_file: Path, as_json: bool) -> None:
    known = _rules(config_file)
    try:
        bounced = classify_reply(reply, known, MailClass(mail_class), provider, Stage(stage))
    except ValueError as error:
        raise click.ClickException(_("A reply starts with a code from 200 to 599, like 421 or 550.")) from error
    if as_json:
        print_json(reply_line(bounced, reply))
    elif bounced is None:
        click.echo(_("This reply refuses nothing."))
    else:
        print_facts(bounced_facts(bounced, known))


def _rules(config_file: Path) -> BounceRules:
    """Without a configuration the shipped rules."""
    try:
        return load_rules(config_file)
    except RuleFileError as error:
        raise click.ClickException(rule_file_words(error)) from error
