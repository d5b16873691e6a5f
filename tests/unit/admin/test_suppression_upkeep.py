"""Upkeep of the book: expiry, the second look at missing domains, and new rules."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.resolver import FakeResolver
from fakes.suppressions import Book
from youtong.admin.suppression import book as rows_of
from youtong.admin.suppression.entry import Entry
from youtong.admin.suppression.second_look import AGAIN_AFTER_MS, look_again, waiting
from youtong.admin.suppression.upkeep import SuppressionUpkeep
from youtong.mta.dns.answers import NoData
from youtong.policy.suppression import EntrySource, Evidence, Reason

SINCE = 1_000_000
LATER = SINCE + AGAIN_AFTER_MS
WRONG = Evidence(stage="RCPT", code=550, enhanced="5.2.2", text="Mailbox is over quota", category="no-such-user")


@pytest.fixture
async def book(tmp_path: Path) -> AsyncIterator[Book]:
    made = await Book.open(tmp_path)
    yield made
    await made.close()


async def miss(book: Book, address: str, since_ms: int = SINCE) -> None:
    async with book.app.transaction() as transaction:
        await transaction.run(
            "INSERT INTO suppression_pending VALUES (?, 2, ?, ?, ?)",
            address.rpartition("@")[2],
            address,
            since_ms,
            '{"category":"no-such-domain"}',
        )


async def pending(book: Book) -> list[str]:
    async with book.app.reading() as reading:
        return [row[0] for row in await reading.rows("SELECT address FROM suppression_pending ORDER BY address")]


async def test_a_domain_that_is_still_missing_a_day_later_marks_its_addresses(book: Book) -> None:
    await miss(book, "a@gone.example")
    await miss(book, "b@gone.example", LATER - 5)
    assert await look_again(book.app, FakeResolver(), LATER) == 1
    (entry,) = await book.entries("a@gone.example")
    assert (entry.reason, entry.source, entry.account_id) == (Reason.HARD_BOUNCE, EntrySource.LOOK_UP, 2)
    assert entry.evidence == Evidence(category="no-such-domain")
    assert await pending(book) == ["b@gone.example"]


async def test_a_day_must_have_passed(book: Book) -> None:
    await miss(book, "a@gone.example")
    resolver = FakeResolver()
    assert await look_again(book.app, resolver, LATER - 1) == 0
    assert resolver.asked == []


async def test_a_domain_that_is_there_again_marks_nobody(book: Book) -> None:
    await miss(book, "a@gone.example")
    await miss(book, "a@back.example")
    resolver = FakeResolver().has_mx("gone.example", (10, "mx.gone.example")).answers("back.example", "mx", NoData(60))
    assert await look_again(book.app, resolver, LATER) == 0
    assert await pending(book) == []


async def test_those_that_wait_are_told_with_the_time_of_the_look_up(book: Book) -> None:
    await miss(book, "late@gone.example", SINCE + 5)
    await miss(book, "early@gone.example")
    async with book.app.reading() as reading:
        found = await waiting(reading, None, 10)
        assert [(each.address, each.account_id, each.look_ms) for each in found] == [
            ("early@gone.example", 2, LATER),
            ("late@gone.example", 2, LATER + 5),
        ]
        assert [each.address for each in await waiting(reading, 2, 1)] == ["early@gone.example"]
        assert await waiting(reading, 3, 10) == []


async def test_a_silent_name_system_decides_nothing(book: Book) -> None:
    await miss(book, "a@gone.example")
    assert await look_again(book.app, FakeResolver().fails("gone.example"), LATER) == 0
    assert await pending(book) == ["a@gone.example"]


async def test_a_round_expires_looks_and_judges(book: Book, tmp_path: Path) -> None:
    now_ms = book.clock.now_ms()
    await book.add("old@example.com", Reason.COMPLAINT, expires_ms=now_ms - 1)
    await book.add("young@example.com", expires_ms=now_ms + 1_000_000)
    await miss(book, "a@gone.example", now_ms - AGAIN_AFTER_MS)
    async with book.app.transaction() as transaction:
        wrong = Entry("full@example.com", Reason.HARD_BOUNCE, EntrySource.REPLY, 2, evidence=WRONG)
        await rows_of.apply(transaction, wrong)
    await SuppressionUpkeep(book.app, tmp_path / "youtong.toml", FakeResolver(), book.clock).round()
    async with book.app.reading() as reading:
        found = [each.address for each in await rows_of.page(reading, rows_of.Chosen(), 0, 10)]
        assert found == ["young@example.com", "a@gone.example"]
        (expired,) = await rows_of.lifted_of(reading, "old@example.com")
    assert expired.how == "expiry"


async def test_rules_that_cannot_be_read_judge_nobody(book: Book, tmp_path: Path) -> None:
    (tmp_path / "bounces.toml").write_text("nonsense = ", encoding="ascii")
    async with book.app.transaction() as transaction:
        wrong = Entry("full@example.com", Reason.HARD_BOUNCE, EntrySource.REPLY, 2, evidence=WRONG)
        await rows_of.apply(transaction, wrong)
    upkeep = SuppressionUpkeep(book.app, tmp_path / "youtong.toml", FakeResolver(), book.clock)
    await upkeep.round()
    assert len(await book.entries("full@example.com")) == 1
    (tmp_path / "bounces.toml").unlink()
    await upkeep.round()
    assert await book.entries("full@example.com") == []


class Heard(SuppressionUpkeep):
    """Says when a round is over."""

    over: asyncio.Queue[None]

    async def round(self) -> None:
        await super().round()
        self.over.put_nowait(None)


async def test_a_reload_begins_a_round_at_once_and_what_it_lifts_is_logged(
    book: Book, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "youtong.jobs")
    (tmp_path / "bounces.toml").write_text("nonsense = ", encoding="ascii")
    async with book.app.transaction() as transaction:
        wrong = Entry("full@example.com", Reason.HARD_BOUNCE, EntrySource.REPLY, 2, evidence=WRONG)
        await rows_of.apply(transaction, wrong)
    upkeep = Heard(book.app, tmp_path / "youtong.toml", FakeResolver(), book.clock)
    upkeep.over = asyncio.Queue()
    async with asyncio.timeout(20):
        running = asyncio.create_task(upkeep.run())
        await upkeep.over.get()
        assert len(await book.entries("full@example.com")) == 1
        (tmp_path / "bounces.toml").unlink()
        upkeep.hurry()
        await upkeep.over.get()
    running.cancel()
    assert await book.entries("full@example.com") == []
    assert "suppressions judged again by the bounce rules lifted=1" in caplog.text
