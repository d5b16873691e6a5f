"""Verdicts: pass or fail, and a reason that says what to do."""

import base64
import hashlib
import re

import pytest
from fakes.dkim_keys import ed25519_key, look_up, records, rsa_key
from hypothesis import given, settings, strategies as st
from youtong.mta.dkim.canon import body_hash
from youtong.mta.dkim.sign import sign
from youtong.mta.dkim.verify import LookUpFailed, Reason, verify

HEAD = b"From: a@example.org\r\nSubject: hello\r\n\r\n"
BODY = b"text\r\n"
SIGNATURE = sign(HEAD, BODY, [rsa_key()], 1)
MESSAGE = SIGNATURE + HEAD + BODY


def test_a_good_signature_passes_and_names_its_key() -> None:
    (verdict,) = verify(MESSAGE, look_up)
    assert verdict.passed
    assert (verdict.domain, verdict.selector, verdict.algorithm, verdict.why) == (
        "example.org",
        "rsa1",
        "rsa-sha256",
        "",
    )


def test_a_message_without_signature_has_no_verdict() -> None:
    assert verify(HEAD + BODY, look_up) == []


def test_line_ends_of_a_stored_file_do_not_matter() -> None:
    (verdict,) = verify(MESSAGE.replace(b"\r\n", b"\n"), look_up)
    assert verdict.passed


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (None, "no public key is published: rsa1._domainkey.example.org"),
        (b"", "no usable key"),
        (b"v=DKIM1; k=rsa; p=", "revoked"),
        (b"v=DKIM1; k=rsa", "no usable key"),
        (b"v=DKIM1; k=rsa; p=AAAA", "no usable key"),
        (b"v=DKIM2; k=rsa; p=AAAA", "no usable key"),
        (b"v=spf1 -all", "no usable key"),
        (b"\xff\xfe", "no usable key"),
        pytest.param(records()["ed1._domainkey.example.org"].encode(), "cannot be judged", id="ed25519"),
    ],
)
def test_the_reason_says_what_is_wrong_with_the_record(record: bytes | None, why: str) -> None:
    (verdict,) = verify(MESSAGE, lambda _: record)
    assert not verdict.passed
    assert verdict.reason is not Reason.LOOK_UP_FAILED
    assert re.search(why, verdict.why), verdict.why


def test_a_failed_look_up_is_temporary() -> None:
    def broken(name: str) -> bytes | None:
        raise LookUpFailed(f"time-out for {name}")

    (verdict,) = verify(MESSAGE, broken)
    assert verdict.reason is Reason.LOOK_UP_FAILED
    assert not verdict.passed
    assert "time-out for rsa1._domainkey.example.org" in verdict.why


def test_a_changed_body_and_a_changed_header_are_told_apart() -> None:
    (body,) = verify(MESSAGE + b"more\r\n", look_up)
    assert "body was changed" in body.why
    (head,) = verify(MESSAGE.replace(b"hello", b"hallo"), look_up)
    assert "header field was changed" in head.why


def test_a_signature_that_does_not_cover_from_does_not_pass() -> None:
    bh = body_hash([BODY]).decode()
    unsigned = f"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.org; s=ed1; h=subject; bh={bh}; b="
    signed_octets = f"subject:hello\r\ndkim-signature:{unsigned.partition(': ')[2]}".encode()
    signature = ed25519_key().sign_digest(hashlib.sha256(signed_octets).digest())
    field = unsigned.encode() + base64.b64encode(signature) + b"\r\n"
    (verdict,) = verify(field + HEAD + BODY, look_up)
    assert (verdict.passed, verdict.why) == (False, "the signature does not cover From")


def test_each_signature_has_its_own_verdict() -> None:
    forged = SIGNATURE.replace(b"s=rsa1", b"s=none")
    verdicts = verify(forged + MESSAGE, look_up)
    assert [verdict.passed for verdict in verdicts] == [False, True]
    assert [verdict.selector for verdict in verdicts] == ["none", "rsa1"]


_scraps = st.lists(
    st.sampled_from([b"v=1;", b"a=rsa-sha256;", b"b=AAAA;", b"bh=;", b"d=example.org;", b"s=rsa1;", b"h=from;", b"l=x;",
                     b"c=x;", b"i=@;", b"\xff", b"=", b";", b" ", b"t=99999999999;", b"q=x;", b"x=1;"]),
    max_size=12,
).map(b"".join)  # fmt: skip


@given(_scraps, st.binary(max_size=40))
@settings(deadline=None)
def test_nothing_in_a_signature_or_record_makes_it_raise(scraps: bytes, record: bytes) -> None:
    verdicts = verify(b"DKIM-Signature: " + scraps + b"\r\n" + HEAD + BODY, lambda _: record)
    assert [verdict.passed for verdict in verdicts] == [False]
    assert all(verdict.why.isascii() and verdict.why for verdict in verdicts)


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_any_octets_are_judged_without_raising(octets: bytes) -> None:
    assert not any(verdict.passed for verdict in verify(octets, look_up))
