"""Lanes and their ready queues: whose turn it is, and what a lane's permits do when its worker dies."""

from fakes.queue_ports import limits, routed
from youtong.queue.classes import MailClass
from youtong.queue.flows import Flow, FlowKey
from youtong.queue.lanes.lanes import MAX_CONNECT_PERMITS, URGENT_BEYOND_CAP, Lane
from youtong.queue.pace.in_force import InForce
from youtong.queue.pace.past import Past, PastMail
from youtong.queue.protocol import LaneKey, LaneNews
from youtong.queue.routing import Source
from youtong.queue.transactions import Leased, MessageFacts, Ready, Waiting

KEY = LaneKey("provider", "default")
FLOW = Flow(1, FlowKey(7, MailClass.PEOPLE))
FACTS = MessageFacts(1, 1, 0, 7, MailClass.PEOPLE, "a@example.org", "7BIT", False, "", "", 10, False, 9_999, "", FLOW)


def lane(**given: int) -> Lane:
    return Lane(KEY, Source("default", "", "mail.example.org"), limits(**given))


def ready(number: int, site: str, recipients: int = 1) -> Ready:
    waiting = [Waiting(number * 100 + at, 1, f"r{at}@{site}", 0, 0, "", "", "") for at in range(recipients)]
    return Ready(FACTS, site, site, routed(site).hosts, waiting)


def filled(**sites: int) -> Lane:
    made, number = lane(), 0
    for site, transactions in sites.items():
        for _ in range(transactions):
            number += 1
            made.ready.append(ready(number, site))
    return made


def drawn(of: Lane, resting: str = "", probed: str = "", times: int = 100) -> list[str]:
    """The sites in the order in which their transactions leave."""
    sites = []
    for token in range(times):
        taken = of.take_ready(0.0, lambda each: each.site != resting, lambda site: site == probed)
        if taken is None:
            break
        of.start(Leased(token, KEY, taken), 0.0)
        sites.append(taken.site)
    return sites


def test_sites_take_turns() -> None:
    assert drawn(filled(a=3, b=1, c=2)) == ["a", "b", "c", "a", "c", "a"]


def test_a_resting_site_waits_and_holds_up_nobody() -> None:
    of = filled(a=2, b=2)
    assert drawn(of, resting="a") == ["b", "b"]
    assert of.ready.of_site["a"] == 2
    assert drawn(of) == ["a", "a"]


def test_a_probed_site_gets_one_transaction_at_a_time() -> None:
    of = filled(a=3)
    assert drawn(of, probed="a") == ["a"]
    of.end(Leased(0, KEY, ready(1, "a")), ())
    assert drawn(of, probed="a") == ["a"]


def test_nothing_leaves_without_a_permit_or_a_slot() -> None:
    rated, small = lane(mails=2), lane(connections=1)
    for number in range(20):
        rated.ready.append(ready(number, "a"))
        small.ready.append(ready(number, "a"))
    assert len(drawn(rated)) == 2
    assert len(drawn(small)) == small.cap + URGENT_BEYOND_CAP == 12


def test_an_ended_transaction_frees_its_slot_and_an_unused_permit() -> None:
    of = lane(mails=1)
    of.ready.append(ready(1, "a"))
    of.ready.append(ready(2, "a"))
    assert drawn(of) == ["a"]
    of.end(Leased(0, KEY, ready(1, "a")), ())
    assert (of.in_flight, of.in_flight_at) == (0, {})
    assert drawn(of) == ["a"]
    of.end(Leased(0, KEY, ready(2, "a")), (0.0,))
    assert of.mails.free(0.0) == 0


def test_what_is_ready_is_counted_in_recipients() -> None:
    of = lane()
    of.ready.append(ready(1, "a", 3))
    of.ready.append(ready(2, "a", 2))
    assert (of.ready.recipients, repr(of.ready)) == (5, "<LaneReady to provider: 5 recipients>")
    of.take_ready(0.0, lambda _: True, lambda _: False)
    assert of.ready.recipients == 2


