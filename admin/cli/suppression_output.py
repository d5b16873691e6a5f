"""Suppressions as tables, facts and JSON.

Owns   their layout.
Knows  no verb; the words are those of admin.suppression.words.
"""

from collections.abc import Mapping, Sequence

import click
import msgspec

from .. import times
from ..suppression.entry import Entry, Lifted
from ..suppression.words import (
    because_words,
    evidence_words,
    lifting_sentence,
    reason_words,
    scope_words,
    source_words,
)
from ..texts import _
from .fitted_rows import Fitting, print_rows
from .output import print_facts

Names = Mapping[int, str]
_ADDRESS = Fitting(key=1)


def print_entries(entries: Sequence[Entry], names: Names, now_ms: int) -> None:
    print_rows(
        (_("Number"), _("Address"), _("Why"), _("Holds for"), _("Since"), _("Source")),
        [
            (
                str(each.id),
                each.address,
                reason_words(each.reason),
                scope_words(each, names.get(each.account_id, "")),
                times.exact(each.created_ms, now_ms),
                source_words(each.source),
            )
            for each in entries
        ],
        _ADDRESS,
        empty=_("No address is suppressed."),
    )


def print_entry(entry: Entry, names: Names, now_ms: int) -> None:
    expires = _("never") if entry.expires_ms is None else times.both(entry.expires_ms, now_ms)
    facts = [
        (_("Number"), str(entry.id)),
        (_("Address"), entry.address),
        (_("Why"), reason_words(entry.reason)),
        (_("Holds for"), scope_words(entry, names.get(entry.account_id, ""))),
        (_("Since"), times.both(entry.created_ms, now_ms)),
        (_("Source"), source_words(entry.source)),
        (_("By"), entry.who),
        (_("Evidence"), evidence_words(entry)),
        (_("Ends"), expires),
        (_("Lifting"), lifting_sentence(entry)),
    ]
    print_facts([(name, value) for name, value in facts if value])


def print_lifted(lifted: Sequence[Lifted], now_ms: int) -> None:
    print_rows(
        (_("Number"), _("Address"), _("It was"), _("Lifted"), _("Because"), _("By")),
        [
            (
                str(each.entry.id),
                each.entry.address,
                reason_words(each.entry.reason),
                times.exact(each.lifted_ms, now_ms),
                because_words(each),
                each.by,
            )
            for each in lifted
        ],
        Fitting(key=1, beneath=(4,)),
    )


def tell_more(after: int) -> None:
    click.echo(_("There are more: --after {number}").format(number=after))


def entry_json(entry: Entry, names: Names) -> dict[str, object]:
    return {
        "number": entry.id,
        "address": entry.address,
        "pattern": entry.is_pattern,
        "reason": entry.reason,
        "account": names.get(entry.account_id) if entry.account_id else None,
        "source": entry.source,
        "who": entry.who,
        "created_ms": entry.created_ms,
        "expires_ms": entry.expires_ms,
        "evidence": None if entry.evidence is None else msgspec.to_builtins(entry.evidence),
    }


def lifted_json(lifted: Lifted, names: Names) -> dict[str, object]:
    return {
        **entry_json(lifted.entry, names),
        "lifted_ms": lifted.lifted_ms,
        "how": lifted.how,
        "by": lifted.by,
        "why": lifted.why,
    }
