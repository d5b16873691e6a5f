"""8-bit content made 7-bit: ASCII, in short lines, and every leaf part decodes to what it was.

Python's email package is the oracle.
"""

from email import message_from_bytes
from email.message import Message

import pytest
from hypothesis import given, strategies as st
from youtong.mta.message.headers import split_head
from youtong.mta.message.seven_bit import Unconvertible, to_seven_bit

LINE = st.binary(max_size=90).map(lambda octets: octets.translate(None, b"\r\n"))
TEXT = st.lists(LINE, min_size=1, max_size=12).map(b"\r\n".join)
TYPE = st.sampled_from([b"text/plain; charset=x", b"text/html", b"image/png", b"application/octet-stream"])
LABEL = st.sampled_from([b"8bit", b"binary", b"BASE64-not", b"7bit"]).filter(lambda label: b"-" not in label)


@st.composite
def leaves(draw: st.DrawFn) -> bytes:
    return b"Content-Type: %s\r\nContent-Transfer-Encoding: %s\r\n\r\n%s" % (draw(TYPE), draw(LABEL), draw(TEXT))


@st.composite
def entities(draw: st.DrawFn, depth: int = 0) -> bytes:
    kind = draw(st.sampled_from(["leaf", "leaf", "multipart", "message"])) if depth < 3 else "leaf"
    if kind == "leaf":
        return draw(leaves())
    if kind == "message":
        return b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n" + draw(entities(depth=depth + 1))
    boundary = b"b%d" % depth
    parts = draw(st.lists(entities(depth=depth + 1), min_size=1, max_size=3))
    body = b"".join(b"\r\n--%s\r\n%s" % (boundary, part) for part in parts)
    head = b"Content-Type: multipart/mixed; boundary=%s\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" % boundary
    return head + b"before \xe4" + body + b"\r\n--%s--\r\nbehind \xfc" % boundary


def decoded(octets: bytes) -> list[bytes]:
    return [_content(part) for part in message_from_bytes(octets).walk() if not part.is_multipart()]


def _content(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.removesuffix(b"\r\n")  # base64 of a whole body ends with a line end of its own


def convert(octets: bytes) -> bytes:
    return b"".join(to_seven_bit(*split_head(octets)))


@given(entities().map(lambda entity: b"MIME-Version: 1.0\r\n" + entity))
def test_every_leaf_decodes_to_what_it_was_and_all_is_ascii_in_short_lines(message: bytes):
    result = convert(message)
    assert result.isascii()
    assert decoded(result) == decoded(message)
    assert max(len(line) for line in result.split(b"\r\n")) <= 998
    assert result.count(b"\n") == result.count(b"\r\n")
    assert convert(result) == result


def test_ascii_is_returned_as_it_is_even_when_signed():
    message = (b"DKIM-Signature: x\r\nContent-Transfer-Encoding: 8bit\r\n\r\n", b"plain\r\n")
    assert to_seven_bit(*message) == message


def test_text_takes_the_shorter_encoding_and_all_else_base64():
    head = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    assert b"quoted-printable" in to_seven_bit(head, "Grüße und viel mehr\r\n".encode())[0]
    assert b"base64" in to_seven_bit(head, "你好你好你好\r\n".encode())[0]
    assert b"base64" in to_seven_bit(head.replace(b"text/plain", b"image/png"), b"mostly ascii \xff\r\n")[0]


def test_text_without_labels_is_labelled_as_unknown():
    head, body = to_seven_bit(b"Subject: x\r\n\r\n", b"K\xe4se\r\n")
    assert b"MIME-Version: 1.0\r\n" in head
    assert b"Content-Type: text/plain; charset=unknown-8bit\r\n" in head
    assert b"Content-Transfer-Encoding: quoted-printable\r\n" in head
    assert head.endswith(b"\r\n\r\n")
    assert body == b"K=E4se\r\n"


def test_only_the_parts_that_need_it_are_changed():
    plain = b"Content-Type: text/plain\r\nX-Odd:   kept\r\n\r\nas it is"
    message = (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"a b\"\r\n\r\n--a b\r\n%s\r\n--a b  \r\n"
        b"Content-Type: text/plain\r\n\r\n\xe4\r\n--a b--\r\n" % plain
    )  # fmt: skip
    result = convert(message)
    assert b"--a b\r\n" + plain + b"\r\n--a b  \r\n" in result
    assert result.endswith(b"Content-Transfer-Encoding: quoted-printable\r\n\r\n=E4\r\n--a b--\r\n")


def test_an_empty_part_between_two_delimiters_stays_one():
    message = (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b\r\n\r\n\xe4\r\n--b--\r\n"
    )
    assert b"--b\r\n--b\r\n" in convert(message)


def test_a_digest_holds_messages():
    message = (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: inner\r\n\r\n"
        b"K\xe4se\r\n--b--\r\n"
    )
    result = convert(message)
    assert b"--b\r\n\r\nSubject: inner\r\nContent-Type: text/plain; charset=unknown-8bit\r\n" in result


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (b"DKIM-Signature: v=1\r\n\r\n\xe4\r\n", "is signed"),
        (b"ARC-Seal: i=1\r\n\r\n\xe4\r\n", "is signed"),
        (b"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\xe4\r\n--b--\r\n", "multipart/signed"),
        (b"Content-Type: application/pkcs7-mime\r\n\r\n\xe4\r\n", "pkcs7-mime"),
        (b"Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\n\r\n\xe4\r\n--b--\r\n", "multipart/encrypted"),
        (b"Subject: K\xe4se\r\n\r\nx\r\n", "header"),
        (b"Content-Type: message/rfc822\r\n\r\nSubject: K\xe4se\r\n\r\nx\r\n", "header"),
        (b"Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\n\xe4\r\n", "boundary"),
        (b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--b\r\n\r\n\xe4\r\n", "boundary"),
        (b"Content-Transfer-Encoding: x-uuencode\r\n\r\n\xe4\r\n", "x-uuencode"),
    ],
)
def test_what_is_never_converted_says_why(message: bytes, why: str):
    with pytest.raises(Unconvertible, match=why):
        convert(message)


def test_depth_has_an_end():
    message = b"Content-Type: message/rfc822\r\n\r\n" * 60 + b"Subject: x\r\n\r\n\xe4\r\n"
    with pytest.raises(Unconvertible, match="deeply"):
        convert(message)


def test_octets_that_an_encoding_does_not_allow_go_as_readers_take_them():
    qp = b"Content-Transfer-Encoding: quoted-printable\r\n\r\na=3D\xe4\r\n"
    assert convert(qp).endswith(b"\r\n\r\na=3D=E4\r\n")
    b64 = b"Content-Transfer-Encoding: base64\r\n\r\naGFs\xe4bG8=\r\n"
    assert convert(b64).endswith(b"\r\n\r\naGFsbG8=\r\n")


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_no_octets_raise_anything_else(head: bytes, body: bytes):
    try:
        result = to_seven_bit(*split_head(b"Content-Type: multipart/mixed; boundary=b\r\n" + head + b"\r\n\r\n" + body))
    except Unconvertible:
        return
    assert b"".join(result).isascii()
