"""Invariant: whatever a receiving host says, each recipient of a transaction gets one outcome, and never a false one.

Delivered needs a positive reply after the dot; only a loss after the dot is ambiguous; the same however it is cut.
"""

from fakes.lane_events import FakeJob
from youtong.mta.outcome import Deferred, Delivered, Peer
from youtong.mta.smtp.client import ClientSession
from youtong.mta.smtp.client_events import Ended, SendContent
from youtong.mta.smtp.client_states import State
from youtong.mta.smtp.client_transaction import Transaction
from youtong.mta.smtp.manner import IN_THE_CLEAR

TOKENS = [
    *(
        b"220 x\r\n",
        b"250 ok\r\n",
        b"250-x\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 DSN\r\n",
        b"250 SIZE 10\r\n",
        b"354 go\r\n",
    ),
    *(b"421 4.4.2 bye\r\n", b"450 4.2.1 later\r\n", b"550 5.1.1 no\r\n", b"552 many\r\n", b"554 no\r\n", b"251 on\r\n"),
    *(b"250-", b"250", b" ", b"-", b"\r", b"\n", b"what?\r\n", b"\xff"),
]
_GOOD = b"220 x\r\n250-x\r\n250 PIPELINING\r\n"


def check(octets: bytes) -> None:
    if not octets:
        return
    talk = _GOOD + octets[1:] if octets[0] & 1 else octets[1:]
    step = octets[0] % 7 + 1
    assert _hold([talk]) == _hold([talk[at : at + step] for at in range(0, len(talk), step)])


def _hold(pieces: list[bytes]) -> list[str]:
    """A driver that starts transactions whenever it may, and sends content when asked."""
    session = ClientSession("us.example", Peer("mx.example", "192.0.2.1"), IN_THE_CLEAR)
    told: list[str] = []
    for piece in pieces:
        # One line at a time, as the driver of a real connection would see it at the latest.
        for line in piece.splitlines(keepends=True):
            for event in session.receive(line):
                if isinstance(event, SendContent) and session.state is State.BODY:
                    event.transaction.dot_sent = True
                    session.dot_sent()
                if isinstance(event, Ended):
                    told.append(_told(event))
            while session.may_start() and session.started < 3 and session.state is State.READY:
                job = FakeJob(token=session.started)
                session.start(Transaction(job), session.compose(job))
    told += [f"left {left.stage} {left.dot_sent}" for left in session.abandon()]
    return told


def _told(event: Ended) -> str:
    outcomes = event.transaction.decided()
    assert len(outcomes) == len(event.transaction.request.recipients)
    for outcome in outcomes:
        if isinstance(outcome, Delivered):
            assert outcome.reply.is_positive
            assert event.transaction.dot_sent
        if isinstance(outcome, Deferred):
            assert not outcome.ambiguous
    return str(outcomes)
