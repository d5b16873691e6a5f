"""Sums of what waits, by provider and flow, read beside the owner."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.queue_room import QueueRoom
from youtong.queue.reading import reading
from youtong.queue.storage import backlog_reads


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[QueueRoom]:
    made = await QueueRoom(tmp_path).open()
    made.leasing.open = False
    yield made
    await made.close()


async def _waiting(room: QueueRoom) -> None:
    """Two domains with a route, one without, people's and bulk mail."""
    await room.accept("a@b.example", "b@b.example", "c@c.example")
    await room.accept("d@b.example", mail_class="bulk")
    for domain in ("b.example", "c.example"):
        room.sites.look_up(domain, lambda: None)
    await room.idle()
    await room.accept("e@d.example")
    learned = [("b.example", "mx.b.example", "mx.b"), ("c.example", "mx.c.example", "mx.c")]
    await room.commits.submit(lambda _: room.store.backlog.learn(learned))


async def test_sums_are_by_provider_and_flow_and_nobody_is_counted_twice(room: QueueRoom) -> None:
    await _waiting(room)
    with reading(room.folder) as reader:
        sums = {(each.provider, each.mail_class): each.waiting for each in reader.backlog()}
    assert sums == {("mx.b", "people"): 2, ("mx.b", "bulk"): 1, ("mx.c", "people"): 1, ("", "people"): 1}


async def test_one_domain_and_one_provider_are_asked_for_alone(room: QueueRoom) -> None:
    await _waiting(room)
    with reading(room.folder) as reader:
        assert sum(each.waiting for each in reader.backlog_of("b.example")) == 3
        assert sum(each.waiting for each in reader.backlog_to("mx.c")) == 1
        assert (reader.provider_of("c.example"), reader.provider_of("d.example")) == ("mx.c", "")
        assert reader.backlog_of("unheard.example") == []


async def test_a_flow_is_told_with_whose_mail_it_is(room: QueueRoom) -> None:
    await _waiting(room)
    with reading(room.folder) as reader:
        (flow_id,) = {each.flow_id for each in reader.backlog() if each.mail_class == "bulk"}
        flow = reader.flow(flow_id)
    assert flow is not None
    assert (flow.account_id, flow.mail_class, flow.sender_domain, flow.stream) == (7, "bulk", "example.org", "")


async def test_when_each_providers_mail_is_next_looked_at_is_read_in_the_order_of_time(room: QueueRoom) -> None:
    await _waiting(room)
    now_ms = room.clock.now_ms()
    later = [(room.store.domain_id("c.example"), flow, now_ms + 500) for flow in (1, 2)]
    await room.commits.submit(lambda _: room.store.backlog.look_again(later))
    with reading(room.folder) as reader:
        assert reader.looked_at(now_ms) == {"mx.b": now_ms, "mx.c": now_ms + 500, "": now_ms}


@pytest.mark.parametrize("query", [backlog_reads._OF_DOMAIN, backlog_reads._LOOKED_AT])
async def test_no_sum_scans_a_table(room: QueueRoom, query: str) -> None:
    values = (1, 2, 3)[: query.count("?")]
    plan = [row[3] for row in room.db.execute(f"EXPLAIN QUERY PLAN {query}", values)]
    assert plan
    assert not [step for step in plan if step.startswith("SCAN")], plan
