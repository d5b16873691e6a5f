"""How long a connection waits: what renews its patience, and what does not."""

import asyncio
from typing import Any

import pytest
from youtong.mta.delivery.attempt import Ending
from youtong.mta.delivery.connection import Connection
from youtong.mta.delivery.patience import patience_of
from youtong.mta.delivery.timeouts import Timeouts
from youtong.mta.outcome import Peer
from youtong.mta.smtp.client import ClientSession
from youtong.mta.smtp.client_states import State
from youtong.mta.smtp.manner import IN_THE_CLEAR


class WrittenTransport(asyncio.Transport):
    """Keeps what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def abort(self) -> None:
        pass


class SettableLoop:
    """A loop whose time stands still until it is told otherwise, and whose timers are rung by the test."""

    def __init__(self) -> None:
        self.now = 0.0
        self._loop = asyncio.get_running_loop()
        self.timers: list[tuple[float, Any]] = []

    def time(self) -> float:
        return self.now

    def create_future(self) -> "asyncio.Future[Any]":
        return self._loop.create_future()

    def call_at(self, when: float, callback: Any) -> asyncio.TimerHandle:
        self.timers.append((when, callback))
        return self._loop.call_later(3600, callback)

    def go_to(self, moment: float) -> None:
        while due := [timer for timer in self.timers if timer[0] <= moment]:
            timer = min(due, key=lambda each: each[0])
            self.timers.remove(timer)
            self.now = max(self.now, timer[0])
            timer[1]()
        self.now = moment


class Greeted:
    def __init__(self) -> None:
        self.loop, self.transport = SettableLoop(), WrittenTransport()
        session = ClientSession("us.example", Peer("mx.example", "192.0.2.1"), IN_THE_CLEAR)
        self.connection = Connection(None, session, Timeouts(), self.loop)  # type: ignore[arg-type] - never established
        self.connection.connection_made(self.transport)

    @property
    def ending(self) -> Ending | None:
        return self.connection.opening.result() if self.connection.opening.done() else None


@pytest.fixture
async def greeted() -> Greeted:
    return Greeted()


async def test_a_peer_that_drips_octets_does_not_hold_a_connection_for_ever(greeted: Greeted) -> None:
    for second, octet in enumerate(b"220-please wait\r\n" * 17, start=1):
        greeted.loop.go_to(second)
        greeted.connection.data_received(bytes([octet]))
    greeted.loop.go_to(301)
    assert str(greeted.ending) == "no answer in time"


async def test_a_whole_reply_begins_the_next_wait(greeted: Greeted) -> None:
    greeted.loop.go_to(299)
    greeted.connection.data_received(b"220 mx.example\r\n")
    assert greeted.transport.written == b"EHLO us.example\r\n"
    greeted.loop.go_to(598)
    assert greeted.ending is None
    greeted.loop.go_to(600)
    assert str(greeted.ending) == "no answer in time"


def test_each_state_lasts_as_long_as_was_decided() -> None:
    """DECISIONS, "Retry and expiry"; RFC 5321 §4.5.3.2."""
    seconds = patience_of(Timeouts())
    assert set(seconds) == set(State)
    assert (Timeouts().connect, Timeouts().connect_with_alternative) == (30, 5)
    assert {seconds[state] for state in (State.GREETING, State.EHLO, State.HELO)} == {300}
    assert {seconds[state] for state in (State.RSET, State.MAIL, State.RCPT)} == {300}
    assert (seconds[State.DATA], seconds[State.BODY], seconds[State.FINAL_DOT]) == (120, 180, 600)
