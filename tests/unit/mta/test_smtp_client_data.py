"""Content on the wire: nothing in it ends it early, and it ends once."""

import pytest
from hypothesis import given, strategies as st
from youtong.mta.smtp.data import encode_data
from youtong.mta.smtp.errors import LocalProtocolError

LINES = st.lists(st.sampled_from([b"", b".", b"..", b".x", b"x.", b"text"]), max_size=8)


def decode(wire: bytes) -> bytes:
    """RFC 5321 §4.5.2, line by line."""
    content, end, rest = wire.partition(b"\r\n.\r\n") if wire != b".\r\n" else (b"", b"", b"")
    assert rest == b""
    lines = (content + end[:2]).split(b"\r\n")
    return b"\r\n".join(line.removeprefix(b".") for line in lines)


@given(LINES)
def test_what_is_encoded_decodes_to_the_same_and_ends_once(lines: list[bytes]):
    content = b"".join(line + b"\r\n" for line in lines)
    assert decode(encode_data(content)) == content


@pytest.mark.parametrize("end", [b"", b"\r", b"\n", b"\r\n"])
def test_the_last_line_always_ends_in_one_crlf(end: bytes):
    assert encode_data(b"A: b\r\n\r\nlast" + end) == b"A: b\r\n\r\nlast\r\n.\r\n"


def test_empty_content_is_the_bare_dot():
    assert encode_data(b"") == b".\r\n"


@pytest.mark.parametrize("content", [b"a\nb\r\n", b"a\rb\r\n", b"\r\r\n", b"x\n.\r\nMAIL FROM:<evil@example>\r\n"])
def test_a_bare_cr_or_lf_inside_never_leaves_us(content: bytes):
    with pytest.raises(LocalProtocolError):
        encode_data(content)
