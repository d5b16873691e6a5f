"""The reserve (B6): bulk leaves room, and an urgent letter finds it whatever the limit's size."""

from itertools import pairwise

import pytest
from fakes.queue_ports import limits, routed
from youtong.queue.classes import MailClass
from youtong.queue.flows import Flow, FlowKey
from youtong.queue.lanes.lanes import URGENT_BEYOND_CAP, Lane
from youtong.queue.pace.ceiling import CeilingKind
from youtong.queue.pace.reserve import reserved_connections
from youtong.queue.protocol import LaneKey
from youtong.queue.routing import Source
from youtong.queue.transactions import Leased, MessageFacts, Ready, Waiting

KEY = LaneKey("provider", "default")


class Busy:
    """A lane with bulk and, when asked for, people's mail ready; what was taken is with a worker."""

    def __init__(self, **given: int) -> None:
        self.lane = Lane(KEY, Source("default", "", "mail.example.org"), limits(**given))
        self.number = 0
        self.out: list[Leased] = []

    def ready(self, mail_class: MailClass, count: int = 1, account: int = 7, flow: int = 0) -> None:
        for _ in range(count):
            self.number += 1
            key = FlowKey(account, mail_class, flow)
            number = self.number
            flow_of = Flow(flow or account * 10 + len(mail_class), key)
            facts = MessageFacts(number, number, flow, account, mail_class, "a@x.org", "7BIT", False, "", "", 10, False,
                                 9_999, "", flow_of)  # fmt: skip
            waiting = [Waiting(number, 1, "r@site", 0, 0, "", "", "")]
            self.lane.ready.append(Ready(facts, "site", "site", routed("site").hosts, waiting))

    def take(self, now: float) -> Ready | None:
        taken = self.lane.take_ready(now, lambda _: True, lambda _: False)
        if taken is not None:
            self.out.append(Leased(self.number * 1000 + len(self.out), KEY, taken))
            self.lane.start(self.out[-1], now)
        return taken

    def take_all(self, now: float) -> list[Ready]:
        taken: list[Ready] = []
        while (one := self.take(now)) is not None:
            taken.append(one)
        return taken

    def sent(self, now: float) -> None:
        for leased in self.out:
            self.lane.end(leased, (now,))
        self.out.clear()


def test_bulk_leaves_a_tenth_of_the_rate_for_people() -> None:
    busy = Busy(mails=50)
    busy.ready(MailClass.BULK, 100)
    assert len(busy.take_all(0.0)) == 45
    busy.ready(MailClass.TRANSACTIONAL, 3)
    busy.ready(MailClass.PEOPLE, 1)
    assert {each.message.mail_class for each in busy.take_all(0.0)} == {MailClass.PEOPLE, MailClass.TRANSACTIONAL}
    assert len(busy.out) == 49


def test_people_go_first() -> None:
    busy = Busy()
    busy.ready(MailClass.BULK, 3)
    busy.ready(MailClass.PEOPLE)
    assert busy.take(0.0) is not None
    assert [each.message.mail_class for each in (busy.out[0].ready,)] == [MailClass.PEOPLE]


def test_people_are_handed_over_though_enough_bulk_is_in_flight() -> None:
    busy = Busy(connections=1)
    busy.ready(MailClass.BULK, 100)
    assert len(busy.take_all(0.0)) == busy.lane.cap
    busy.ready(MailClass.PEOPLE, 9)
    assert len(busy.take_all(0.0)) == URGENT_BEYOND_CAP


def test_bulk_uses_no_more_than_its_share_of_the_connections() -> None:
    busy = Busy(connections=10, mails=1000)
    busy.ready(MailClass.BULK, 200)
    assert len(busy.take_all(0.0)) == busy.lane.cap * 9 // 10
    settings = busy.lane.settings(0.0)
    assert (settings.limits.max_connections, settings.limits.reserved_connections) == (10, 1)


@pytest.mark.parametrize(("connections", "reserved"), [(1, 0), (3, 0), (4, 1), (10, 1), (25, 3)])
def test_of_few_connections_none_is_reserved_and_of_more_at_least_one(connections: int, reserved: int) -> None:
    assert reserved_connections(connections, 10) == reserved


def test_of_a_small_rate_bulk_is_spread_so_that_a_letter_waits_one_slot_at_most() -> None:
    """Six a minute: bulk leaves every ten seconds, never six at once."""
    busy = Busy(mails=6)
    busy.ready(MailClass.BULK, 1000)
    moments: list[float] = []
    for tenth in range(3000):
        now = tenth / 10
        if busy.take(now) is not None:
            moments.append(now)
            busy.sent(now)
    assert all(9.99 < later - sooner < 11 for sooner, later in pairwise(moments))
    for start in (300.0, 303.0, 309.9):  # whenever a letter comes
        busy.ready(MailClass.PEOPLE)
        waited = next(tenth / 10 for tenth in range(200) if busy.lane.has_slot(start + tenth / 10, urgent=True))
        assert waited <= 10.2


def test_accounts_and_an_accounts_streams_take_turns() -> None:
    busy = Busy(mails=1000, connections=100)
    busy.ready(MailClass.BULK, 500, account=1, flow=11)
    busy.ready(MailClass.BULK, 500, account=1, flow=12)
    busy.ready(MailClass.BULK, 50, account=2, flow=21)
    flows = [busy.take(0.0) for _ in range(100)]
    assert [each.message.flow.id for each in flows if each is not None] == [11, 21, 12, 21] * 25


def test_the_ceiling_names_what_is_kept_for_people_while_bulk_is_ready() -> None:
    busy = Busy(mails=20)
    busy.lane.worker = 0
    busy.ready(MailClass.BULK, 18)
    busy.take_all(10.0)
    busy.sent(10.0)
    assert busy.lane.ceiling(20.0).kind is CeilingKind.NOTHING
    busy.ready(MailClass.BULK)
    ceiling = busy.lane.ceiling(20.0)
    assert (ceiling.kind, ceiling.count, ceiling.because) == (CeilingKind.MESSAGE_RATE, 20, "test")
    assert ceiling.for_bulk
    assert ceiling.frees_in == pytest.approx(50.05)
    busy.ready(MailClass.PEOPLE, 2)
    busy.take_all(20.0)
    assert not busy.lane.ceiling(20.0).for_bulk  # all is used


def test_the_ceiling_names_the_distance_that_bulk_keeps_under_a_small_limit() -> None:
    busy = Busy(mails=2)
    busy.lane.worker = 0
    busy.ready(MailClass.BULK, 2)
    busy.take_all(0.0)
    ceiling = busy.lane.ceiling(10.0)
    assert (ceiling.count, ceiling.frees_in, ceiling.for_bulk) == (2, pytest.approx(20.0), True)


def test_the_ceiling_names_the_connections_that_are_kept_for_people() -> None:
    busy = Busy(connections=4)
    busy.lane.worker = 0
    busy.ready(MailClass.BULK, 100)
    busy.take_all(0.0)
    ceiling = busy.lane.ceiling(0.0)
    assert (ceiling.kind, ceiling.count, ceiling.for_bulk) == (CeilingKind.CONNECTIONS, 4, True)
