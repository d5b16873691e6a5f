import pytest
from hypothesis import given, strategies as st
from youtong.mta.message.trace import (
    field,
    field_names,
    find_head_end,
    message_id,
    protocol_name,
    received,
    split_content,
    with_id,
)

FIELDS = st.lists(
    st.sampled_from([b"From: a@b\r\n", b"X:\r\n", b"Subject: long\r\n folded\r\n\tagain\r\n", b"Y : z\r\n \r\n"])
).map(b"".join)


@given(FIELDS, st.binary())
def test_a_head_ends_at_its_blank_line(fields: bytes, body: bytes) -> None:
    assert split_content(fields + b"\r\n" + body) == (fields + b"\r\n", body)
    assert find_head_end(fields + b"\r\n" + body + b"\r\n") == len(fields)


@given(st.binary())
def test_splitting_loses_and_changes_nothing(octets: bytes) -> None:
    head, body = split_content(octets)
    assert octets in (head + body, head[:-2] + body)
    assert head.endswith(b"\r\n")


@given(FIELDS, st.integers(min_value=0))
def test_the_end_of_a_head_is_not_guessed_before_it_is_there(fields: bytes, cut: int) -> None:
    assert find_head_end(fields[: cut % (len(fields) + 1)]) is None


def test_a_line_that_is_no_field_begins_the_body() -> None:
    assert split_content(b"A: b\r\nHello\r\n") == (b"A: b\r\n\r\n", b"Hello\r\n")
    assert split_content(b" folded: no\r\n") == (b"\r\n", b" folded: no\r\n")
    assert split_content(b"") == (b"\r\n", b"")


def test_names_are_lower_case_and_folded_lines_have_none() -> None:
    assert field_names(b"From: a\r\nSubject : b\r\n c: d\r\nX-Y:\r\n\r\n") == [b"from", b"subject", b"x-y"]


def test_received_says_who_and_how() -> None:
    assert received("[192.0.2.7]", "2001:db8::1", "mx.example.org", "ESMTPSA", "TLSv1.3", 0) == (
        b"Received: from [192.0.2.7] ([IPv6:2001:db8::1])\r\n\tby mx.example.org with ESMTPSA (TLSv1.3);\r\n"
        b"\tThu, 01 Jan 1970 00:00:00 +0000\r\n"
    )


def test_the_queue_id_joins_our_own_received_field_and_no_other() -> None:
    ours = received("a.example", "192.0.2.7", "mx.example.org", "ESMTP", "", 0)
    theirs = b"Received: from b by c;\r\n Thu, 01 Jan 1970 00:00:00 +0000\r\nSubject: x\r\n\r\n"
    assert with_id(ours + theirs, "q0000001") == ours.replace(b" ESMTP;", b" ESMTP id q0000001;") + theirs
    assert with_id(theirs, "q0000001") == theirs


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ((False, False, False, False), "SMTP"),
        ((True, False, False, False), "ESMTP"),
        ((True, False, True, True), "ESMTPSA"),
        ((True, True, False, True), "UTF8SMTPA"),
    ],
)
def test_protocols_have_their_registered_names(facts: tuple[bool, bool, bool, bool], name: str) -> None:
    extended, smtputf8, tls, authenticated = facts
    assert protocol_name(extended=extended, smtputf8=smtputf8, tls=tls, authenticated=authenticated) == name


def test_message_ids_differ() -> None:
    assert message_id("x") != message_id("x")


@pytest.mark.parametrize(
    ("name", "value"), [("A B", "x"), ("A:", "x"), ("", "x"), ("A", "x\r\ny: z"), ("A", "x\ny"), ("A", "x\r\n \r\ny")]
)
def test_a_field_that_would_break_out_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="not a header field"):
        field(name, value)


@given(st.text(), st.text())
def test_a_field_is_one_field_or_refused(name: str, value: str) -> None:
    try:
        octets = field(name, value)
    except ValueError:
        return
    assert split_content(octets) == (octets + b"\r\n", b"")
    assert len(field_names(octets)) == 1
