"""Dialogues that are kept: what is in them, how much, and of whom."""

import pytest
from fakes.clock import FakeClock
from fakes.lane_events import FakeJob
from youtong.mta.delivery.attempt import Withdrawn
from youtong.mta.delivery.dialogue import MAX_LINES, MAX_OCTETS, Dialogue, Keeping, of_opening, of_transaction
from youtong.mta.delivery.job import JobRecipient
from youtong.mta.outcome import Deferred, Delivered, Peer, Scope, Stage
from youtong.mta.reply import reply
from youtong.mta.smtp.client import ClientSession
from youtong.mta.smtp.client_transaction import Transaction
from youtong.mta.smtp.errors import PeerTimeout
from youtong.mta.smtp.manner import Manner

DELIVERED = Delivered(reply(250, "2.0.0", "ok"))
PUT_OFF = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(450, "4.2.0", "later"))


class Talk:
    """A session under a clock of its own: each `hear` is a quarter of a second later."""

    def __init__(self, *extensions: str) -> None:
        self.now = 100.0
        self.session = ClientSession("us.example", Peer("mx.example", "192.0.2.1"), Manner(use_tls=False))
        self.session.connected(self.now)
        self.hear("220 mx.example\r\n")
        self.hear("".join(f"250-{each}\r\n" for each in ("mx.example", *extensions)) + "250 HELP\r\n")

    def hear(self, octets: str) -> None:
        self.now += 0.25
        self.session.receive(octets.encode(), self.now)

    def start(self, *addresses: str) -> Transaction[FakeJob]:
        recipients = tuple(JobRecipient(at, address) for at, address in enumerate(addresses))
        transaction = Transaction(FakeJob(recipients=recipients))
        self.session.start(transaction, self.session.compose(transaction.request), self.now)
        return transaction

    def send_content(self) -> None:
        assert self.session.current is not None
        self.session.current.wire = b"x" * 1234
        self.session.dot_sent(self.now)


def told(dialogue: Dialogue | None) -> list[str]:
    assert dialogue is not None
    return [f"{line.at_ms} {line.voice}: {line.words}".strip() for line in dialogue.lines]


def test_the_first_transaction_shows_the_greeting_too_and_when_each_line_came():
    talk = Talk("SIZE 1000")
    transaction = talk.start("b@example.com")
    talk.hear("250 ok\r\n")
    talk.hear("550 5.1.1 who?\r\n")
    assert told(of_transaction(transaction, None)) == [
        "0 connected: mx.example [192.0.2.1]",
        "250 S: 220 mx.example",
        "250 C: EHLO us.example",
        "500 S: 250-mx.example",
        "500 S: 250-SIZE 1000",
        "500 S: 250 HELP",
        "500 C: MAIL FROM:<a@example.org> SIZE=100",
        "750 S: 250 ok",
        "750 C: RCPT TO:<b@example.com>",
        "1000 S: 550 5.1.1 who?",
    ]


def test_content_is_a_number_of_octets_between_354_and_its_answer():
    talk = Talk()
    transaction = talk.start("b@example.com")
    for line in ("250 ok\r\n", "250 ok\r\n", "354 go\r\n"):
        talk.hear(line)
    talk.send_content()
    talk.hear("451 4.3.0 later\r\n")
    assert told(of_transaction(transaction, None))[-4:] == [
        "1000 C: DATA",
        "1250 S: 354 go",
        "1250 content: 1234",
        "1500 S: 451 4.3.0 later",
    ]


def test_a_pipelined_envelope_stands_in_one_piece_before_its_replies():
    talk = Talk("PIPELINING")
    transaction = talk.start("b@example.com", "c@example.com")
    talk.hear("250 ok\r\n250 ok\r\n550 no\r\n354 go\r\n")
    voices = [line.voice for line in (of_transaction(transaction, None) or Dialogue(())).lines][-8:]
    assert voices == ["C", "C", "C", "C", "S", "S", "S", "S"]


def test_a_dialogue_has_nothing_of_the_transactions_before_and_behind_it():
    talk = Talk("PIPELINING")
    first = talk.start("first@example.com")
    talk.hear("250 ok\r\n250 ok first\r\n354 go\r\n")
    talk.send_content()
    second = talk.start("second@example.com")
    talk.hear("250 queued first\r\n250 sender\r\n550 no second\r\n")
    talk.hear("554 no recipients\r\n")
    assert not any("second" in line for line in told(of_transaction(first, None)))
    assert told(of_transaction(second, None)) == [
        "0 earlier: 1",
        "0 C: MAIL FROM:<a@example.org>",
        "0 C: RCPT TO:<second@example.com>",
        "0 C: DATA",
        "250 S: 250 sender",
        "250 S: 550 no second",
        "500 S: 554 no recipients",
    ]


