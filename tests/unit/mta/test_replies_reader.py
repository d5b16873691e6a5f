"""Replies from octets, however they are cut."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st
from youtong.mta.reply import Reply
from youtong.mta.smtp.errors import RemoteProtocolError
from youtong.mta.smtp.replies import MAX_LINE_OCTETS, MAX_LINES, ReplyReader

TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30).map(str.strip)
REPLY = st.builds(
    Reply,
    st.sampled_from([220, 250, 354, 421, 450, 550]),
    st.just(""),
    st.lists(TEXT.filter(lambda text: not text[:1].isdigit()), min_size=1, max_size=4).map(tuple),
)


def read(*pieces: bytes) -> list[Reply]:
    reader = ReplyReader()
    replies: list[Reply] = []
    for piece in pieces:
        reader.feed(piece)
        while (answer := reader.next_reply()) is not None:
            replies.append(answer)
    return replies


@given(st.lists(REPLY, max_size=5), st.lists(st.integers(0, 400), max_size=6))
def test_any_cut_gives_the_replies_that_were_sent(replies: list[Reply], cuts: list[int]):
    octets = b"".join(each.to_bytes() for each in replies)
    edges = [0, *sorted(min(cut, len(octets)) for cut in cuts), len(octets)]
    assert read(*(octets[a:b] for a, b in pairwise(edges))) == replies


def test_text_that_would_turn_the_line_around_in_a_terminal_is_not_shown() -> None:
    (answer,) = read("550 5.1.1 \u202eresu on\u2066 \u200f\r\n".encode())
    assert answer.text == "?resu on? ?"


def test_digits_of_other_scripts_are_no_enhanced_code() -> None:
    (answer,) = read("550 5.1.\u0661 no\r\n".encode())
    assert (answer.enhanced, answer.text) == ("", "5.1.\u0661 no")


@given(st.binary(max_size=200))
def test_any_octets_give_replies_or_a_protocol_error_and_the_same_octet_by_octet(octets: bytes):
    def outcome(*pieces: bytes) -> list[Reply] | None:
        try:
            return read(*pieces)
        except RemoteProtocolError:
            return None

    assert outcome(octets) == outcome(*(bytes([octet]) for octet in octets))


def test_the_enhanced_code_is_taken_off_each_line():
    assert read(b"550-5.1.1 no such\r\n550 5.1.1 user here\r\n") == [Reply(550, "5.1.1", ("no such", "user here"))]


def test_bare_lf_and_a_code_alone_are_tolerated():
    assert read(b"250\r\n250 ok\n250-\n250 \n") == [
        Reply(250, "", ("",)),
        Reply(250, "", ("ok",)),
        Reply(250, "", ("", "")),
    ]


def test_of_mixed_codes_the_last_counts():
    assert read(b"250-yes\r\n550 no\r\n")[0].code == 550


def test_text_in_other_charsets_stays_readable_and_storable():
    (answer,) = read("550 用户\x1b[31m".encode("gbk") + b"\xff\r\n")
    assert answer.text.isprintable()
    assert answer.text.encode()
    assert answer.text.endswith("\\xff")
    assert read("550 用户不存在\r\n".encode())[0].text == "用户不存在"


@pytest.mark.parametrize("line", [b"", b"25", b"abc", b"150 early", b"650 late", b"250ok", b"2500 x", b" 250 ok"])
def test_what_is_no_reply_is_refused(line: bytes):
    with pytest.raises(RemoteProtocolError):
        read(line + b"\r\n")


def test_an_endless_line_and_an_endless_reply_are_refused():
    with pytest.raises(RemoteProtocolError):
        read(b"250 " + b"x" * MAX_LINE_OCTETS)
    with pytest.raises(RemoteProtocolError):
        read(b"250-x\r\n" * (MAX_LINES + 1))


def test_discarded_octets_are_gone():
    reader = ReplyReader()
    reader.feed(b"250-half\r\n250 whole\r\n220 x")
    reader.discard()
    reader.feed(b"221 bye\r\n")
    assert reader.next_reply() == Reply(221, "", ("bye",))
