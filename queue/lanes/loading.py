"""Loading: pages of due recipients, and the ready transactions that are made of them.

Owns   reading within the room that flows have, and putting recipients of one message and domain together.
Knows  not what is active or why (queue.lanes.loader).
"""

from collections.abc import Iterable

import msgspec

from ..damage import is_sound
from ..flows import Flow
from ..pace.suspensions import Suspension
from ..sites import KnownRoute
from ..storage.backlog import Pair
from ..storage.rows import DueRow
from ..storage.store import QueueStore
from ..transactions import MessageFacts, Ready, facts_of, waiting_of
from .lanes import Lane
from .leasing import Leasing
from .ready import FlowAt

START = (-1, -1)


class Active(msgspec.Struct):
    """A flow's due recipients in a domain."""

    pair: Pair
    name: str
    flow: Flow | None = None
    after: tuple[int, int] = START
    noticed: int = 0  # how often something became due
    is_exhausted: bool = False  # everything that was due when it was read is ready
    taken_to: tuple[str, str] | None = None  # provider and site that the ready ones were meant for


class Page(msgspec.Struct):
    """A page to be read for a pair."""

    active: Active
    route: KnownRoute
    flow_at: FlowAt
    noticed: int  # of the pair, when the page was asked for
    stopped_lane: tuple[str, str] = ("", "")
    damaged: list[DueRow] = []  # rows of which no letter can be made


def read_pages(
    store: QueueStore, pages: Iterable[Page], room: dict[FlowAt, int], now_ms: int, most: int
) -> list[tuple[int, list[DueRow]]]:
    """For each page how many rows it could have, and its rows. Within an operation; may run twice."""
    left = dict(room)
    read: list[tuple[int, list[DueRow]]] = []
    for page in pages:
        limit = max(0, min(most, left[page.flow_at]))
        rows = store.due_recipients(*page.active.pair, now_ms, page.active.after, limit) if limit else []
        left[page.flow_at] -= len(rows)
        read.append((limit, rows))
    return read


def make_ready(leasing: Leasing, page: Page, rows: Iterable[DueRow], now_ms: int) -> Suspension | None:
    """Transactions of these on their lanes; what stops some of them, if their lane is stopped."""
    stop: Suspension | None = None
    made: list[tuple[Lane, Ready]] = []
    facts: MessageFacts | None = None
    assert page.active.flow is not None
    for row in rows:
        if row.id in leasing.ready.ids or row.expires_ms <= now_ms:
            continue
        if not is_sound(row):
            page.damaged.append(row)
            continue
        if facts is None or facts.message_id != row.message_id:
            facts = facts_of(row, page.active.flow)
        lane = leasing.lane_for(facts, page.route.provider, page.active.name)
        stopped = leasing.book.of_lane(lane.key.provider, lane.key.source) if leasing.book else None
        if stopped is not None:
            stop, page.stopped_lane = stopped, (lane.key.provider, lane.key.source)
        else:
            _put(made, lane, facts, page, row)
    for lane, ready in made:
        leasing.add_ready(lane, ready)
    return stop


def _put(made: list[tuple[Lane, Ready]], lane: Lane, facts: MessageFacts, page: Page, row: DueRow) -> None:
    """Into the transaction before, or a new one."""
    last = made[-1][1] if made else None
    alone = row.fields or row.stream_id or row.verp_domain  # each letter, or its envelope, is another
    most = lane.limits.recipients_per_transaction.value
    if last is not None and last.message is facts and not alone and len(last.recipients) < most:
        last.recipients.append(waiting_of(row))
        return
    routed = page.route.routed
    made.append((lane, Ready(facts, page.active.name, routed.site, routed.hosts, [waiting_of(row)])))
