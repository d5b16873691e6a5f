"""Invariant: content is converted to ASCII or found unconvertible, never damaged: what was ASCII stays as it was.

What comes out is clean content again, and converting it once more changes nothing.
"""

from youtong.mta.message.headers import split_head
from youtong.mta.message.seven_bit import Unconvertible, to_seven_bit

TOKENS = [
    *(
        b"\r\n",
        b"\r\n\r\n",
        b"MIME-Version: 1.0\r\n",
        b"Content-Type: ",
        b"text/plain; charset=utf-8",
        b"multipart/mixed; ",
    ),
    *(
        b'boundary="b"',
        b"boundary=b",
        b"\r\n--b\r\n",
        b"\r\n--b--\r\n",
        b"--b",
        b"message/rfc822",
        b"multipart/digest; ",
    ),
    *(b"Content-Transfer-Encoding: ", b"8bit", b"7bit", b"binary", b"quoted-printable", b"base64", b"multipart/signed"),
    *(b"DKIM-Signature: x\r\n", b"\xe4\xbd\xa0", b"\xff", b"=", b"=E4", b" ", b"\t", b"(", b";", b"x" * 90, b"."),
]


def check(octets: bytes) -> None:
    octets = octets.translate(None, b"\0").replace(b"\r\n", b"\n").replace(b"\r", b"").replace(b"\n", b"\r\n")
    head, body = split_head(octets)
    try:
        converted = to_seven_bit(head, body)
    except Unconvertible:
        assert not octets.isascii()
        return
    result = b"".join(converted)
    assert result.isascii()
    assert result.count(b"\r") == result.count(b"\n") == result.count(b"\r\n")
    assert not octets.isascii() or result == octets
    assert b"".join(to_seven_bit(*split_head(result))) == result
