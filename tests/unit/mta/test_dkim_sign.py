"""The DKIM-Signature field: which fields it covers, how it looks; that it verifies is for test_dkim_verifiers."""

import re

import pytest
from fakes.dkim_keys import ed25519_key, look_up, rsa_key
from fakes.mail import bodies, raw_fields
from hypothesis import given, settings, strategies as st
from youtong.mta.dkim.key import Algorithm, generate
from youtong.mta.dkim.sign import sign
from youtong.mta.dkim.verify import verify
from youtong.mta.envelope import Domain

KEYS = (rsa_key(), ed25519_key())
HEAD = b"From: a@example.org\r\nTo: b@example.net\r\nSubject: hello\r\nX-Mailer: x\r\n\r\n"
BODY = b"text\r\n"


def tags(field: bytes) -> dict[str, str]:
    text = field.decode("ascii").partition(":")[2].replace("\r\n", "")
    return {
        name.strip(): re.sub(r"\s+", "", value) for name, _, value in (tag.partition("=") for tag in text.split(";"))
    }


def covered(head: bytes) -> list[str]:
    return tags(sign(head, BODY, [ed25519_key()], 1))["h"].split(":")


def all_pass(message: bytes) -> bool:
    verdicts = verify(message, look_up)
    return bool(verdicts) and all(verdict.passed for verdict in verdicts)


def test_tags_are_these_and_no_others() -> None:
    found = tags(sign(HEAD, BODY, [rsa_key()], 1_795_000_000))
    assert list(found) == ["v", "a", "c", "d", "s", "t", "h", "bh", "b"]
    assert (found["v"], found["a"], found["c"]) == ("1", "rsa-sha256", "relaxed/relaxed")
    assert (found["d"], found["s"], found["t"]) == ("example.org", "rsa1", "1795000000")


def test_each_key_gives_one_field_with_the_same_body_hash() -> None:
    first, second = re.findall(rb"DKIM-Signature:(?:.|\r\n[ \t])*\r\n", sign(HEAD, BODY, KEYS, 1))
    assert [tags(first)["a"], tags(second)["a"]] == ["rsa-sha256", "ed25519-sha256"]
    assert tags(first)["bh"] == tags(second)["bh"]
    assert first + second == sign(HEAD, BODY, KEYS, 1)


def test_lines_are_at_most_78_octets_and_folded() -> None:
    many = b"".join(b"References: <%d@example.org>\r\n" % number for number in range(50))
    for head in (HEAD, many + HEAD):
        field = sign(head, BODY, KEYS, 1_795_000_000)
        lines = field.split(b"\r\n")
        assert lines.pop() == b""
        assert max(map(len, lines)) <= 78
        assert all(line.startswith((b"DKIM-Signature: ", b" ")) and line.strip() for line in lines)


def test_a_domain_longer_than_a_line_is_not_broken() -> None:
    domain = Domain(".".join(["label" * 8] * 5))
    field = sign(HEAD, BODY, [generate(domain, "s" * 60, Algorithm.ED25519)], 1)
    assert f"d={domain};".encode() in field
    assert max(map(len, field.split(b"\r\n"))) < 998


def test_no_key_gives_no_field() -> None:
    assert sign(HEAD, BODY, [], 1) == b""


@pytest.mark.parametrize(
    "name",
    ["from", "to", "cc", "subject", "date", "message-id", "reply-to", "mime-version", "content-type",
     "content-transfer-encoding"],
)  # fmt: skip
@pytest.mark.parametrize("occurrences", [0, 1, 2, 3])
def test_oversigned_fields_are_named_once_more_than_they_occur(name: str, occurrences: int) -> None:
    head = f"{name.title()}: x\r\n".encode() * occurrences + b"\r\n"
    assert covered(head).count(name) == occurrences + 1


@pytest.mark.parametrize(
    "name",
    ["sender", "in-reply-to", "references", "list-id", "list-unsubscribe", "list-unsubscribe-post", "feedback-id",
     "auto-submitted"],
)  # fmt: skip
@pytest.mark.parametrize("occurrences", [0, 1, 2])
def test_optional_fields_are_named_as_often_as_they_occur(name: str, occurrences: int) -> None:
    assert covered(f"{name}: x\r\n".encode() * occurrences + HEAD).count(name) == occurrences


@pytest.mark.parametrize(
    "name",
    ["return-path", "received", "bcc", "authentication-results", "arc-seal", "arc-message-signature", "x-mailer",
     "dkim-signature", "user-agent"],
)  # fmt: skip
def test_other_fields_are_never_covered(name: str) -> None:
    assert name not in covered(f"{name}: x\r\n".encode() + HEAD)


@given(st.lists(raw_fields(), max_size=6), bodies)
@settings(deadline=None, max_examples=60)
def test_any_mail_verifies_with_both_algorithms(built: list[tuple[bytes, bytes]], body: bytes) -> None:
    head = b"".join(raw for name, raw in built if name.lower() != b"dkim-signature") + b"\r\n"
    message = sign(head, body, KEYS, 1) + head + body + (b"" if body.endswith(b"\r\n") else b"\r\n")
    assert [(verdict.algorithm, verdict.passed, verdict.why) for verdict in verify(message, look_up)] == [
        ("rsa-sha256", True, ""),
        ("ed25519-sha256", True, ""),
    ]


@pytest.mark.parametrize(
    "name", [b"From", b"To", b"Cc", b"Subject", b"Date", b"Message-ID", b"Reply-To", b"MIME-Version", b"Content-Type"]
)
def test_an_oversigned_field_can_be_neither_added_nor_taken_away(name: bytes) -> None:
    head = name + b": x\r\n\r\n"
    signature = sign(head, BODY, [ed25519_key()], 1)
    assert all_pass(signature + head + BODY)
    assert not all_pass(signature + name + b": y\r\n" + head + BODY)
    assert not all_pass(signature + name + b": x\r\n" + name + b": y\r\n\r\n" + BODY)
    assert not all_pass(signature + b"\r\n" + BODY)


def test_what_relays_do_breaks_nothing() -> None:
    signature = sign(HEAD, b"a  b\r\nc \r\n", KEYS, 1)
    trace = b"Received: by relay\r\nAuthentication-Results: x\r\n"
    refolded = b"from:  a@example.org \r\nTO: b@example.net\r\nsubject:\r\n\thello\r\nX-Mailer: y\r\n\r\n"
    assert all_pass(trace + signature + refolded + b"a b  \r\nc\r\n\r\n\r\n")


def test_an_octet_changed_in_a_signed_field_or_the_body_fails() -> None:
    message = sign(HEAD, BODY, KEYS, 1) + HEAD + BODY
    assert all_pass(message)
    for old, new in [
        (b"hello", b"hallo"),
        (b"text\r\n", b"test\r\n"),
        (b"t=1;", b"t=2;"),
        (b"a@example.org", b"b@example.org"),
    ]:
        assert not any(verdict.passed for verdict in verify(message.replace(old, new), look_up))
