"""The client's table, exhaustively: every state with every kind of reply."""

import pytest
from fakes.lane_events import FakeJob
from youtong.mta.outcome import Peer
from youtong.mta.smtp.client import ClientSession
from youtong.mta.smtp.client_events import BeginTls, Closing, Ended, Faulted, Refused, SendContent
from youtong.mta.smtp.client_states import TABLE, Reaction, Seen, State
from youtong.mta.smtp.client_transaction import Transaction
from youtong.mta.smtp.errors import LocalProtocolError
from youtong.mta.smtp.manner import AS_USUAL, Manner

STEP_BY_STEP = Manner(pipeline=False)
REPLIES = {
    Seen.POSITIVE: b"250 ok\r\n",
    Seen.INTERMEDIATE: b"354 go\r\n",
    Seen.TRANSIENT: b"451 later\r\n",
    Seen.PERMANENT: b"550 no\r\n",
    Seen.CLOSING: b"421 bye\r\n",
}
EHLO = b"250-x\r\n250-PIPELINING\r\n250 STARTTLS\r\n"
PATHS: dict[State, list[bytes | str]] = {
    State.GREETING: [],
    State.EHLO: [b"220 x\r\n"],
    State.HELO: [b"220 x\r\n", b"500 what\r\n"],
    State.STARTTLS: [b"220 x\r\n", EHLO],
    State.HANDSHAKE: [b"220 x\r\n", EHLO, b"220 go\r\n"],
    State.READY: [b"220 x\r\n", b"250-x\r\n250 PIPELINING\r\n"],
    State.RSET: [b"220 x\r\n", b"250 x\r\n", "start", b"250 ok\r\n", b"550 no\r\n", "start"],
    State.MAIL: [b"220 x\r\n", b"250-x\r\n250 PIPELINING\r\n", "start"],
    State.RCPT: [b"220 x\r\n", b"250-x\r\n250 PIPELINING\r\n", "start", b"250 ok\r\n"],
    State.DATA: [b"220 x\r\n", b"250-x\r\n250 PIPELINING\r\n", "start", b"250 ok\r\n250 ok\r\n"],
    State.BODY: [b"220 x\r\n", b"250-x\r\n250 PIPELINING\r\n", "start", b"250 ok\r\n250 ok\r\n354 go\r\n"],
    State.FINAL_DOT: [b"220 x\r\n", b"250-x\r\n250 PIPELINING\r\n", "start", b"250 ok\r\n250 ok\r\n354 go\r\n", "dot"],
    State.QUIT: [b"220 x\r\n", b"250 x\r\n", "quit"],
    State.CLOSED: [b"554 no\r\n"],
}
LEADS_TO: dict[Reaction, set[State]] = {
    Reaction.GREET: {State.EHLO},
    Reaction.SAY_HELO: {State.HELO},
    Reaction.TAKE_EXTENSIONS: {State.READY},
    Reaction.BEGIN_TLS: {State.HANDSHAKE},
    Reaction.STAY_PLAIN: {State.READY},
    Reaction.BE_REFUSED: {State.CLOSED},
    Reaction.TAKE_RSET: {State.MAIL},
    Reaction.TAKE_MAIL: {State.RCPT, State.READY},
    Reaction.TAKE_RCPT: {State.DATA, State.READY},  # step by step the last refusal ends it
    Reaction.SEND_CONTENT: {State.BODY},
    Reaction.TAKE_DATA_REFUSAL: {State.READY},
    Reaction.TAKE_EARLY_REFUSAL: {State.CLOSED},
    Reaction.TAKE_DOT: {State.READY},
    Reaction.CLOSE: {State.CLOSED},
}
TELLS = {
    Reaction.BEGIN_TLS: BeginTls,
    Reaction.BE_REFUSED: Refused,
    Reaction.SEND_CONTENT: SendContent,
    Reaction.TAKE_DATA_REFUSAL: Ended,
    Reaction.TAKE_EARLY_REFUSAL: Closing,
    Reaction.TAKE_DOT: Ended,
    Reaction.CLOSE: Closing,
}


