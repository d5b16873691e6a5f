"""The composer of notices: the proper one, and the minimal one when that cannot be made."""

import email
import email.policy
from typing import NoReturn

import pytest
from msgspec.structs import replace
from youtong.admin import notice
from youtong.admin.notice import notice_composer as compose
from youtong.mta.envelope import ByMode, DeliverBy
from youtong.mta.message.notice import Action
from youtong.queue.ids import queue_id
from youtong.queue.journal import Facts, JournalKind, JournalRow
from youtong.queue.notices.notices import NoticeFacts
from youtong.queue.storage.owing import NoticedMessage, Told

ADDRESSES = ("b@example.com", "ü@例子.example", "x\r\nBcc: eve@example.com")
SENT_MS = 1_700_000_000_000
BOUNCED = JournalRow(9, SENT_MS, JournalKind.BOUNCED, 1, 7, 1, 0, Facts(code=550, enhanced="5.1.1", text="gone"))
FACTS = NoticeFacts(
    queue_id(7),
    NoticedMessage(
        7, 1, "people", 0, "a@example.org", "", "", SENT_MS, SENT_MS + 86_400_000, b"Subject: secret\r\n\r\n", None
    ),
    "a@example.org",
    tuple(
        Told(number, address, "", Action.FAILED, number, attempt=BOUNCED) for number, address in enumerate(ADDRESSES)
    ),
    1_700_000_100_000,
)


def status_of(*told: Told) -> list[str]:
    """The fields of each recipient."""
    body = compose("mx.example.net")(replace(FACTS, told=told)).body.decode()
    groups = body.partition("message/delivery-status")[2].partition("--youtong")[0].strip().split("\r\n\r\n")
    return groups[1:]


def test_each_recipient_is_told_by_its_last_attempt_or_by_our_reason() -> None:
    failed = Told(1, "b@example.com", "rfc822;B@x", Action.FAILED, 1, attempt=BOUNCED)
    waits = Told(2, "c@example.com", "", Action.DELAYED, 0)
    skipped = Told(3, "d@example.com", "", Action.FAILED, 1, reason="the body is gone")
    expired = Told(4, "e@example.com", "", Action.FAILED, 1, is_expired=True, attempt=BOUNCED)
    first, second, third, fourth = status_of(failed, waits, skipped, expired)
    assert "Original-Recipient: rfc822;B@x" in first
    assert "Diagnostic-Code: smtp; 550 5.1.1 gone" in first
    assert "Last-Attempt-Date: Tue, 14 Nov 2023 22:13:20 -0000" in first
    assert "Action: delayed" in second
    assert "Will-Retry-Until: Wed, 15 Nov 2023 22:13:20 -0000" in second
    assert "Last-Attempt-Date" not in second
    assert "Diagnostic-Code: x-youtong; the body is gone" in third
    assert "Status: 4.4.7" in fourth


def test_a_deadline_is_named_as_it_was_asked_for() -> None:
    expired = Told(4, "e@example.com", "", Action.FAILED, 1, is_expired=True)
    about = replace(FACTS.message, by=DeliverBy(86_400, ByMode.RETURN))
    body = compose("mx.example.net")(replace(FACTS, message=about, told=(expired,))).body.decode()
    assert "Status: 5.4.7" in body
    assert "Deliver-By-Date: Wed, 15 Nov 2023 22:13:20" in body


def test_a_notice_is_a_report_with_the_original_head() -> None:
    composed = compose("mx.example.net")(FACTS)
    assert b"multipart/report" in composed.head
    assert b"secret" in composed.body


def test_a_message_that_no_notice_can_be_composed_of_is_told_by_a_minimal_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fault(_: object) -> NoReturn:
        raise ValueError("a strange message")

    monkeypatch.setattr(notice, "compose_notice", fault)
    composed = compose("mx.example.net")(FACTS)
    octets = composed.head + composed.body
    assert composed.head.endswith(b"\r\n\r\n")
    assert octets.isascii()
    assert b"\n" not in octets.replace(b"\r\n", b"")
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert (message["To"], message["Auto-Submitted"], message["Bcc"]) == ("a@example.org", "auto-replied", None)
    assert message.get_content_type() == "text/plain"
    words = message.get_content()
    assert "  b@example.com" in words.splitlines()
    assert "  x Bcc: eve@example.com" in words.splitlines()
    assert FACTS.queue_id in words
    assert "secret" not in words
    assert "only a minimal notice" in caplog.text
