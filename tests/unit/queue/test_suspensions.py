"""The book of suspensions: what stops a lane, a place or a flow, and that time ends it."""

import pytest
from fakes.clock import FakeClock
from youtong.queue.classes import MailClass
from youtong.queue.flows import Flow, FlowKey
from youtong.queue.pace.suspensions import Suspension, Suspensions, SuspensionScope

_S = SuspensionScope
FLOW = Flow(1, FlowKey(7, MailClass.BULK, 5, "a.example"))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def book(clock: FakeClock) -> Suspensions:
    return Suspensions(clock)


def asked(book: Suspensions) -> tuple[bool, bool, bool]:
    """Whether a lane, a place and a flow are stopped that each of the tests' suspensions may mean."""
    return (
        book.of_lane("google", "one") is not None,
        book.of_place("mx.b.example", "b.example") is not None,
        book.of_flow(FLOW, "google") is not None,
    )


@pytest.mark.parametrize(
    ("suspension", "stopped"),
    [
        (Suspension(1, _S.PROVIDER, "google"), (True, False, False)),
        (Suspension(1, _S.PROVIDER, "google", source="one"), (True, False, False)),
        (Suspension(1, _S.PROVIDER, "google", source="two"), (False, False, False)),
        (Suspension(1, _S.PROVIDER, "yahoo"), (False, False, False)),
        (Suspension(1, _S.PROVIDER, "google", sender_domain="a.example"), (False, False, True)),
        (Suspension(1, _S.PROVIDER, "google", sender_domain="c.example"), (False, False, False)),
        (Suspension(1, _S.SITE, "mx.b.example"), (False, True, False)),
        (Suspension(1, _S.DOMAIN, "b.example"), (False, True, False)),
        (Suspension(1, _S.DOMAIN, "mx.b.example"), (False, False, False)),
        (Suspension(1, _S.ACCOUNT, "7"), (False, False, True)),
        (Suspension(1, _S.ACCOUNT, "5"), (False, False, False)),
        (Suspension(1, _S.STREAM, "5"), (False, False, True)),
    ],
)
def test_a_stop_means_what_it_names_and_nothing_else(
    book: Suspensions, suspension: Suspension, stopped: tuple[bool, bool, bool]
) -> None:
    book.put(suspension)
    assert asked(book) == stopped
    assert book.take_out(1) == suspension
    assert (asked(book), bool(book)) == ((False, False, False), False)


def test_submitted_mail_and_null_reverse_paths_have_no_stream_and_no_sender(book: Suspensions) -> None:
    book.put(Suspension(1, _S.STREAM, "0"))
    book.put(Suspension(2, _S.PROVIDER, "google", sender_domain=""))
    assert book.of_flow(Flow(2, FlowKey(7, MailClass.PEOPLE)), "google") is None


def test_time_ends_a_suspension_without_anybody_doing_anything(book: Suspensions, clock: FakeClock) -> None:
    book.put(Suspension(1, _S.PROVIDER, "google", until_ms=clock.now_ms() + 60_000))
    assert book.soonest_end_ms() == clock.now_ms() + 60_000
    clock.advance(59.9)
    assert book.of_lane("google", "one") is not None
    clock.advance(0.1)
    assert book.of_lane("google", "one") is None
    assert book.in_force() == []
    assert [each.id for each in book.take_out_ended()] == [1]
    assert not book


def test_of_two_stops_the_one_that_lasts_longest_is_told_and_a_slowing_stops_nothing(
    book: Suspensions, clock: FakeClock
) -> None:
    book.put(Suspension(1, _S.PROVIDER, "google", until_ms=clock.now_ms() + 60_000))
    book.put(Suspension(2, _S.PROVIDER, "google", source="one", stop=False, share=0.5))
    book.put(Suspension(3, _S.PROVIDER, "google", source="one"))
    assert (stop := book.of_lane("google", "one")) is not None
    assert stop.id == 3
    assert [each.id for each in book.slowings("google", "one")] == [2]
    assert book.slowings("google", "two") == []


def test_slowings_of_a_site_and_of_a_sender_are_their_own(book: Suspensions) -> None:
    book.put(Suspension(1, _S.SITE, "mx", stop=False, share=0.5))
    book.put(Suspension(2, _S.PROVIDER, "google", sender_domain="a.example", stop=False, share=0.5))
    assert [each.id for each in book.slowings_of_site("mx")] == [1]
    assert [each.id for each in book.slowings_of_sender("google", "a.example")] == [2]
    assert book.slowings("google", "one") == []
    assert book.of_flow(FLOW, "google") is None


def test_what_is_put_again_under_its_number_is_changed_not_doubled(book: Suspensions, clock: FakeClock) -> None:
    book.put(Suspension(1, _S.PROVIDER, "google", until_ms=clock.now_ms() + 1000))
    book.put(Suspension(1, _S.PROVIDER, "google", until_ms=clock.now_ms() + 9000))
    assert [each.until_ms for each in book.in_force()] == [clock.now_ms() + 9000]
