"""Heads as octets: nothing vanishes, nothing is invented."""

import pytest
from fakes.mail import raw_fields
from hypothesis import given, settings, strategies as st
from youtong.mta.message.headers import (
    HeaderError,
    author_addresses,
    count,
    displayed,
    fields,
    sender_address,
    split_head,
    unfold,
    values_of,
)

any_octets = st.lists(
    st.sampled_from([b"\r\n", b"\r", b"\n", b" ", b"\t", b":", b"From", b"from", b"x", b"\x00", b"\xff", b"a@b"]),
    max_size=30,
).map(b"".join)


@given(any_octets)
@settings(deadline=None)
def test_split_head_keeps_every_octet(octets: bytes) -> None:
    head, body = split_head(octets)
    assert head + body == octets
    assert not body or head.endswith(b"\r\n")


@given(any_octets)
@settings(deadline=None)
def test_raw_fields_and_blank_line_are_the_head_for_any_octets(octets: bytes) -> None:
    head, _ = split_head(octets)
    joined = b"".join(field.raw for field in fields(head))
    assert head in (joined, joined + b"\r\n")


@given(st.lists(raw_fields(), max_size=8))
@settings(deadline=None)
def test_fields_that_were_built_are_the_fields_that_are_read(built: list[tuple[bytes, bytes]]) -> None:
    head = b"".join(raw for _, raw in built) + b"\r\n"
    assert split_head(head + b"body") == (head, b"body")
    assert [(field.name_lower, field.raw) for field in fields(head)] == [(name.lower(), raw) for name, raw in built]


@given(any_octets, st.sampled_from([b"from", b"x"]))
@settings(deadline=None)
def test_count_and_values_agree_with_the_fields(octets: bytes, name: bytes) -> None:
    head, _ = split_head(octets)
    named = [field.value for field in fields(head) if field.name_lower == name]
    assert count(head, name) == len(named)
    assert values_of(head, name) == named


def test_a_message_without_blank_line_is_all_head() -> None:
    assert split_head(b"Subject: x\r\n") == (b"Subject: x\r\n", b"")


def test_a_message_that_begins_with_a_blank_line_has_an_empty_head() -> None:
    assert split_head(b"\r\nbody") == (b"\r\n", b"body")
    assert fields(b"\r\n") == []


def test_a_body_may_begin_with_blank_lines() -> None:
    assert split_head(b"A: b\r\n\r\n\r\nx") == (b"A: b\r\n\r\n", b"\r\nx")


def test_folds_belong_to_their_field() -> None:
    (field,) = fields(b"Subject: one\r\n two\r\n\tthree\r\n\r\n")
    assert field.raw == b"Subject: one\r\n two\r\n\tthree\r\n"
    assert field.value == b"one two\tthree"


@pytest.mark.parametrize("line", [b"no colon", b"bad name: x", b": x", b" leading: x", b"N\xc3\xa4me: x", b"a\x00b: x"])
def test_a_line_that_is_no_field_is_kept_without_a_name(line: bytes) -> None:
    (field,) = fields(line + b"\r\n\r\n")
    assert field.name_lower == b""
    assert field.raw == line + b"\r\n"


def test_white_space_before_the_colon_hides_no_field() -> None:
    head = b"From: a@example.org\r\nFROM \t: b@example.org\r\n\r\n"
    assert count(head, b"from") == 2
    assert [field.name_lower for field in fields(head)] == [b"from", b"from"]


def test_a_name_inside_a_fold_or_a_longer_name_is_not_counted() -> None:
    head = b"Subject: x\r\n from: y\r\nFrom-Line: z\r\nX-From: w\r\n\r\n"
    assert count(head, b"from") == 0


def test_unfold_keeps_the_white_space_of_the_fold() -> None:
    assert unfold(b" a\r\n  b \r\n\t\r\n") == b"a  b"


def test_no_from_and_two_from_have_no_author() -> None:
    with pytest.raises(HeaderError, match="one From field, and has none"):
        author_addresses(b"To: a@example.org\r\n\r\n")
    with pytest.raises(HeaderError, match="one From field, and has 2"):
        author_addresses(b"From: a@example.org\r\nfrom: b@example.org\r\n\r\n")


def test_sender_is_one_address_or_none() -> None:
    assert sender_address(b"From: a@example.org\r\n\r\n") is None
    assert sender_address(b"Sender: B <b@example.org>\r\n\r\n") == "b@example.org"
    with pytest.raises(HeaderError):
        sender_address(b"Sender: a@example.org, b@example.org\r\n\r\n")
    with pytest.raises(HeaderError):
        sender_address(b"Sender: a@example.org\r\nSender: a@example.org\r\n\r\n")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"plain", "plain"),
        ("直接".encode(), "直接"),
        (b"=?utf-8?B?5L2g5aW9?= =?utf-8?Q?_there?= you", "你好 there you"),
        (b"=?gb2312?B?xOO6ww==?=", "你好"),
        (b"=?no-such-charset?Q?a=E9?=", "aé"),
        (b"=?utf-8?B?broken!?=", "=?utf-8?B?broken!?="),
        (b"bell\x07 \x1b[31mred", "bell� �[31mred"),
        (b"\xff", "�"),
    ],
)
def test_displayed_is_fit_for_human_eyes(value: bytes, shown: str) -> None:
    assert displayed(value) == shown


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_displayed_never_raises_nor_shows_a_control_character(value: bytes) -> None:
    for octets in (value, b"=?utf-8?Q?" + value + b"?="):
        assert all(
            character == "\t" or character.isprintable() or ord(character) > 159 for character in displayed(octets)
        )
