"""How streams are shown.

Owns   the table, the facts of one stream, and their JSON.
Knows  no row's meaning beyond its words.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import click
import msgspec

from ...queue.ids import queue_id
from ...queue.states import RecipientState
from ...queue.storage.stream_rows import RevisionRow, StreamRow
from ...queue.streams.stream_states import RunState
from ..explain.sentences import state_words
from ..explain.suspension_words import stream_reason
from ..returns.fate_reading import Fates
from ..texts import _
from ..times import both
from .fates_output import print_fates
from .frame import clock
from .output import print_facts, print_table


def state_word(state: RunState) -> str:
    match state:
        case RunState.RUNNING:
            return _("running")
        case RunState.PAUSED:
            return _("paused")
        case RunState.STOPPED:
            return _("stopped")


def print_streams(rows: Sequence[StreamRow], names: Mapping[int, str]) -> None:
    titles = (_("Stream"), _("Name"), _("Account"), _("State"), _("Recipients"), _("Waiting"), _("Text"))
    cells = [
        (
            queue_id(row.id), row.name, _account(row, names), state_word(row.run_state), f"{row.enqueued:,}",
            f"{row.waiting:,}", str(row.revision),
        )
        for row in rows
    ]  # fmt: skip
    print_table(titles, cells, empty=_("There are no streams."))


def print_stream(
    row: StreamRow,
    names: Mapping[int, str],
    revisions: Sequence[RevisionRow],
    states: Mapping[RecipientState, int],
    fates: Fates,
) -> None:
    now_ms = clock.now_ms()
    facts = [
        (_("Stream"), queue_id(row.id)),
        (_("Name"), row.name),
        (_("Account"), _account(row, names)),
        (_("State"), state_word(row.run_state)),
        (_("Last change"), both(row.changed_ms, now_ms)),
        (_("By"), row.who),
        (_("Reason"), stream_reason(row.reason)),
        (_("Bounces"), _bounces(row)),
        (_("Recipients"), f"{row.enqueued:,}"),
        *((capitalized(state_words(state)), f"{count:,}") for state, count in sorted(states.items())),
        (_("Complaints without a name"), f"{row.complaints:,}" if row.complaints else ""),
        (_("Made"), both(row.created_ms, now_ms)),
        (_("Ends"), both(row.expires_ms, now_ms)),
    ]
    print_facts([(name, value) for name, value in facts if value])
    click.echo()
    if fates:
        print_fates(fates)
        click.echo()
    print_table(
        (_("Text"), _("Octets"), _("Made"), _("By")),
        [(str(each.number), str(each.size_bytes), both(each.at_ms, now_ms), each.who) for each in revisions],
    )


def _bounces(row: StreamRow) -> str:
    if row.verp_domain:
        return _("come here, to an address for each recipient at {domain}").format(domain=row.verp_domain)
    return _("go to {address}").format(address=row.reverse_path)


def stream_json(
    row: StreamRow,
    names: Mapping[int, str],
    revisions: Sequence[RevisionRow] = (),
    states: Mapping[RecipientState, int] | None = None,
) -> dict[str, Any]:
    """`id` as people type it, and all of the row."""
    shown = {name: getattr(row, name) for name in StreamRow.__struct_fields__}
    shown |= {"id": queue_id(row.id), "number": row.id, "account": _account(row, names)}
    if states is not None:
        shown["states"] = {state.name.lower(): count for state, count in sorted(states.items())}
    if revisions:
        shown["revisions"] = [
            {name: getattr(each, name) for name in RevisionRow.__struct_fields__} for each in revisions
        ]
    return msgspec.to_builtins(shown)


def capitalized(words: str) -> str:
    """As the first word of a line."""
    return words[:1].upper() + words[1:]


def _account(row: StreamRow, names: Mapping[int, str]) -> str:
    return names.get(row.account_id, str(row.account_id))
