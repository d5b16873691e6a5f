"""Housekeeping: content goes when nobody needs it, the log does not grow."""

from pathlib import Path

import pytest
from fakes.clock import FakeClock
from youtong.mta.submission.ports import InlineBody, SpooledBody, StoredBody
from youtong.queue.classes import MailClass
from youtong.queue.content import ContentKind
from youtong.queue.housekeeping import RETENTION_MS, Housekeeper
from youtong.queue.journal import Facts, JournalKind
from youtong.queue.states import Event, RecipientState
from youtong.queue.storage.database import connect, migrate
from youtong.queue.storage.group_commit import GroupCommit
from youtong.queue.storage.rows import Fact, NewMessage, NewRecipient
from youtong.queue.storage.store import QueueStore


class House:
    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        connection = connect(folder / "queue.db")
        migrate(connection)
        self.store, self.commits = QueueStore(connection), GroupCommit(connection)
        self.keeper = Housekeeper(folder / "queue.db", folder, self.commits, self.store, lambda: None, self.clock)

    async def message(self, body: StoredBody) -> tuple[int, int]:
        message_id, recipient_id = self.store.counters.message(), self.store.counters.recipient()
        now_ms = self.clock.now_ms()
        new = NewMessage(
            account_id=1, credential_id=0, mail_class=MailClass.PEOPLE, reverse_path="a@b.test", body_type="7BIT",
            smtputf8=False, ret="", envid="", size_bytes=9, eight_bit=False, received_ms=now_ms,
            expires_ms=now_ms + 10 * RETENTION_MS, source="", content_kind=ContentKind.SUBMITTED, head=b"h", body=body,
        )  # fmt: skip
        recipient = NewRecipient(recipient_id, "x@y.test", "y.test", now_ms)
        await self.commits.submit(lambda _: self.store.insert_message(message_id, new, [recipient]))
        return message_id, recipient_id

    async def end(self, recipient_id: int) -> None:
        fact = Fact(0, JournalKind.CANCELLED, 1, 1, recipient_id, Facts())
        await self.commits.submit(lambda _: self.store.move(RecipientState.SCHEDULED, Event.CANCEL, fact))

    async def has_content(self, message_id: int) -> bool:
        return await self.commits.submit(lambda _: self.store.content(message_id)) is not None


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


async def test_a_turn_checkpoints_a_log_that_has_grown(house: House, tmp_path: Path) -> None:
    for _ in range(40):
        await house.message(InlineBody(bytes(200_000)))
    wal = tmp_path / "queue.db-wal"
    assert wal.stat().st_size > 4 * 1024 * 1024
    before = (tmp_path / "queue.db").stat().st_size
    await house.keeper.turn()
    assert (tmp_path / "queue.db").stat().st_size > before
