"""However the peer's octets are cut, and whatever they are, the session tells the same and never breaks."""

from fakes.lane_events import FakeJob
from hypothesis import given, strategies as st
from youtong.mta.outcome import Peer
from youtong.mta.smtp.client import ClientSession
from youtong.mta.smtp.client_events import Ended, Event, SendContent
from youtong.mta.smtp.client_states import State
from youtong.mta.smtp.client_transaction import Transaction
from youtong.mta.smtp.manner import IN_THE_CLEAR

REPLY = st.sampled_from(
    [
        b"220 x\r\n",
        b"250 ok\r\n",
        b"250-x\r\n250 PIPELINING\r\n",
        b"354 go\r\n",
        b"421 4.4.2 bye\r\n",
        b"450 4.2.1 later\r\n",
        b"550 5.1.1 no\r\n",
        b"552 many\n",
        b"what?\r\n",
        b"250-unfinished\r\n",
    ]
)
TALK = st.lists(REPLY, max_size=12).map(b"".join)
GOOD = b"220 x\r\n250-x\r\n250 PIPELINING\r\n"


def hold(octets: list[bytes]) -> list[str]:
    """A driver that starts a transaction whenever it may, and sends content when asked."""
    session = ClientSession("us.example", Peer("mx.example", "192.0.2.1"), IN_THE_CLEAR)
    told: list[str] = []
    for piece in octets:
        events: list[Event] = session.receive(piece)
        for event in events:
            told.append(f"{type(event).__name__} {_outcomes(event)}")
            if isinstance(event, SendContent) and session.state is State.BODY:
                session.dot_sent()
        while session.may_start() and session.started < 3 and session.state is State.READY:
            session.start(Transaction(FakeJob(token=session.started)), session.compose(FakeJob()))
    told += [f"left {transaction.stage} {transaction.dot_sent}" for transaction in session.abandon()]
    return told


def _outcomes(event: Event) -> str:
    return str(event.transaction.decided()) if isinstance(event, Ended) else ""


@given(TALK)
def test_one_reply_at_a_time_or_one_octet_at_a_time_is_the_same(talk: bytes):
    whole = (GOOD + talk).splitlines(keepends=True)
    octets = [bytes([octet]) for octet in GOOD + talk]
    assert hold(whole) == hold(octets)


@given(st.lists(st.binary(max_size=40), max_size=10), st.booleans())
def test_no_octets_of_a_peer_raise(pieces: list[bytes], after_greeting: bool):
    hold(([GOOD] if after_greeting else []) + pieces)
