"""A queue.db with mail that ended some time ago, written by the store itself."""

from pathlib import Path

from fakes.new_queue import new_queue
from youtong.mta.submission.ports import InlineBody
from youtong.queue.classes import MailClass
from youtong.queue.contents.content import ContentKind
from youtong.queue.journal import Facts, JournalKind
from youtong.queue.states import Event, RecipientState
from youtong.queue.storage import stream_rows
from youtong.queue.storage.group_commit import GroupCommit
from youtong.queue.storage.rows import Fact, NewMessage, NewRecipient
from youtong.queue.storage.store import QueueStore
from youtong.queue.storage.stream_rows import RevisionRow

DAY_MS = 86_400_000
NOW_MS = 100 * DAY_MS


class EndedMail:
    """Made inside a running loop; `close` it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.db = new_queue(folder / "queue.db")
        self.store, self.commits = QueueStore(self.db), GroupCommit(self.db)
        self.commits.on_rollback(self.store.forget)

    async def close(self) -> None:
        await self.commits.close()

    async def message(self, *addresses: str, days_ago: int = 10, stream: bool = False) -> tuple[int, list[int]]:
        """A message that waits, received so long ago; its number and its recipients'."""
        at_ms = NOW_MS - days_ago * DAY_MS
        message_id = self.store.counters.message()
        new = NewMessage(
            account_id=1, credential_id=0, mail_class=MailClass.PEOPLE, reverse_path="a@b.test", body_type="7BIT",
            smtputf8=False, ret="", envid="", size_bytes=9, eight_bit=False, received_ms=at_ms,
            expires_ms=at_ms + 5 * DAY_MS, source="", content_kind=ContentKind.SUBMITTED, head=b"h",
            body=InlineBody(b"body"), stream_id=message_id if stream else 0,
        )  # fmt: skip
        recipients = [
            NewRecipient(self.store.counters.recipient(), each, each.rpartition("@")[2], at_ms) for each in addresses
        ]
        if stream:
            first = RevisionRow(1, message_id, 9, False, at_ms, "somebody")
            await self.commits.submit(lambda _: self.store.insert_stream(message_id, 1, "news", at_ms))
            await self.commits.submit(lambda db: stream_rows.add_revision(db, message_id, first))
        await self.commits.submit(lambda _: self.store.insert_message(message_id, new, recipients))
        return message_id, [each.id for each in recipients]

    async def end(self, message_id: int, recipient_id: int, *, days_ago: int = 10, notice: int = 0) -> None:
        """Held and then cancelled, so that its history has two rows."""
        at_ms = NOW_MS - days_ago * DAY_MS
        held = Fact(at_ms, JournalKind.HELD, 1, message_id, recipient_id, Facts(reason="why"))
        gone = Fact(at_ms, JournalKind.CANCELLED, 1, message_id, recipient_id, Facts(who="somebody"))
        await self.commits.submit(
            lambda _: (
                self.store.move(RecipientState.SCHEDULED, Event.HOLD, held, next_ms=at_ms)
                and self.store.move(RecipientState.HELD, Event.CANCEL, gone, notice=notice)
            )
        )

    async def ended(self, *addresses: str, days_ago: int = 10, stream: bool = False) -> tuple[int, list[int]]:
        """A message all of whose recipients ended so long ago, and whose content is gone."""
        message_id, ids = await self.message(*addresses, days_ago=days_ago, stream=stream)
        for each in ids:
            await self.end(message_id, each, days_ago=days_ago)
        await self.run("DELETE FROM content WHERE id = ?", message_id)
        return message_id, ids

    async def run(self, sql: str, *values: object) -> None:
        await self.commits.submit(lambda db: db.execute(sql, values).fetchall())

    def number(self, sql: str) -> int:
        return self.db.execute(sql).fetchone()[0]
