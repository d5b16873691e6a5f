"""The composer of notices: the proper one, and the minimal one when that cannot be made."""

import email
import email.policy
from typing import NoReturn

import pytest
from youtong.admin import notice
from youtong.admin.notice import compose_notice
from youtong.queue.ids import queue_id
from youtong.queue.journal import Facts
from youtong.queue.notices import NoticeFacts
from youtong.queue.states import RecipientState
from youtong.queue.storage.rows import FailedRow, OwedNotice

ADDRESSES = ("b@example.com", "ü@例子.example", "x\r\nBcc: eve@example.com")
FACTS = NoticeFacts(
    queue_id(7),
    OwedNotice(7, 1, "a@example.org", "", "", 1_700_000_000_000, b"Subject: secret\r\n\r\n"),
    tuple(
        FailedRow(number, address, "", RecipientState.BOUNCED, number, 1_700_000_000_000, Facts(text="gone"), None)
        for number, address in enumerate(ADDRESSES)
    ),
    1_700_000_100_000,
)


def test_a_notice_is_a_report_with_the_original_head() -> None:
    composed = compose_notice("mx.example.net")(FACTS)
    assert b"multipart/report" in composed.head
    assert b"secret" in composed.body


def test_a_message_that_no_notice_can_be_composed_of_is_told_by_a_minimal_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fault(_: object) -> NoReturn:
        raise ValueError("a strange message")

    monkeypatch.setattr(notice, "compose_failure_notice", fault)
    composed = compose_notice("mx.example.net")(FACTS)
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
