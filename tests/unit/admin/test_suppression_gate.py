"""The gate over the book of suppressions: who is skipped, how soon, and what a fault does (Q6, Q7)."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.suppressions import Book
from youtong.admin.suppression.lookup import FAULT_SECONDS
from youtong.policy.suppression import INSTALLATION, REACH, Reason
from youtong.queue.classes import MailClass


@pytest.fixture
async def book(tmp_path: Path) -> AsyncIterator[Book]:
    made = await Book.open(tmp_path)
    yield made
    await made.close()


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("mail_class", list(MailClass))
async def test_the_gate_follows_the_table(book: Book, reason: Reason, mail_class: MailClass) -> None:
    entry = await book.add("dead@example.com", reason)
    stopped = mail_class in REACH[reason]
    expected = f"suppressed:{reason}:{entry.id}" if stopped else "send"
    assert book.decide("dead@example.com", "fine@example.com", mail_class=mail_class) == [expected, "send"]


async def test_an_entry_acts_within_the_second_after_it_was_written(book: Book) -> None:
    assert book.decide("dead@example.com") == ["send"]
    await book.add("other@example.com")
    assert book.decide("dead@example.com", "other@example.com")[1].startswith("suppressed:")
    await book.add("dead@example.com")
    assert book.decide("dead@example.com")[0].startswith("suppressed:")


async def test_an_entry_holds_for_the_whole_tree_and_for_nobody_else(book: Book) -> None:
    await book.add("dead@example.com", account_id=2)
    assert book.decide("dead@example.com", account_id=3)[0].startswith("suppressed:")
    assert book.decide("dead@example.com", account_id=4) == ["send"]


async def test_the_operators_entry_holds_for_every_account(book: Book) -> None:
    await book.add("dead@example.com", Reason.BLOCK, account_id=INSTALLATION)
    await book.add("*.spam.example", Reason.BLOCK, account_id=INSTALLATION)
    for account_id in (2, 3, 4):
        said = book.decide("dead@example.com", "x@a.spam.example", mail_class=MailClass.PEOPLE, account_id=account_id)
        assert [word.rpartition(":")[0] for word in said] == ["suppressed:block"] * 2


async def test_another_spelling_is_the_same_mailbox(book: Book) -> None:
    await book.add("jane@bücher.example")
    assert book.decide("JANE@xn--bcher-kva.EXAMPLE", '"jane"@bücher.example', "jane+1@bücher.example")[2] == "send"
    assert all(word.startswith("suppressed:") for word in book.decide('"jane"@bücher.example', "Jane@Bücher.example"))


async def test_patterns_are_of_their_tree_too(book: Book) -> None:
    await book.add("no*@example.com", Reason.MANUAL, account_id=2)
    assert book.decide("noreply@example.com", "jane@example.com")[0].startswith("suppressed:manual:")
    assert book.decide("noreply@example.com", "jane@example.com", account_id=4) == ["send", "send"]


async def test_the_gravest_of_several_entries_is_named(book: Book) -> None:
    await book.add("dead@example.com", Reason.MANUAL)
    await book.add("example.com", Reason.HARD_BOUNCE)
    complaint = await book.add("dead@example.com", Reason.COMPLAINT)
    assert book.decide("dead@example.com") == [f"suppressed:complaint:{complaint.id}"]


async def test_an_entry_whose_time_is_over_stops_nobody(book: Book) -> None:
    await book.add("dead@example.com", expires_ms=book.clock.now_ms() + 60_000)
    await book.add("*@gone.example", expires_ms=book.clock.now_ms() + 60_000)
    assert "send" not in book.decide("dead@example.com", "x@gone.example")
    book.clock.advance(61)
    assert book.decide("dead@example.com", "x@gone.example") == ["send", "send"]


async def test_many_are_answered_in_their_order(book: Book) -> None:
    for at in range(0, 1000, 100):
        await book.add(f"a{at}@example.com")
    said = book.decide(*(f"A{at}@example.com" for at in range(1000)))
    assert [at for at, word in enumerate(said) if word != "send"] == list(range(0, 1000, 100))


async def test_nothing_is_read_for_mail_that_no_entry_could_stop(book: Book) -> None:
    await book.add("dead@example.com", Reason.COMPLAINT)
    book.decide("dead@example.com")
    statements: list[str] = []
    connection = book.lookup._db  # pyright: ignore[reportPrivateUsage]
    assert connection is not None
    connection.set_trace_callback(statements.append)
    assert book.decide("dead@example.com", mail_class=MailClass.PEOPLE) == ["send"]
    assert book.decide("dead@example.com", account_id=4) == ["send"]
    assert statements == []
    assert book.decide("dead@example.com") != ["send"]
    assert len(statements) == 1


async def test_while_the_book_cannot_be_read_people_write_and_all_others_wait(
    book: Book, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await book.add("dead@example.com", Reason.BLOCK)
    holder = sqlite3.connect(tmp_path / "app.db", isolation_level=None)
    holder.execute("ALTER TABLE suppression RENAME TO elsewhere")
    for _ in range(3):
        assert book.decide("dead@example.com", "fine@example.com", mail_class=MailClass.PEOPLE) == ["send", "send"]
        assert book.decide("fine@example.com") == ["wait"]
        assert book.decide("fine@example.com", mail_class=MailClass.TRANSACTIONAL) == ["wait"]
    assert len([record for record in caplog.records if "cannot be read" in record.message]) == 1
    holder.execute("ALTER TABLE elsewhere RENAME TO suppression")
    holder.close()
    book.clock.advance(FAULT_SECONDS)
    assert book.decide("dead@example.com", "fine@example.com")[1] == "send"
    assert book.decide("dead@example.com", mail_class=MailClass.PEOPLE)[0].startswith("suppressed:block:")


async def test_a_damaged_pattern_stops_nobody_and_spoils_no_other(book: Book, tmp_path: Path) -> None:
    entry = await book.add("*.gone.example")
    broken = sqlite3.connect(tmp_path / "app.db")
    broken.execute("UPDATE suppression SET address = '*' WHERE id = ?", (entry.id,))
    broken.commit()
    broken.close()
    await book.add("bad.example")
    assert book.decide("x@a.gone.example", "x@bad.example")[0] == "send"
    assert book.decide("x@bad.example")[0].startswith("suppressed:")
