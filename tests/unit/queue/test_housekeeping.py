"""Housekeeping: content goes when nobody needs it, the log does not grow, no step is long."""

from pathlib import Path

import pytest
from fakes.clock import FakeClock
from youtong.mta.submission.ports import InlineBody, SpooledBody, StoredBody
from youtong.queue.classes import MailClass
from youtong.queue.contents.content import ContentKind
from youtong.queue.housekeeping import RETENTION_MS, Housekeeper
from youtong.queue.journal import Facts, JournalKind
from youtong.queue.operators.operations import Selection
from youtong.queue.short_steps import ShortSteps
from youtong.queue.states import Event, RecipientState
from youtong.queue.storage import operation_rows, sweeping
from youtong.queue.storage.database import connect, migrate
from youtong.queue.storage.group_commit import GroupCommit
from youtong.queue.storage.rows import Fact, NewMessage, NewRecipient
from youtong.queue.storage.store import QueueStore

DAY_MS = 86_400_000


async def no_rest(seconds: float) -> None:
    pass


class House:
    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.db = connect(folder / "queue.db")
        migrate(self.db)
        self.store, self.commits = QueueStore(self.db), GroupCommit(self.db)
        self.commits.on_rollback(self.store.forget)
        self.keeper = Housekeeper(folder / "queue.db", folder, self.commits, lambda: None, self.clock)
        self.keeper.steps = ShortSteps(self.commits, no_rest)

    async def message(self, body: StoredBody, *, stream: bool = False) -> tuple[int, int]:
        message_id, recipient_id = self.store.counters.message(), self.store.counters.recipient()
        now_ms = self.clock.now_ms()
        new = NewMessage(
            account_id=1, credential_id=0, mail_class=MailClass.PEOPLE, reverse_path="a@b.test", body_type="7BIT",
            smtputf8=False, ret="", envid="", size_bytes=9, eight_bit=False, received_ms=now_ms,
            expires_ms=now_ms + 10 * RETENTION_MS, source="", content_kind=ContentKind.SUBMITTED, head=b"h", body=body,
            stream_id=message_id if stream else 0,
        )  # fmt: skip
        recipient = NewRecipient(recipient_id, "x@y.test", "y.test", now_ms)
        if stream:
            await self.commits.submit(lambda _: self.store.insert_stream(message_id, 1, "news", now_ms))
        await self.commits.submit(lambda _: self.store.insert_message(message_id, new, [recipient]))
        return message_id, recipient_id

    async def end(self, recipient_id: int) -> None:
        fact = Fact(0, JournalKind.CANCELLED, 1, 1, recipient_id, Facts())
        await self.commits.submit(lambda _: self.store.move(RecipientState.SCHEDULED, Event.CANCEL, fact))

    async def has_content(self, message_id: int) -> bool:
        return await self.commits.submit(lambda _: self.store.content(message_id)) is not None

    async def run(self, sql: str, *values: object) -> None:
        await self.commits.submit(lambda db: db.execute(sql, values).fetchall())

    def number(self, sql: str) -> int:
        return self.db.execute(sql).fetchone()[0]


@pytest.fixture
async def house(tmp_path: Path):
    made = House(tmp_path)
    yield made
    await made.commits.close()


async def test_content_of_an_ended_message_goes_after_the_retention_time(house: House) -> None:
    message_id, recipient_id = await house.message(InlineBody(b"body"))
    await house.end(recipient_id)
    assert await house.keeper.sweep() == 0
    assert await house.has_content(message_id)
    house.clock.advance(RETENTION_MS / 1000 + 1)
    assert await house.keeper.sweep() == 1
    assert not await house.has_content(message_id)


async def test_content_stays_while_a_recipient_waits_however_old_it_is(house: House) -> None:
    message_id, _ = await house.message(InlineBody(b"body"))
    house.clock.advance(5 * RETENTION_MS / 1000)
    assert await house.keeper.sweep() == 0
    assert await house.has_content(message_id)


async def test_the_spool_file_goes_with_its_content(house: House, tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"large")
    _, recipient_id = await house.message(SpooledBody("abc", 5))
    await house.end(recipient_id)
    house.clock.advance(RETENTION_MS / 1000 + 1)
    await house.keeper.sweep()
    assert not (tmp_path / "abc").exists()


async def test_the_walk_over_contents_ends_at_the_first_that_is_young(house: House) -> None:
    old, recipient_id = await house.message(InlineBody(b"body"))
    await house.end(recipient_id)
    house.clock.advance(RETENTION_MS / 1000 + 1)
    young = [await house.message(InlineBody(b"body")) for _ in range(3)]
    found = sweeping.find_ended_content(house.db, 0, house.clock.now_ms() - RETENTION_MS, 2)
    assert found == sweeping.Found((old,), None)
    assert await house.keeper.sweep() == 1
    assert [await house.has_content(message_id) for message_id, _ in young] == [True] * 3


