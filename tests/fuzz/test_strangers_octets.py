"""Invariant: whatever octets a stranger sends, our readers answer with a value or a refusal, never a fault of ours.

SOAK_SHARE scales the number of examples; `make soak` runs all of them.
"""

import contextlib
import os

import msgspec
from hypothesis import given, settings, strategies as st
from youtong.mta.address import AddressError, split_address
from youtong.mta.dkim.keyring import signing_domain
from youtong.mta.message.headers import HeaderError, author_addresses, fields, split_head
from youtong.mta.outcome import Stage
from youtong.mta.smtp.data_reader import DataReader
from youtong.mta.smtp.errors import RemoteProtocolError
from youtong.mta.smtp.params import CommandError, parse_mail, parse_rcpt
from youtong.mta.smtp.replies import ReplyReader
from youtong.policy.judge import RuleJudge
from youtong.policy.senders import Sendable, refuse_head
from youtong.queue.protocol import FrameReader, from_owner, from_worker

EXAMPLES = max(50, int(20_000 * float(os.environ.get("SOAK_SHARE", "0.01"))))
fuzzed = settings(max_examples=EXAMPLES, deadline=None)

TOKENS = [
    *("FROM:", "TO:", "<", ">", "@", ".", ":", ";", ",", "(", ")", '"', "\\", "[", "]", " ", "\t", "=", "+"),
    *("SIZE=", "BODY=8BITMIME", "SMTPUTF8", "RET=", "ENVID=", "NOTIFY=", "ORCPT=rfc822;", "AUTH=<>"),
    *("a", "b.c", "example.org", "xn--", "例子", "é", "\x7f", "\x00", "\r", "\n", "250", "5.1.1"),
]
text = st.lists(st.sampled_from(TOKENS), max_size=14).map("".join) | st.text(max_size=40)
PIECES = [b"\r\n", b"\r", b"\n", b".", b"From: ", b"a@b.c", b" ", b"<", b">", b"\x00", b"250-", b"250 ", b"550"]
octets = st.lists(st.sampled_from(PIECES) | st.binary(max_size=6), max_size=30).map(b"".join)


@fuzzed
@given(text)
def test_a_command_is_parsed_or_refused(argument: str) -> None:
    with contextlib.suppress(CommandError):
        parse_mail(argument, dsn=True)
    with contextlib.suppress(CommandError):
        parse_rcpt(argument, smtputf8=True, hostname="mta.test", dsn=True)


@fuzzed
@given(text, st.booleans())
def test_an_address_is_split_or_refused_and_its_domain_has_one_form(address: str, smtputf8: bool) -> None:
    with contextlib.suppress(AddressError):
        local, domain = split_address(address, smtputf8=smtputf8)
        assert domain.isascii()
        assert split_address(f"{local}@{domain}", smtputf8=smtputf8)[1] == domain


@fuzzed
@given(octets, st.integers(1, 7))
def test_data_has_one_reading_however_it_is_cut(stream: bytes, step: int) -> None:
    whole, cut = DataReader(), DataReader()
    read = whole.feed(stream)
    parts = b""
    at = 0
    while at < len(stream) and not cut.ended:
        parts += cut.feed(stream[at : at + step])
        at += step
    assert (parts, cut.ended, cut.fault) == (read, whole.ended, whole.fault)
    assert cut.rest + stream[at:] == whole.rest


@fuzzed
@given(octets)
def test_a_reply_is_read_or_refused_and_judged(stream: bytes) -> None:
    reader = ReplyReader()
    with contextlib.suppress(RemoteProtocolError):
        reader.feed(stream)
        while (said := reader.next_reply()) is not None:
            assert 200 <= said.code <= 599
            RuleJudge().rule_for(said, said.text, Stage.RCPT)


@fuzzed
@given(octets)
def test_a_head_is_cut_without_loss_and_its_sender_judged(message: bytes) -> None:
    head, body = split_head(message)
    assert head + body == message
    assert b"".join(field.raw for field in fields(head)) in head
    with contextlib.suppress(HeaderError):
        assert all("@" in address for address in author_addresses(head))
    signing_domain(head)
    refuse_head(head, Sendable(frozenset(), frozenset()))


@fuzzed
@given(st.binary(max_size=200))
def test_frames_of_garbage_are_refused_by_the_decoder_and_by_nothing_else(stream: bytes) -> None:
    for body in FrameReader().feed(stream):
        for decode in (from_owner, from_worker):
            with contextlib.suppress(msgspec.DecodeError):
                decode(body)
