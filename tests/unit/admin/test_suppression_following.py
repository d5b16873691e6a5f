"""What the journal teaches the book: who is suppressed by what, who is not, and who is lifted again."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.suppressions import Book
from msgspec.structs import replace
from youtong.admin.suppression import book as rows_of
from youtong.admin.suppression.entry import Entry
from youtong.admin.suppression.following import Heard, concerns, may_lift_any, suppress_from
from youtong.admin.suppression.words import evidence_words
from youtong.policy.bounces.loading import load_rules
from youtong.policy.suppression import EntrySource, Evidence, Reason
from youtong.queue.classes import MailClass
from youtong.queue.journal import Facts, JournalKind

RULES = load_rules()
DEAD = Facts(
    stage="RCPT", code=550, enhanced="5.1.1", text="No such user here", category="no-such-user", host="mx.example.com"
)
LATE = replace(DEAD, bounce_kind="hard", inbound=7, stage="")
COMPLAINT = Facts(inbound=8)


@pytest.fixture
async def book(tmp_path: Path) -> AsyncIterator[Book]:
    made = await Book.open(tmp_path)
    async with made.app.transaction() as transaction:
        await transaction.run(
            "INSERT INTO account (id, name, kind, parent_id, created_ms) VALUES (1, 'operator', 'operator', NULL, 0),"
            " (2, 'shop@example.net', 'master', NULL, 0), (3, 'sub@example.net', 'sub', 2, 0)"
        )
    yield made
    await made.close()


def heard(
    kind: JournalKind,
    facts: Facts,
    *,
    address: str = "Dead@Example.com",
    seq: int = 1,
    account_id: int = 3,
    mail_class: MailClass = MailClass.BULK,
) -> Heard:
    return Heard(seq, seq * 1000, kind, account_id, 11, address, mail_class, facts)


async def follow(book: Book, *rows: Heard) -> None:
    async with book.app.transaction() as transaction:
        await suppress_from(transaction, rows, RULES)


async def kept(book: Book, address: str = "dead@example.com") -> list[tuple[Reason, EntrySource]]:
    return [(each.reason, each.source) for each in await book.entries(address)]


async def test_no_such_user_suppresses_for_the_masters_tree_with_enough_to_judge_it_again(book: Book) -> None:
    await follow(book, heard(JournalKind.BOUNCED, DEAD, seq=5))
    (entry,) = await book.entries("dead@example.com")
    assert (entry.reason, entry.source, entry.account_id) == (Reason.HARD_BOUNCE, EntrySource.REPLY, 2)
    assert entry.evidence is not None
    assert (entry.evidence.journal, entry.evidence.code, entry.evidence.enhanced) == (5, 550, "5.1.1")
    assert (entry.evidence.text, entry.evidence.host) == ("No such user here", "mx.example.com")


async def test_an_entry_names_the_rule_that_understood_a_reply_whose_row_does_not(book: Book) -> None:
    await follow(book, heard(JournalKind.BOUNCED, DEAD))
    (entry,) = await book.entries("dead@example.com")
    assert entry.evidence is not None
    rule = next(rule for rule in RULES.file.rules if rule.name == entry.evidence.rule)
    assert rule.category == "no-such-user"
    assert entry.evidence.words.lower() in DEAD.text.lower()


async def test_a_late_bounce_suppresses_likewise_and_names_the_message_that_said_so(book: Book) -> None:
    await follow(book, heard(JournalKind.LATE_BOUNCE, LATE))
    (entry,) = await book.entries("dead@example.com")
    assert entry.source is EntrySource.NOTICE
    assert entry.evidence is not None
    assert entry.evidence.inbound == 7


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        (JournalKind.BOUNCED, Facts(stage="RCPT", code=550, text="rejected", category="no-such-user")),
        (JournalKind.BOUNCED, Facts(stage="RCPT", code=550, enhanced="5.7.1", text="blocked", category="our-ip")),
        (JournalKind.BOUNCED, replace(DEAD, category="mailbox-full", text="Mailbox full", enhanced="5.2.2")),
        (JournalKind.BOUNCED, replace(DEAD, category="takes-no-mail")),
        (JournalKind.DEFERRED, DEAD),
        (JournalKind.EXPIRED, DEAD),
        (JournalKind.LATE_BOUNCE, replace(LATE, bounce_kind="soft")),
        (JournalKind.LATE_BOUNCE, replace(LATE, recipient="elsewhere@example.org")),
        (JournalKind.HEARD_DELAY, LATE),
        (JournalKind.AUTO_REPLY, LATE),
        (JournalKind.COMPLAINT, replace(COMPLAINT, category="not-spam")),
    ],
)
async def test_nothing_else_marks_an_address(book: Book, kind: JournalKind, facts: Facts) -> None:
    await follow(book, heard(kind, facts))
    assert await kept(book) == []


async def test_a_complaint_suppresses_at_once_and_an_opt_out_is_an_unsubscription(book: Book) -> None:
    await follow(
        book,
        heard(JournalKind.COMPLAINT, COMPLAINT),
        heard(JournalKind.COMPLAINT, replace(COMPLAINT, category="opt-out"), address="b@example.com"),
    )
    assert await kept(book) == [(Reason.COMPLAINT, EntrySource.FEEDBACK)]
    assert await kept(book, "b@example.com") == [(Reason.UNSUBSCRIBE, EntrySource.FEEDBACK)]


async def test_a_missing_domain_waits_for_a_second_look(book: Book) -> None:
    gone = Facts(text="the domain gone.example does not exist", category="no-such-domain")
    await follow(book, heard(JournalKind.BOUNCED, gone, address="a@gone.example", seq=9))
    await follow(book, heard(JournalKind.BOUNCED, gone, address="A@gone.example", seq=12))
    assert await kept(book, "a@gone.example") == []
    async with book.app.reading() as reading:
        pending = await reading.rows("SELECT domain, account_id, address, since_ms FROM suppression_pending")
    assert pending == [("gone.example", 2, "a@gone.example", 9000)]


async def test_a_persons_letter_that_arrives_lifts_the_dead_address_and_says_so(book: Book) -> None:
    await follow(book, heard(JournalKind.BOUNCED, DEAD), heard(JournalKind.COMPLAINT, COMPLAINT))
    await follow(book, heard(JournalKind.DELIVERED, Facts(), seq=20, account_id=2, mail_class=MailClass.PEOPLE))
    assert await kept(book) == [(Reason.COMPLAINT, EntrySource.FEEDBACK)]
    async with book.app.reading() as reading:
        (lifted,) = await rows_of.lifted_of(reading, "dead@example.com")
    assert (lifted.how, lifted.why, lifted.lifted_ms) == ("delivery", "journal 20", 20_000)


@pytest.mark.parametrize("mail_class", [MailClass.TRANSACTIONAL, MailClass.BULK])
async def test_no_other_delivery_lifts_it(book: Book, mail_class: MailClass) -> None:
    await follow(book, heard(JournalKind.BOUNCED, DEAD))
    await follow(book, heard(JournalKind.DELIVERED, Facts(), seq=20, mail_class=mail_class))
    assert len(await kept(book)) == 1


async def test_neither_a_delivery_of_another_tree_nor_an_earlier_one_lifts_it(book: Book) -> None:
    await follow(book, heard(JournalKind.BOUNCED, DEAD, seq=30))
    await follow(
        book,
        heard(JournalKind.DELIVERED, Facts(), seq=40, account_id=1, mail_class=MailClass.PEOPLE),
        heard(JournalKind.DELIVERED, Facts(), seq=29, mail_class=MailClass.PEOPLE),
    )
    assert len(await kept(book)) == 1


async def test_deliveries_are_looked_at_only_while_one_could_lift_something(book: Book) -> None:
    async def lifts() -> bool:
        async with book.app.reading() as reading:
            return await may_lift_any(reading)

    assert not concerns(JournalKind.DELIVERED, Facts(), lifts=await lifts())
    await follow(book, heard(JournalKind.BOUNCED, DEAD))
    assert concerns(JournalKind.DELIVERED, Facts(), lifts=await lifts())


@pytest.mark.parametrize("seed", range(5))
async def test_rows_that_are_applied_again_change_nothing(book: Book, seed: int) -> None:
    rows = [
        heard(JournalKind.BOUNCED, DEAD, seq=1),
        heard(JournalKind.LATE_BOUNCE, LATE, seq=2),
        heard(JournalKind.COMPLAINT, COMPLAINT, seq=3),
    ]
    again = rows * 3
    random.Random(seed).shuffle(again)
    await follow(book, *again)
    assert sorted(reason for reason, _ in await kept(book)) == [Reason.COMPLAINT, Reason.HARD_BOUNCE]
    async with book.app.reading() as reading:
        assert await rows_of.count(reading, rows_of.Chosen()) == 2


def test_evidence_of_a_notice_says_its_codes_once() -> None:
    late = Evidence(code=550, enhanced="5.1.1", text="550 5.1.1 No such user here", rule="gone", inbound=7)
    entry = Entry("dead@example.com", Reason.HARD_BOUNCE, EntrySource.NOTICE, evidence=late)
    assert evidence_words(entry) == "“550 5.1.1 No such user here”, rule gone, inbound message i0000007"
