"""What owner and worker say: frames whole however they are cut, and the outbox that gathers them."""

import asyncio

from fakes.clock import FakeClock
from fakes.queue_ports import limits, routed
from hypothesis import given, strategies as st
from youtong.mta.frames import FrameReader
from youtong.mta.outcome import Deferred, Delivered, Failed, Peer, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue.classes import MailClass
from youtong.queue.contents.content import ContentKind, StoredContent
from youtong.queue.flows import Flow, FlowKey
from youtong.queue.lanes.lanes import Lane
from youtong.queue.protocol import (
    Committed,
    Finished,
    Handover,
    Hello,
    LaneKey,
    LaneNews,
    OwnerSays,
    Recall,
    Reload,
    Report,
    Returned,
    SiteFailed,
    Stop,
    frame,
    from_owner,
    from_worker,
)
from youtong.queue.routing import Source
from youtong.queue.transactions import Leased, MessageFacts, Ready, Waiting
from youtong.queue.workers.outbox import Outbox

KEY = LaneKey("provider", "default")
CONTENT = StoredContent(1, ContentKind.SUBMITTED, b"Subject: x\r\n\r\n", b"text\r\n", None)
OUTCOMES = [
    Delivered(reply(250, "2.0.0", "ok"), Peer("mx", "127.0.0.1", "TLSv1.3"), relayed_dsn=True),
    Deferred(Stage.RCPT, Scope.RECIPIENT, reply(451, "4.3.0", "später"), "", ambiguous=True, retry_after_seconds=5),
    Failed(Stage.ROUTE, Scope.MESSAGE, None, "why", category="no-such-user"),
]
REPORT = Report(
    3,
    [Finished(1 << 50, list(OUTCOMES), (1.5,))],
    [Returned(7, (), "fault")],
    [LaneNews(KEY, (1.0, 2.0), 3, wants_connect=True)],
    [SiteFailed(KEY, "mx.example", "refused")],
)


def leased(token: int, content: StoredContent | None = CONTENT, site: str = "mx.example") -> Leased:
    flow = Flow(1, FlowKey(7, MailClass.PEOPLE))
    facts = MessageFacts(
        1, 1, 0, 7, MailClass.PEOPLE, "a@example.org", "7BIT", False, "", "", 10, False, 9_999, "", flow
    )
    waiting = [Waiting(token, 1, "b@example.com", 0, 0, "", "", '{"name":"B"}')]
    return Leased(token, KEY, Ready(facts, "example.com", site, routed(site).hosts, waiting), content)


def lane() -> Lane:
    return Lane(KEY, Source("default", "127.0.0.1", "mail.example.org"), limits())


@given(st.lists(st.binary(max_size=50), max_size=10), st.lists(st.integers(1, 20), max_size=60))
def test_frames_are_whole_however_the_stream_is_cut(bodies: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(len(body).to_bytes(4, "little") + body for body in bodies)
    reader, found = FrameReader(), []
    for cut in [*cuts, len(stream)]:
        found += reader.feed(stream[:cut])
        stream = stream[cut:]
    assert found == bodies


def test_every_message_is_read_as_it_was_said() -> None:
    settings = lane().settings(0.0)
    said_by_owner: list[OwnerSays] = [
        Handover([settings], {"mx.example": routed("mx.example").hosts}, [CONTENT], [leased(5).parcel()]),
        Recall([1, 1 << 62]),
        Stop(),
        Reload(),
        Committed([1, 2]),
    ]
    assert [from_owner(frame(message)[4:]) for message in said_by_owner] == said_by_owner
    assert [from_worker(frame(message)[4:]) for message in (Hello(4711), REPORT)] == [Hello(4711), REPORT]


class Said:
    """An outbox and what it said."""

    def __init__(self) -> None:
        self.messages: list[OwnerSays] = []
        self.outbox = Outbox(self.messages.append, FakeClock())

    async def round(self) -> Handover:
        await asyncio.sleep(0)
        handover = self.messages.pop()
        assert isinstance(handover, Handover)
        assert self.messages == []
        return handover


async def test_what_is_handed_over_in_one_round_is_one_message_with_each_content_once() -> None:
    said, mine = Said(), lane()
    said.outbox.add(mine, leased(1))
    said.outbox.add(mine, leased(2))
    said.outbox.add(mine, leased(3, content=None))
    handover = await said.round()
    assert [parcel.token for parcel in handover.jobs] == [1, 2, 3]
    assert handover.contents == [CONTENT]
    assert [(each.key, each.connects) for each in handover.lanes] == [(KEY, 4)]
    assert list(handover.sites) == ["mx.example"]


async def test_a_lane_is_told_once_and_then_only_of_new_permits_until_its_worker_dies() -> None:
    said, mine = Said(), lane()
    told: list[list[int]] = []
    for token in range(5):
        said.outbox.add(mine, leased(token))
        told.append([each.connects for each in (await said.round()).lanes])
        if token == 1:
            mine.heard(LaneNews(KEY, (0.0,), 1, wants_connect=False))
        if token == 3:
            mine.worker_died(0.0)
    assert told == [[4], [], [1], [], [4]]


async def test_connect_permits_of_two_updates_in_one_round_are_both_passed_on() -> None:
    said, mine = Said(), lane()
    said.outbox.update(mine.settings(0.0))
    mine.connects.give_back((0.0,))
    said.outbox.update(mine.settings(0.0))
    (settings,) = (await said.round()).lanes
    assert settings.connects == 5
    assert mine.connects.out == 4


async def test_nothing_is_said_to_the_dead_and_no_permit_taken_for_it() -> None:
    said, mine = Said(), lane()
    said.outbox.add(mine, leased(1))
    said.outbox.close()
    mine.worker_died(0.0)
    await asyncio.sleep(0)
    assert said.messages == []
    assert mine.connects.out == 0


async def test_acknowledgements_are_gathered() -> None:
    said = Said()
    said.outbox.committed(1)
    said.outbox.committed(2)
    said.outbox._acknowledge()
    assert said.messages == [Committed([1, 2])]
