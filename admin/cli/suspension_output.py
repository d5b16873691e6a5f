"""Suspensions and operations as tables, and as JSON.

Owns   the columns and keys of `youtong queue suspensions` and `youtong queue operations`.
Knows  no verb; the sentences about one suspension are admin.explain.suspension_words'.
"""

from collections.abc import Mapping, Sequence

import click

from ...queue.ids import queue_id
from ...queue.operators.selections import Selection
from ...queue.pace.suspensions import Suspension
from ...queue.storage.operation_rows import OperationRow
from ...queue.storage.suspension_rows import SuspensionRow
from .. import times
from ..explain.suspension_words import cause_words, scope_words
from ..texts import N_, _, ngettext
from .queue_output import print_lines

_VERBS = {
    "flush": N_("flush"),
    "hold": N_("hold"),
    "release": N_("release"),
    "cancel": N_("cancel"),
    "suspend": N_("suspend"),
    "resume": N_("resume"),
    "undo": N_("undo"),
}


def print_suspensions(rows: Sequence[SuspensionRow], accounts: Mapping[int, str], now_ms: int, *, whole: bool) -> None:
    """A line each, and under it why."""
    titles = (_("Number"), _("What"), _("How"), _("Began"), _("Until"))
    print_lines(titles, [(_cells(row, accounts, now_ms), _why(row)) for row in rows], whole)
    if any(row.is_in_force(now_ms) for row in rows):
        click.echo()
        click.echo(_("To end one: youtong queue resume NUMBER"))


def _cells(row: SuspensionRow, accounts: Mapping[int, str], now_ms: int) -> tuple[str, str, str, str, str]:
    each = row.suspension
    return (
        str(each.id),
        scope_words(each, accounts),
        how_words(each),
        times.relative(each.since_ms, now_ms),
        _until(row, now_ms),
    )


def _until(row: SuspensionRow, now_ms: int) -> str:
    if row.ended_ms is not None:
        return _("ended {when} by {who}").format(when=times.relative(row.ended_ms, now_ms), who=row.ended_by)
    if row.suspension.until_ms is None:
        return _("you resume it")
    return times.both(row.suspension.until_ms, now_ms)


def how_words(suspension: Suspension) -> str:
    """Stopped, or slowed to what."""
    if suspension.stop:
        return _("stopped")
    parts: list[str] = []
    if suspension.share < 1.0:
        parts.append(f"{suspension.share * 100:g}%")
    if (rate := suspension.message_rate) is not None:
        parts.append(_("{n:,} in {span}").format(n=rate.count, span=times.span(int(rate.seconds * 1000))))
    if n := suspension.connections:
        parts.append(ngettext("{n} connection", "{n} connections", n).format(n=n))
    return _("slow: {what}").format(what=_(", ").join(parts))


def _why(row: SuspensionRow) -> str:
    each = row.suspension
    if each.rule:
        return _("rule {rule}: {reply}").format(rule=each.rule, reply=each.reply)
    return cause_words(each)


def suspension_json(row: SuspensionRow, now_ms: int) -> dict[str, object]:
    each, rate = row.suspension, row.suspension.message_rate
    return {
        "number": each.id,
        "scope": each.scope.value,
        "subject": each.subject,
        "source": each.source or None,
        "sender_domain": each.sender_domain or None,
        "in_force": row.is_in_force(now_ms),
        "stops": each.stop,
        "share": each.share,
        "message_rate": {"count": rate.count, "seconds": rate.seconds} if rate is not None else None,
        "connections": each.connections or None,
        "since_ms": each.since_ms,
        "until_ms": each.until_ms,
        "rule": each.rule or None,
        "reply": each.reply or None,
        "reason": each.reason or None,
        "who": each.who or None,
        "ended_ms": row.ended_ms,
        "ended_by": row.ended_by or None,
        "operation": row.operation or None,
    }


# -- operations -------------------------------------------------------------------------------------------------------


def print_operations(rows: Sequence[OperationRow], accounts: Mapping[int, str], now_ms: int, *, whole: bool) -> None:
    """Newest first, a line each, and under it the reason."""
    titles = (_("Number"), _("When"), _("Who"), _("Verb"), _("Changed"), _("Selection"))
    print_lines(titles, [(_operation_cells(row, accounts, now_ms), row.reason) for row in rows], whole)


def _operation_cells(row: OperationRow, accounts: Mapping[int, str], now_ms: int) -> tuple[str, ...]:
    verb = _(_VERBS.get(row.verb, row.verb))
    if row.undoes:
        verb = _("undo of {n}").format(n=row.undoes)
    elif row.undone_by:
        verb = _("{verb} (undone)").format(verb=verb)
    when = times.relative(row.at_ms, now_ms)
    return str(row.id), when, row.who, verb, f"{row.changed:,}", selection_words(row, accounts)


def selection_words(row: OperationRow, accounts: Mapping[int, str]) -> str:
    """As it would be typed."""
    chosen = row.selection
    account = accounts.get(chosen.account_id, str(chosen.account_id))
    parts = [
        queue_id(chosen.message_id) if chosen.message_id else "",
        f"--recipient {chosen.address}" if chosen.address else "",
        f"--domain {chosen.domain}" if chosen.domain else "",
        f"--provider {chosen.provider}" if chosen.provider else "",
        f"--site {chosen.site}" if chosen.site else "",
        f"--account {account}" if chosen.account_id else "",
        f"--stream {queue_id(chosen.stream_id)}" if chosen.stream_id else "",
    ]
    typed = " ".join(part for part in parts if part)
    return typed or (f"({', '.join(map(str, row.suspensions))})" if row.suspensions else _("all"))


def operation_json(row: OperationRow) -> dict[str, object]:
    return {
        "number": row.id,
        "at_ms": row.at_ms,
        "who": row.who,
        "verb": row.verb,
        "selection": _selection_json(row.selection),
        "reason": row.reason or None,
        "changed": row.changed,
        "being_delivered": row.busy,
        "suspensions": list(row.suspensions),
        "undoes": row.undoes or None,
        "undone_by": row.undone_by or None,
    }


def _selection_json(selection: Selection) -> dict[str, object]:
    return {
        "queue_id": queue_id(selection.message_id) if selection.message_id else None,
        "recipient": selection.address or None,
        "domain": selection.domain or None,
        "provider": selection.provider or None,
        "site": selection.site or None,
        "account": selection.account_id or None,
        "stream": queue_id(selection.stream_id) if selection.stream_id else None,
    }