async def test_content_of_a_stream_waits_until_it_is_stopped_and_its_recipients_are_archived(house: House) -> None:
    message_id, recipient_id = await house.message(InlineBody(b"body"), stream=True)
    await house.end(recipient_id)
    house.clock.advance(RETENTION_MS / 1000 + 1)
    assert await house.keeper.sweep() == 0  # a producer may bring more
    await house.run("UPDATE stream SET run_state = 'stopped'")
    assert await house.keeper.sweep() == 0
    await house.run("DELETE FROM recipient")
    assert await house.keeper.sweep() == 1
    assert not await house.has_content(message_id)


async def test_every_text_of_a_stream_goes_with_it(house: House) -> None:
    stream_id, _ = await house.message(InlineBody(b"first"), stream=True)
    later = house.store.counters.message()
    await house.run("INSERT INTO content (id, kind, head, body) VALUES (?, 'template', x'', x'')", later)
    for number, content_id in ((1, stream_id), (2, later)):
        await house.run(
            "INSERT INTO revision (stream_id, number, content_id, size_bytes, eight_bit, at_ms, who)"
            " VALUES (?, ?, ?, 1, 0, ?, '')",
            stream_id, number, content_id, house.clock.now_ms(),
        )  # fmt: skip
    await house.run("DELETE FROM recipient")
    house.clock.advance(5 * RETENTION_MS / 1000)
    assert await house.keeper.sweep() == 0  # its deadline is ten retention times away
    house.clock.advance(6 * RETENTION_MS / 1000 + 1)
    assert await house.keeper.sweep() == 2


async def test_a_step_that_is_over_at_once_still_deletes_one(house: House) -> None:
    ids = [(await house.message(InlineBody(b"body")))[0] for _ in range(3)]
    swept = await house.commits.submit(lambda db: sweeping.delete_content(db, ids, lambda: True))
    assert (swept.looked_at, swept.deleted) == (1, 1)


async def test_old_connects_go_page_by_page_and_young_ones_stay(house: House) -> None:
    now_ms = house.clock.now_ms()
    rows = [(now_ms - DAY_MS, "p", "s")] * 1200 + [(now_ms, "p", "s")]
    await house.commits.submit(lambda _: house.store.note_connects(rows))
    await house.keeper.tidy()
    assert house.number("SELECT count(*) FROM connect") == 1


async def test_of_old_operations_so_many_are_kept(house: House) -> None:
    for _ in range(5):
        await house.commits.submit(lambda db: operation_rows.begin(db, "hold", Selection(), "", "me", 0))
    assert await house.commits.submit(lambda db: operation_rows.forget_old(db, 2)) == 3
    assert [row.id for row in operation_rows.history(house.db, 10)] == [5, 4]


async def test_free_pages_go_back_to_the_disk_in_small_steps_but_for_a_reserve(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "_SPARE_PAGES", 10)
    ids = [(await house.message(InlineBody(bytes(60_000))))[0] for _ in range(40)]
    await house.commits.submit(lambda db: sweeping.delete_content(db, ids, lambda: False))
    before = house.number("PRAGMA page_count")
    assert await house.commits.submit(lambda db: sweeping.give_back_pages(db, lambda: True))
    assert before - house.number("PRAGMA page_count") == 1
    while await house.keeper.steps.do("vacuum", sweeping.give_back_pages):
        pass
    assert house.number("PRAGMA freelist_count") <= max(10, house.number("PRAGMA page_count") // 5) + 1


async def test_a_log_of_few_and_large_letters_is_copied(house: House, tmp_path: Path) -> None:
    for _ in range(90):
        await house.message(InlineBody(bytes(200_000)))
    wal = tmp_path / "queue.db-wal"
    assert wal.stat().st_size > 16 * 1024 * 1024
    before = (tmp_path / "queue.db").stat().st_size
    await house.keeper.watch_log()
    await house.message(InlineBody(b"a last one that finds the log copied"))
    assert (tmp_path / "queue.db").stat().st_size > before
    await house.message(InlineBody(b"the log begins anew and is cut"))
    assert wal.stat().st_size <= 12 * 1024 * 1024


async def test_the_longest_step_of_each_kind_is_known(house: House) -> None:
    await house.keeper.tidy()
    assert house.keeper.steps.longest["connects"] > 0
    assert house.commits.longest_seconds > 0


async def test_a_step_rests_nine_times_as_long_as_it_took(house: House) -> None:
    rests: list[float] = []

    async def rest(seconds: float) -> None:
        rests.append(seconds)

    steps = ShortSteps(house.commits, rest)
    await steps.do("any", lambda db, is_over: None)
    assert rests[0] >= 9 * steps.longest["any"]
