"""Suppression at RCPT: what a program hears, and that people are not stopped."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.suppressions import Book
from youtong.admin.suppression.intake import SuppressedRecipients
from youtong.mta.submission.ports import Origin
from youtong.policy.suppression import REACH, Reason
from youtong.queue.classes import MailClass


@pytest.fixture
async def book(tmp_path: Path) -> AsyncIterator[Book]:
    made = await Book.open(tmp_path)
    yield made
    await made.close()


def answer(book: Book, mail_class: MailClass, address: str = "Dead@example.com") -> str:
    check = SuppressedRecipients(book.lookup, lambda account_id: account_id).check
    refusal = check(Origin("shop", 2, 1, mail_class), address)
    return "" if refusal is None else str(refusal.reply)


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("mail_class", [MailClass.PEOPLE, MailClass.TRANSACTIONAL])
async def test_a_recipient_is_refused_where_the_gate_would_skip_it(
    book: Book, reason: Reason, mail_class: MailClass
) -> None:
    entry = await book.add("dead@example.com", reason)
    said = answer(book, mail_class)
    if mail_class in REACH[reason]:
        assert said.startswith("550 5.")
        assert said.endswith(f"(since 2023-11-14, entry {entry.id})")
    else:
        assert said == ""
    assert answer(book, mail_class, "fine@example.com") == ""


async def test_a_program_hears_that_the_mailbox_does_not_exist(book: Book) -> None:
    await book.add("dead@example.com", Reason.HARD_BOUNCE)
    assert answer(book, MailClass.TRANSACTIONAL).startswith("550 5.1.1 This address is suppressed because it did not")


async def test_what_cannot_be_looked_up_is_taken(book: Book, tmp_path: Path) -> None:
    await book.add("dead@example.com", Reason.BLOCK)
    await book.app.close()
    (tmp_path / "app.db").unlink()
    assert answer(book, MailClass.TRANSACTIONAL) == ""
