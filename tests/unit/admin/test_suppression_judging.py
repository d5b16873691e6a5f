"""Entries judged again when the bounce rules are others: the wrong ones are lifted and listed, nothing is invented."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.suppressions import Book
from youtong.admin.suppression import book as rows_of, judging
from youtong.admin.suppression.entry import Entry
from youtong.admin.suppression.judging import fingerprint, is_judged, judge_again
from youtong.policy.bounces.loading import load_rules
from youtong.policy.suppression import EntrySource, Evidence, Lifter, Reason

RULES = load_rules()
RIGHT = Evidence(stage="RCPT", code=550, enhanced="5.1.1", text="No such user here", category="no-such-user")
WRONG = Evidence(stage="RCPT", code=550, enhanced="5.2.2", text="Mailbox is over quota", category="no-such-user")


@pytest.fixture
async def book(tmp_path: Path) -> AsyncIterator[Book]:
    made = await Book.open(tmp_path)
    yield made
    await made.close()


async def put(book: Book, address: str, evidence: Evidence | None, source: EntrySource = EntrySource.REPLY) -> None:
    async with book.app.transaction() as transaction:
        await rows_of.apply(transaction, Entry(address, Reason.HARD_BOUNCE, source, 2, evidence=evidence))


async def all_of(book: Book) -> list[str]:
    async with book.app.reading() as reading:
        return [each.address for each in await rows_of.page(reading, rows_of.Chosen(), 0, 10_000)]


async def test_what_the_rules_no_longer_justify_is_lifted_and_listed(book: Book) -> None:
    await put(book, "full@example.com", WRONG)
    await put(book, "dead@example.com", RIGHT)
    (repaired,) = await judge_again(book.app, RULES, "new", 5)
    assert (repaired.entry.address, repaired.meaning.category) == ("full@example.com", "mailbox-full")
    assert await all_of(book) == ["dead@example.com"]
    async with book.app.reading() as reading:
        (lifted,) = await rows_of.lifted_by(reading, Lifter.RULES, 0, 10)
    assert lifted.entry.address == "full@example.com"
    assert "mailbox-full" in lifted.why


async def test_what_a_person_or_a_file_said_is_not_judged_nor_what_has_no_words(book: Book) -> None:
    await put(book, "a@example.com", WRONG, EntrySource.PERSON)
    await put(book, "b@example.com", WRONG, EntrySource.IMPORT)
    await put(book, "c@example.com", None)
    await put(book, "d@example.com", WRONG, EntrySource.LOOK_UP)
    assert await judge_again(book.app, RULES, "new", 5) == []
    assert len(await all_of(book)) == 4


async def test_a_dry_run_lists_and_changes_nothing(book: Book) -> None:
    await put(book, "full@example.com", WRONG)
    assert len(await judge_again(book.app, RULES, "new", 5, dry_run=True)) == 1
    assert await all_of(book) == ["full@example.com"]
    async with book.app.reading() as reading:
        assert not await is_judged(reading, "new")


async def test_a_walk_that_was_cut_off_goes_on_where_it_stood(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "PAGE", 2)
    for at in range(7):
        await put(book, f"a{at}@example.com", WRONG if at % 2 else RIGHT)
    async with book.app.transaction() as transaction:
        assert await judging.begin(transaction, "new") == 0
    lifting = rows_of.Lifting(Lifter.RULES, 5)
    _, after = await judging.judge_page(book.app, RULES, 0, lifting, "new")
    assert after == 2
    async with book.app.transaction() as transaction:
        assert await judging.begin(transaction, "new") == 2
    await judge_again(book.app, RULES, "new", 5)
    assert await all_of(book) == [f"a{at}@example.com" for at in (0, 2, 4, 6)]
    async with book.app.reading() as reading:
        assert await is_judged(reading, "new")


async def test_other_rules_start_the_walk_anew(book: Book) -> None:
    await judge_again(book.app, RULES, "old", 5)
    await put(book, "full@example.com", WRONG)
    assert len(await judge_again(book.app, RULES, "new", 5)) == 1


def test_rules_have_another_fingerprint_when_their_text_is_another(tmp_path: Path) -> None:
    config = tmp_path / "youtong.toml"
    shipped = fingerprint(config)
    (tmp_path / "bounces.toml").write_text('base = "shipped"\n', encoding="ascii")
    own = fingerprint(config)
    (tmp_path / "bounces.toml").write_text('base = "shipped"\n# mine\n', encoding="ascii")
    assert len({shipped, own, fingerprint(config)}) == 3