def test_a_worker_holds_a_few_connect_permits_and_gets_more_for_those_it_used() -> None:
    of = lane(connects=5)
    assert of.settings(0.0).connects == 4
    assert of.settings(0.0).connects == 0
    of.heard(LaneNews(KEY, (0.0, 0.0), 2, wants_connect=False))
    assert of.settings(0.0).connects == 1  # five in the window
    assert of.connections == 2


def test_permits_of_a_dead_worker_count_as_used_at_its_death() -> None:
    of = lane(connects=5)
    of.settings(0.0)
    of.connections = 3
    of.worker_died(10.0)
    assert (of.connects.out, of.connections, of.worker) == (0, 0, None)
    assert of.connects.free(69.0) == 1
    assert of.connects.free(71.0) == 5


def test_what_an_earlier_owner_sent_counts() -> None:
    of = lane(mails=3, connects=10)
    of.remember(Past([PastMail(1.0, "a"), PastMail(2.0, "b")], [1.0]))
    assert (of.mails.free(3.0), of.connects.free(3.0)) == (1, 10 - 1)


def test_connect_permits_that_may_have_been_out_count_with_recovered_leases() -> None:
    of = lane(mails=3, connects=10)
    of.remember(Past([PastMail(1.0, "a")], recovered=[2.0]))
    assert (of.mails.free(3.0), of.connects.free(3.0)) == (1, 10 - MAX_CONNECT_PERMITS)


def test_a_lane_says_how_it_is() -> None:
    of = filled(a=2)
    assert repr(of) == "<Lane provider from default: 0 leased, <LaneReady to provider: 2 recipients>>"
    assert of.has_ready
    assert not of.is_idle(0.0)
    assert lane().is_idle(0.0)


def test_a_lane_is_idle_only_when_its_windows_are_empty_too() -> None:
    of = lane(mails=3)
    of.mails.record(10.0)
    assert not of.is_idle(10.5)
    assert of.is_idle(200.0)


def test_connect_permits_that_a_worker_never_used_keep_no_lane_alive() -> None:
    of = lane(connects=4)
    of.settings(1.0)
    assert of.connects.out
    assert of.is_idle(2.0)


def test_other_limits_keep_what_left_and_what_is_out() -> None:
    of = lane(mails=5)
    for number in range(5):
        of.ready.append(ready(number, "a"))
    assert len(drawn(of, times=3)) == 3
    of.end(Leased(0, KEY, ready(0, "a")), (1.0,))
    assert of.apply(InForce(limits(mails=4)), 2.0)
    assert of.mails.free(2.0) == 1
    assert of.apply(InForce(limits(mails=2)), 2.0)
    assert of.mails.free(2.0) == 0
    assert of.apply(InForce(limits(mails=9)), 2.0)
    assert of.mails.free(2.0) == 6
    assert not of.apply(InForce(limits(mails=9)), 2.0)


def test_connect_permits_given_by_other_limits_are_asked_back() -> None:
    of = lane(connects=5)
    assert not of.settings(0.0).revoke
    assert of.apply(InForce(limits(connects=1)), 1.0)
    settings = of.settings(1.0)
    assert (settings.revoke, settings.connects, of.connects.out) == (True, 0, 4)
    of.heard(LaneNews(KEY, (0.5,), 1, wants_connect=False, unused=3))
    assert (of.connects.out, of.connects.free(1.0)) == (0, 0)
    assert not of.settings(1.0).revoke


def test_a_lane_that_moves_or_waits_for_another_starts_nothing() -> None:
    of = filled(a=1)
    of.is_moving = True
    assert drawn(of) == []
    of.left_by(1)
    of.behind.add(LaneKey("old", "default"))
    assert drawn(of) == []
    assert not of.is_idle(0.0)
    of.behind.clear()
    assert drawn(of) == ["a"]
