"""Every content form, signed by us, judged by three implementations that are not ours.

dkimpy       RSA and Ed25519
Mail::DKIM   RSA (it knows no Ed25519)
mailauth     RSA and Ed25519
"""

from collections.abc import Iterator

import pytest
from fakes.components import require_npm_package, require_perl_module
from fakes.dkim_judges import Dkimpy, Judge, child_judge
from fakes.dkim_keys import ed25519_key, records, rsa_key
from fakes.mail import bodies, raw_fields
from fakes.txt_server import serving
from hypothesis import HealthCheck, given, settings, strategies as st
from youtong.mta.dkim.sign import sign

KEYS = (rsa_key(), ed25519_key())
BOTH = frozenset({"rsa1", "ed1"})
RSA_ONLY = frozenset({"rsa1"})

HEAD = (
    b"Received: from client (localhost [127.0.0.1])\r\n\tby mail.example.org; Mon, 23 Nov 2026 12:00:00 +0000\r\n"
    b"From: Ann Example <ann@example.org>\r\nTo: Bob <bob@example.net>\r\nSubject: hello\r\n"
    b"Date: Mon, 23 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nX-Mailer: x\r\n\r\n"
)
BODY = b"Hello Bob,\r\n\r\nthis is a letter.\r\n"


def head(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


FORMS: dict[str, tuple[bytes, bytes]] = {
    "7-bit": (HEAD, BODY),
    "8-bit": (HEAD, "中文正文, été\r\n".encode() * 20),
    "8-bit that is not UTF-8": (HEAD, b"\xc4\xe3\xba\xc3 \xff\xfe\r\n"),
    "UTF-8 headers": (head("From: 安妮 <ann@example.org>", "To: 李雷 <l@例子.中国>", "Subject: 中文 été"), BODY),
    "UTF-8 headers with the octet A0": (head("From: ann@example.org", "Subject: 你好 世界"), BODY),
    "folded headers": (
        head("From: Ann\r\n Example\r\n\t<ann@example.org>", "Subject:\r\n one\r\n  two \r\n\tthree",
             "References: <1@a>\r\n <2@a>"),
        BODY,
    ),
    "fold of white space only": (head("From: ann@example.org", "Subject: one\r\n \r\n two"), BODY),
    "white space around header values": (head("From:   ann@example.org  ", "SUBJECT:\t a \t b\t"), BODY),
    "no white space after the colon": (head("From:ann@example.org", "Subject:x", "To:"), BODY),
    "empty body": (HEAD, b""),
    "body of one line end": (HEAD, b"\r\n"),
    "body of blank lines": (HEAD, b"\r\n \r\n\t\r\n"),
    "no final CRLF": (HEAD, b"last line without end"),
    "no final CRLF, white space last": (HEAD, b"last line \t "),
    "trailing blank lines": (HEAD, BODY + b"\r\n" * 10),
    "trailing white space": (HEAD, b"one  \r\ntwo\t\r\n \r\nthree \t \r\n \t\r\n"),
    "tabs and runs of white space": (HEAD, b"\tone\t\ttwo   three \t four\r\n  indented\r\n"),
    "leading blank lines": (HEAD, b"\r\n\r\n" + BODY),
    "lines beginning with dots": (HEAD, b".\r\n..\r\n.one\r\n...\r\nend\r\n.\r\n"),
    "long lines": (HEAD, (b"x" * 998 + b"\r\n") * 5 + b"y" * 100_000 + b"\r\n"),
    "signed headers twice": (
        head("From: ann@example.org", "Subject: one", "Subject: two", "To: a@example.net", "To: b@example.net",
             "Sender: s@example.org", "List-Id: <l.example.org>", "List-Id: <m.example.org>"),
        BODY,
    ),
    "only From": (head("From: ann@example.org"), BODY),
    "every list header": (
        head("From: ann@example.org", "List-Unsubscribe: <https://example.org/u?a=b;c>, <mailto:u@example.org>",
             "List-Unsubscribe-Post: List-Unsubscribe=One-Click", "Feedback-ID: 1:2:3:x", "Auto-Submitted: no",
             "In-Reply-To: <0@example.net>"),
        BODY,
    ),
    "header values like tags": (head("From: ann@example.org", "Subject: b=AAAA; bh=x; v=1"), b"b=AAAA;\r\n"),
    "From: in the body": (HEAD, b"From: not a header\r\n\r\nFrom here\r\n>From there\r\n"),
    "multipart": (
        head("From: ann@example.org", 'Content-Type: multipart/mixed;\r\n boundary="=_1"', "MIME-Version: 1.0"),
        b"--=_1\r\n\r\ntext\r\n--=_1\r\nContent-Type: image/png\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--=_1--\r\n",
    ),
}  # fmt: skip

# mailauth 4.13.3 reads headers as Latin-1 and takes the octet A0 (in U+4F60, say) for white space.
FAULTS_OF_JUDGES = {("mailauth", "UTF-8 headers with the octet A0")}


def as_carried(message_head: bytes, body: bytes) -> bytes:
    """The octets after the wire: SMTP ends the last line."""
    message = sign(message_head, body, KEYS, 1_790_000_000) + message_head + body
    return message if message.endswith(b"\r\n") else message + b"\r\n"


@pytest.fixture(scope="module")
def dns() -> Iterator[tuple[str, int]]:
    with serving(records()) as address:
        yield address


@pytest.fixture(scope="module", params=["dkimpy", "Mail::DKIM", "mailauth"])
def judged(request: pytest.FixtureRequest, dns: tuple[str, int]) -> Iterator[tuple[Judge, frozenset[str]]]:
    """A judge, and the selectors whose algorithm it knows."""
    match request.param:
        case "dkimpy":
            yield Dkimpy(records()), BOTH
        case "Mail::DKIM":
            perl = require_perl_module("Mail::DKIM::Verifier", "libmail-dkim-perl")
            with child_judge([perl], "mail_dkim.pl", dns) as judge:
                yield judge, RSA_ONLY
        case _:
            node, folder = require_npm_package("mailauth@4.13.3")
            with child_judge([node], "mailauth.cjs", dns, NODE_PATH=str(folder / "node_modules")) as judge:
                yield judge, BOTH


def assert_passes(judged: tuple[Judge, frozenset[str]], message: bytes) -> None:
    judge, selectors = judged
    results = judge.results(message)
    assert {selector: results.get(selector) for selector in selectors} == dict.fromkeys(selectors, "pass")


@pytest.mark.parametrize("form", FORMS)
def test_the_signatures_of_every_content_form_pass(
    judged: tuple[Judge, frozenset[str]], form: str, request: pytest.FixtureRequest
) -> None:
    if (request.node.callspec.params["judged"], form) in FAULTS_OF_JUDGES:
        request.applymarker(pytest.mark.xfail(strict=True, reason="a fault of that judge"))
    assert_passes(judged, as_carried(*FORMS[form]))


@given(st.lists(raw_fields(), max_size=6), bodies)
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_signatures_of_generated_mail_pass(
    judged: tuple[Judge, frozenset[str]], built: list[tuple[bytes, bytes]], body: bytes
) -> None:
    generated = [raw for name, raw in built if name.lower() not in (b"dkim-signature", b"from")]
    assert_passes(judged, as_carried(b"".join([b"From: ann@example.org\r\n", *generated, b"\r\n"]), body))


def test_the_signatures_of_20_megabytes_pass(judged: tuple[Judge, frozenset[str]]) -> None:
    line = b"VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZyBhZ2FpbiBhbmQgYWdh\r\n"
    body = line * (20 * 1024 * 1024 // len(line)) + b"trailing \t white space \r\n\r\n\r\n"
    assert_passes(judged, as_carried(HEAD, body))


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"letter", b"lettre"), (b"Subject: hello", b"Subject: hullo"), (b"To: Bob", b"Cc: x@example.net\r\nTo: Bob")],
    ids=["body", "header", "added header"],
)
def test_a_changed_message_fails(judged: tuple[Judge, frozenset[str]], old: bytes, new: bytes) -> None:
    judge, selectors = judged
    message = as_carried(HEAD, BODY)
    assert old in message
    results = judge.results(message.replace(old, new))
    assert selectors <= results.keys()
    assert "pass" not in results.values()
