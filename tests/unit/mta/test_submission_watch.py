from dataclasses import dataclass, field

import pytest
from fakes.clock import FakeClock
from youtong.mta.reply import Reply
from youtong.mta.submission.ports import Client
from youtong.mta.submission.settings import SessionLimits
from youtong.mta.submission.watch import Watch

LIMITS = SessionLimits(
    idle_seconds=300, login_seconds=60, slow_seconds=60, min_octets_per_second=100, transaction_seconds=900
)


@dataclass(eq=False)
class Silent:
    """A session as the watch sees it; does nothing by itself."""

    peer: Client = field(default_factory=lambda: Client("192.0.2.1", 1))
    commands: int = 0
    closing: bool = False
    transaction: object | None = None
    content_octets: int = -1
    waits_for_client: bool = True
    is_deaf: bool = False
    must_log_in: bool = False
    said: list[Reply] = field(default_factory=list[Reply])
    aborted: bool = False

    def close_with(self, last: Reply) -> None:
        self.said.append(last)

    def abort(self) -> None:
        self.aborted = True


class Room:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.session = Silent()
        self.sessions = [self.session]
        self.watch = Watch(self.sessions, LIMITS, self.clock)
        self.watch.look()

    def after(self, seconds: float) -> str:
        """What the session has been told when so much time is over."""
        self.clock.advance(seconds)
        self.watch.look()
        return self.session.said[-1].text if self.session.said else ""


@pytest.fixture
def room() -> Room:
    return Room()


def test_silence_is_ended_after_the_idle_time_and_not_before(room: Room) -> None:
    assert room.after(299) == ""
    assert room.after(1) == "nothing heard for too long"


def test_a_command_begins_the_idle_time_anew(room: Room) -> None:
    room.clock.advance(299)
    room.session.commands += 1
    assert room.after(0) == ""
    assert room.after(299) == ""
    assert room.after(1) == "nothing heard for too long"


def test_a_session_that_waits_for_us_is_not_idle(room: Room) -> None:
    room.session.waits_for_client = False
    assert room.after(10_000) == ""


def test_a_client_that_reads_nothing_is_cut_off_without_a_word(room: Room) -> None:
    room.session.is_deaf, room.session.waits_for_client = True, False
    assert (room.after(299), room.session.aborted) == ("", False)
    assert (room.after(1), room.session.aborted) == ("", True)


def test_a_last_word_that_does_not_leave_is_cut_off(room: Room) -> None:
    assert room.after(300) == "nothing heard for too long"
    room.session.closing = True
    room.after(5)
    assert (room.session.aborted, len(room.session.said)) == (True, 1)


def test_who_must_log_in_has_a_minute_however_busy(room: Room) -> None:
    room.session.must_log_in = True
    for _ in range(59):
        room.session.commands += 1
        assert room.after(1) == ""
    assert room.after(1) == "log in sooner"


def test_content_slower_than_the_least_rate_is_ended_after_the_grace(room: Room) -> None:
    room.session.transaction = object()
    room.session.content_octets = 0
    assert room.after(0) == ""
    room.session.content_octets = 5_999
    assert room.after(59) == ""
    assert room.after(1) == "the message comes too slowly"


def test_content_that_comes_fast_enough_may_take_its_time(room: Room) -> None:
    room.session.transaction, room.session.content_octets = object(), 0
    room.watch.look()
    for _ in range(80):
        room.session.content_octets += 1_000
        assert room.after(10) == ""


def test_each_message_has_a_grace_of_its_own(room: Room) -> None:
    for _ in range(30):
        room.session.commands += 3
        room.session.transaction, room.session.content_octets = object(), 10
        assert room.after(50) == ""


def test_a_transaction_ends_when_its_time_is_over_though_much_is_said(room: Room) -> None:
    room.session.transaction = object()
    room.watch.look()
    for _ in range(899):
        room.session.commands += 1
        assert room.after(1) == ""
    assert room.after(1) == "the transaction takes too long"


def test_a_session_that_left_is_forgotten(room: Room) -> None:
    room.sessions.clear()
    room.watch.look()
    assert room.watch._seen == {}
