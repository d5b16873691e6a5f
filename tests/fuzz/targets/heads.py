"""Invariant: a message is cut into head and body without loss, and its author is read or refused, never guessed.

All that is done to a head on its way in: fields, authors, sender rules, signing domain.
"""

import contextlib

from youtong.mta.dkim.keyring import signing_domain
from youtong.mta.message.headers import HeaderError, author_addresses, fields, split_head
from youtong.policy.senders import Sendable, refuse_head

TOKENS = [
    *(
        b"\r\n",
        b"\r\n\r\n",
        b"\r\n ",
        b"\r\n\t",
        b"\r",
        b"\n",
        b":",
        b"From: ",
        b"from : ",
        b"Sender: ",
        b"Bcc: ",
        b"Date: ",
    ),
    *(b"a@b.c", b"<", b">", b",", b";", b'"', b"\\", b"(", b")", b"=?utf-8?B?", b"?=", b"group: ", b"\0", "é".encode()),
    *(b"DKIM-Signature: ", b"Subject: x\r\n", b"Content-Type: multipart/mixed; boundary=", b"--", b"x" * 998),
]
_NOBODY = Sendable(frozenset(), frozenset())


def check(octets: bytes) -> None:
    head, body = split_head(octets)
    assert head + body == octets
    assert b"".join(field.raw for field in fields(head)) in head
    with contextlib.suppress(HeaderError):
        assert all("@" in address for address in author_addresses(head))
    signing_domain(head)
    refuse_head(head, _NOBODY)