def test_what_was_said_and_never_answered_is_there_with_the_reason_why_it_ended():
    talk = Talk()
    transaction = talk.start("b@example.com")
    talk.hear("250 ok\r\n")
    lines = told(of_transaction(transaction, PeerTimeout("no answer in time")))
    assert lines[-2:] == ["750 C: RCPT TO:<b@example.com>", "750 end: no answer in time"]


def test_a_command_that_was_never_sent_is_not_shown():
    talk = Talk()
    transaction = talk.start("b@example.com")
    talk.hear("550 5.7.1 not you\r\n")
    assert not any("RCPT" in line for line in told(of_transaction(transaction, None)))


def test_a_loss_after_the_dot_shows_that_the_content_had_been_sent():
    talk = Talk()
    transaction = talk.start("b@example.com")
    for line in ("250 ok\r\n", "250 ok\r\n", "354 go\r\n"):
        talk.hear(line)
    talk.send_content()
    assert told(of_transaction(transaction, PeerTimeout("gone")))[-2:] == ["1250 content: 1234", "1250 end: gone"]


def test_rset_in_front_of_an_envelope_is_shown_with_its_answer():
    talk = Talk()
    talk.start("b@example.com")
    talk.hear("250 ok\r\n")
    talk.hear("550 no\r\n")
    second = talk.start("c@example.com")
    talk.hear("250 reset\r\n")
    talk.hear("450 later\r\n")
    assert [line.split(" ", 1)[1] for line in told(of_transaction(second, None))] == [
        "earlier: 1",
        "C: RSET",
        "S: 250 reset",
        "C: MAIL FROM:<a@example.org>",
        "S: 450 later",
    ]


def test_a_refused_greeting_is_the_dialogue_of_an_opening():
    session = ClientSession("us.example", Peer("mx.example", "192.0.2.1"))
    session.connected(5.0)
    session.receive(b"554-no\r\n554 never\r\n", 7.5)
    assert told(of_opening(session, reply(554, "", "no", "never"))) == [
        "0 connected: mx.example [192.0.2.1]",
        "2500 S: 554-no",
        "2500 S: 554 never",
        "2500 C: QUIT",
    ]


def test_without_a_connection_nothing_was_said():
    session = ClientSession("us.example", Peer("mx.example", "192.0.2.1"))
    assert of_opening(session, Withdrawn("connect failed")) is None
    assert of_transaction(Transaction(FakeJob()), None) is None


def test_a_long_dialogue_keeps_its_beginning_and_its_end_and_says_how_much_is_left_out():
    talk = Talk("PIPELINING")
    addresses = [f"r{at}@example.com" for at in range(100)]
    transaction = talk.start(*addresses)
    talk.hear("250 ok\r\n" + f"550 {'x' * 1000}\r\n" * 100)
    talk.hear("554 no recipients\r\n")
    dialogue = of_transaction(transaction, None)
    assert dialogue is not None
    lines = dialogue.lines
    assert len(lines) == MAX_LINES
    assert max(len(line.words) for line in lines) == MAX_OCTETS
    assert lines[0].voice == "connected"
    assert lines[-1].words == "554 no recipients"
    whole = 6 + 102 + 102
    assert [line.words for line in lines if line.voice == "left-out"] == [str(whole - MAX_LINES + 1)]


# -- whose


def test_what_was_not_delivered_is_kept_and_one_in_so_many_of_what_was():
    keeping = Keeping(FakeClock(), every=3)
    assert [keeping.wants([DELIVERED]) for _ in range(7)] == [False, False, True, False, False, True, False]
    assert keeping.wants([DELIVERED, PUT_OFF])


@pytest.mark.parametrize(("every", "wanted"), [(0, False), (1, True)])
def test_a_sample_may_be_none_or_all(every: int, wanted: bool):
    assert Keeping(FakeClock(), every=every).wants([DELIVERED]) is wanted


def test_in_a_storm_only_so_many_a_second_are_kept():
    clock = FakeClock()
    keeping = Keeping(clock, every=0, per_second=2)
    assert [keeping.wants([PUT_OFF]) for _ in range(3)] == [True, True, False]
    clock.advance(1)
    assert keeping.wants([PUT_OFF])


def test_nothing_is_kept_where_nothing_is_wanted():
    keeping = Keeping(FakeClock(), every=1, per_second=0)
    assert not keeping.wants([PUT_OFF])
    assert not keeping.wants([DELIVERED])
