"""How `youtong dkim` shows records, comparisons and verdicts: as rows for people, as JSON for programs.

Owns   the columns and keys.
Knows  no verb; the sentences are in `dkim_texts`.
"""

from collections.abc import Sequence
from typing import Any

import click
from rich.text import Text

from ...mta.dkim.key import SigningKey, public_record
from ...mta.dkim.record import RecordFault, faults_of
from ...mta.dkim.verify import Verdict
from ...mta.dns.answers import Answer, Found, Unavailable
from ..texts import _
from .dkim_texts import fault_text, reason_text
from .output import print_facts


def print_records(keys: Sequence[SigningKey]) -> None:
    """For people: the value on a line of its own, whole, for the clipboard."""
    for number, key in enumerate(keys):
        if number:
            click.echo()
        print_facts([(_("Name"), key.record_name), (_("Type"), "TXT")])
        click.echo(f"{_('Value')}:\n{public_record(key)}")  # on lines of its own, whole, for the clipboard


def record_json(key: SigningKey) -> dict[str, str]:
    """One record to publish."""
    return {
        "domain": key.domain,
        "selector": key.selector,
        "algorithm": key.algorithm,
        "name": key.record_name,
        "type": "TXT",
        "value": public_record(key),
    }


def published_faults(key: SigningKey, answer: Answer[bytes]) -> list[RecordFault]:
    """What is wrong with the answer for this key; not to be asked of an Unavailable one."""
    return faults_of(key, answer.records if isinstance(answer, Found) else ())


def tested_row(key: SigningKey, answer: Answer[bytes]) -> tuple[str, str, Text]:
    """Name, algorithm, and what was found."""
    if isinstance(answer, Unavailable):
        result = Text(_("could not be looked up: {why}").format(why=answer.why), "yellow")
    elif faults := published_faults(key, answer):
        result = Text("\n".join(fault_text(fault) for fault in faults), "red")
    else:
        result = Text(_("published, and fits"), "green")
    return key.record_name, key.algorithm, result


def tested_json(key: SigningKey, answer: Answer[bytes]) -> dict[str, Any]:
    """A record to publish, with what was found."""
    published = [record.decode("utf-8", "replace") for record in answer.records] if isinstance(answer, Found) else []
    unavailable = answer.why if isinstance(answer, Unavailable) else None
    faults = [] if unavailable else published_faults(key, answer)
    return {**record_json(key), "published": published, "faults": faults, "unavailable": unavailable}


def verdict_row(verdict: Verdict) -> tuple[str, str, str, Text]:
    """Domain, selector, algorithm, and the verdict."""
    if verdict.reason is None:
        result = Text(_("pass"), "green")
    else:
        reason = reason_text(verdict.reason) + (f" ({verdict.detail})" if verdict.detail else "")
        result = Text(_("fail: {reason}").format(reason=reason), "red")
    return verdict.domain, verdict.selector, verdict.algorithm, result


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """One signature."""
    return {
        "domain": verdict.domain,
        "selector": verdict.selector,
        "algorithm": verdict.algorithm,
        "passed": verdict.passed,
        "reason": verdict.reason and verdict.reason.name.lower().replace("_", "-"),
        "detail": verdict.detail,
    }
