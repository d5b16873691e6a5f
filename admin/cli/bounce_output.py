"""How bounces and bounce rules are shown: JSON lines for programs, facts and a table for people.

Owns   the keys of `youtong bounce classify` (DESIGN §6), and the layout for people; the words are `bounce_words`.
Knows  no verb and no file.
"""

import json
from collections.abc import Iterator
from typing import Any

import click
import msgspec

from ...mta.reports.reading import read_report
from ...mta.reports.report import Report, ReportSort
from ...policy.bounces.classifying import Bounced, classify
from ...policy.bounces.rule import BounceRule
from ...policy.bounces.ruling import BounceRules
from ..bounce_words import action_words, blame_words, category_words, disposition_words, kind_words
from ..mail_files import MailFile
from ..texts import _

UNKNOWN = "unknown"


def lines_of(file: MailFile, rules: BounceRules, *, show_all: bool) -> Iterator[dict[str, Any]]:
    """What one message gives: a bounced recipient each, or with `show_all` what it is."""
    report = read_report(file.octets)
    bounced = classify(report, rules)
    for one in bounced:
        yield _line(file.name, one)
    if not bounced and show_all:
        yield _other_line(file.name, report)


def reply_line(bounced: Bounced | None, text: str) -> dict[str, Any]:
    """The same of a reply; None: it refuses nothing."""
    return _line("", bounced) if bounced else {"file": "", "sort": "success", "kind": "other", "diagnostic": text}


def print_line(line: dict[str, Any]) -> None:
    """Always UTF-8, whatever the terminal speaks: a program reads it. Octets that are no text become "?"."""
    octets = json.dumps(line, ensure_ascii=False).encode("utf-8", "replace")
    click.echo(octets)


def _line(name: str, one: Bounced) -> dict[str, Any]:
    return {
        "file": name,
        "recipient": one.recipient,
        "status": one.status,
        "kind": str(one.kind),
        "category": one.category or UNKNOWN,
        "disposition": one.disposition,
        "blame": str(one.blame),
        "action": str(one.action),
        "dsn_action": one.dsn_action,
        "diagnostic": one.diagnostic,
        "evidence": {"rule": one.rule, "words": one.words},
    }


def _other_line(name: str, report: Report) -> dict[str, Any]:
    line: dict[str, Any] = {"file": name, "sort": str(report.sort), "kind": "other", "action": "none"}
    recipients = [one.address for one in report.recipients if one.address]
    if report.complaint is not None:
        line["feedback_type"] = report.complaint.feedback_type
        recipients = recipients or list(report.complaint.recipients)
    if report.sort is not ReportSort.OTHER:
        line["recipients"] = recipients
    if moved := [one.new_address for one in report.recipients if one.new_address]:
        line["new_addresses"] = moved
    return line


# -- for people -----------------------------------------------------------------------------------------------------


def bounced_facts(one: Bounced, rules: BounceRules) -> list[tuple[str, str]]:
    facts = [
        (_("Category"), category_words(one.category) if one.category else _("unknown: no rule knows these words")),
        (_("Kind"), kind_words(one.kind)),
        (_("Blame"), blame_words(one.blame)),
        (_("Attempt"), _("final") if one.disposition == "final" else _("tried again")),
        (_("Action"), action_words(one.action)),
        (_("Status"), one.status),
    ]
    if rule := next((rule for rule in rules.file.rules if rule.name == one.rule), None):
        facts += [(_("Rule"), rule.name), (_("Written in"), f"{rule.path}:{rule.line}"), (_("Words"), one.words)]
        facts.append((_("Source of the fact"), rule.fact))
    elif one.rule:
        facts.append((_("Rule"), _("the table of codes: {line}").format(line=one.rule)))
    return [(name, value) for name, value in facts if value]


def rule_table() -> tuple[str, ...]:
    return _("Rule"), _("Category"), _("Kind"), _("Blame"), _("Action"), _("Providers")


def rule_row(rule: BounceRule, rules: BounceRules) -> tuple[str, ...]:
    meaning = rules.of_rule(rule)
    return (
        rule.name,
        category_words(rule.category),
        kind_words(meaning.kind),
        blame_words(meaning.blame),
        action_words(meaning.action),
        _("only {providers}").format(providers=", ".join(rule.provider)) if rule.provider else "",
    )


def rule_facts(rule: BounceRule, rules: BounceRules) -> list[tuple[str, str]]:
    meaning = rules.of_rule(rule)
    facts = [
        (_("Rule"), rule.name),
        (_("Written in"), f"{rule.path}:{rule.line}"),
        (_("Providers"), ", ".join(rule.provider)),
        (_("Category"), category_words(rule.category)),
        (_("Kind"), kind_words(meaning.kind)),
        (_("Blame"), blame_words(meaning.blame)),
        (_("Action"), action_words(meaning.action)),
        (_("Attempt"), disposition_words(meaning.disposition)),
        (_("Text"), rule.text),
        (_("Codes"), ", ".join([*map(str, rule.codes), *rule.enhanced])),
        (_("Source of the fact"), rule.fact),
        *((_("Matches"), text) for text in rule.examples),
        *((_("Does not match"), text) for text in rule.near_misses),
    ]
    return [(name, value) for name, value in facts if value]


def rule_json(rule: BounceRule, rules: BounceRules) -> dict[str, Any]:
    """As it is written, and what it means with its category's words filled in."""
    meaning = rules.of_rule(rule)
    settled = {
        "kind": meaning.kind,
        "blame": meaning.blame,
        "action": meaning.action,
        "disposition": meaning.disposition,
    }
    written = msgspec.to_builtins(rule, str_keys=True, enc_hook=str)
    return written | {key: str(value) for key, value in settled.items()}