def session_in(state: State, manner: Manner = AS_USUAL) -> ClientSession:
    session = ClientSession("us.example", Peer("mx.example", "192.0.2.1"), manner)
    for step in PATHS[state]:
        match step:
            case bytes():
                session.receive(step)
            case "start":
                session.start(Transaction(FakeJob()), session.compose(FakeJob()))
            case "dot":
                session.dot_sent()
            case "quit":
                session.quit()
    assert session.state is state
    session.take()
    return session


def test_the_table_has_a_row_for_each_state_and_uses_each_reaction():
    assert set(TABLE) == set(State)
    assert {reaction for row in TABLE.values() for reaction in row.values()} == set(Reaction)


@pytest.mark.parametrize("manner", [AS_USUAL, STEP_BY_STEP], ids=["pipelining", "step by step"])
@pytest.mark.parametrize("seen", Seen)
@pytest.mark.parametrize("state", State)
def test_every_reply_in_every_state_does_what_the_table_says(state: State, seen: Seen, manner: Manner):
    session = session_in(state, manner)
    events = session.receive(REPLIES[seen])
    reaction = TABLE[state].get(seen)
    if state in (State.HANDSHAKE, State.CLOSED):
        assert (events, session.state) == ([], state)
    elif reaction is None:
        assert isinstance(events[-1], Faulted)
        assert session.state is State.CLOSED
    else:
        assert session.state in LEADS_TO[reaction]
        assert reaction not in TELLS or isinstance(events[-1], TELLS[reaction])


@pytest.mark.parametrize("state", State)
def test_what_the_driver_may_not_do_in_a_state_is_our_error(state: State):
    forbidden = {
        "quit": state is not State.READY,
        "dot_sent": state is not State.BODY,
        "start": state is not State.READY,  # in FINAL_DOT only with PIPELINING
    }
    for what, is_forbidden in forbidden.items():
        if is_forbidden:
            session = session_in(state, STEP_BY_STEP)
            arguments = (Transaction(FakeJob()), [b"MAIL\r\n"]) if what == "start" else ()
            with pytest.raises(LocalProtocolError):
                getattr(session, what)(*arguments)
            assert session.state is state
            assert session.take() == b""


@pytest.mark.parametrize("state", State)
def test_abandon_gives_what_is_open_once_and_closes(state: State):
    session = session_in(state)
    has_transaction = state in (State.RSET, State.MAIL, State.RCPT, State.DATA, State.BODY, State.FINAL_DOT)
    assert len(session.abandon()) == has_transaction
    assert session.state is State.CLOSED
    assert session.abandon() == []


@pytest.mark.parametrize("bad", ["a\r\nb@example.org", "a\nb@example.org", "a\0@example.org", "ü@example.org"])
def test_no_command_is_made_of_an_envelope_that_would_break_the_dialog(bad: str):
    session = session_in(State.READY)
    with pytest.raises(LocalProtocolError):
        session.compose(FakeJob(reverse_path=bad))


def pipelining_at_dot() -> ClientSession:
    session = session_in(State.READY)
    session.start(Transaction(FakeJob()), session.compose(FakeJob()))
    session.receive(b"250 ok\r\n250 ok\r\n354 go\r\n")
    session.dot_sent()
    return session


def test_only_one_transaction_may_wait_behind_a_final_dot():
    session = pipelining_at_dot()
    session.start(Transaction(FakeJob()), session.compose(FakeJob()))
    assert not session.may_start()
    with pytest.raises(LocalProtocolError):
        session.start(Transaction(FakeJob()), session.compose(FakeJob()))


def test_inside_tls_the_peer_says_so_and_starttls_is_not_said_again():
    session = session_in(State.HANDSHAKE)
    session.tls_started("TLSv1.3")
    session.take()
    session.receive(EHLO)
    assert session.state is State.READY
    assert session.peer.tls == "TLSv1.3"
    assert session.take() == b""
