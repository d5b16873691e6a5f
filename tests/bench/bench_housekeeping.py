"""What housekeeping adds to a 250 on a deep queue: `python -m bench.bench_housekeeping FOLDER [SECONDS]`.

FOLDER/queue.db was made by `bench.filling`; each run adds letters that ended long ago and archives them again. Letters
are accepted at a steady pace, first alone, then beside the archive and the deletion of content. Printed: how long each
took from being offered to being durable, and the longest step of each kind.
"""

import asyncio
import sqlite3
import sys
import time
from pathlib import Path

from youtong.mta.clock import SystemClock
from youtong.mta.submission.ports import InlineBody
from youtong.queue.archive.archiving import Archiving, KeepTimes
from youtong.queue.archive.finding import Place
from youtong.queue.classes import MailClass
from youtong.queue.contents.content import ContentKind
from youtong.queue.housekeeping import Housekeeper
from youtong.queue.storage.database import connect, migrate
from youtong.queue.storage.group_commit import GroupCommit
from youtong.queue.storage.rows import NewMessage, NewRecipient
from youtong.queue.storage.store import QueueStore

_ENDED = 100_000
_EVERY_SECONDS = 0.002
_HOUR_MS = 3_600_000
_NUMBERS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)\n"
_MESSAGES = (
    _NUMBERS
    + """
INSERT INTO message (id, content_id, account_id, credential_id, mail_class, reverse_path, body_type, smtputf8, ret,
                     envid, size_bytes, eight_bit, received_ms, expires_ms, source)
SELECT :message + i, :message + i, 1, 0, 'people', 'a@s1.test', '7BIT', 0, '', '', 4096, 0, :then, :then + 1, '' FROM n
"""
)
_CONTENTS = (
    _NUMBERS
    + """
INSERT INTO content (id, kind, head, body) SELECT :message + i, 'submitted', x'0D0A', zeroblob(4096) FROM n
"""
)
_RECIPIENTS = (
    _NUMBERS
    + """
INSERT INTO recipient (id, message_id, domain_id, flow_id, address, address_hash, state, attempts, journal_seq)
SELECT :recipient + i, :message + i, (i * 6151) % 1000 + 1, 11, 'e' || i || '@d1.deep.test', i * 7919, 10, 1,
       :journal + i
FROM n
"""
)
_JOURNAL = (
    _NUMBERS
    + """
INSERT INTO journal (seq, at_ms, kind, account_id, message_id, recipient_id, prev_seq, facts)
SELECT :journal + i, :then, 'delivered', 1, :message + i, :recipient + i, 0, '{"attempt":1,"code":250}' FROM n
"""
)


def add_ended(db: sqlite3.Connection, count: int, then_ms: int) -> int:
    """Letters that were delivered at that time; the number of the last message before them."""
    ends = {
        name: db.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (name,)).fetchone()[0]
        for name in ("message", "recipient", "journal")
    }
    db.execute("BEGIN")
    for statement in (_MESSAGES, _CONTENTS, _RECIPIENTS, _JOURNAL):
        db.execute(statement, {**ends, "count": count, "then": then_ms})
    db.execute("COMMIT")
    return ends["message"]


class Bench:
    def __init__(self, folder: Path) -> None:
        self.clock = SystemClock()
        self.db = connect(folder / "queue.db")
        migrate(self.db)
        self.before = add_ended(self.db, _ENDED, self.clock.now_ms() - 10 * 24 * _HOUR_MS)
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self.store, self.commits = QueueStore(self.db), GroupCommit(self.db)
        self.commits.on_rollback(self.store.forget)
        self.keeper = Housekeeper(folder / "queue.db", folder, self.commits, lambda: None, self.clock)
        self.archive = Archiving(folder, self.keeper.steps, self._followed, KeepTimes(), self.clock)

    async def _followed(self) -> int:
        return 1 << 60

    async def accept(self, seconds: float) -> list[float]:
        """Letters at a steady pace; how long each took."""
        taken: list[float] = []
        end = time.perf_counter() + seconds
        pending: set[asyncio.Task[None]] = set()
        while time.perf_counter() < end:
            task = asyncio.create_task(self._one(taken))
            pending.add(task)
            task.add_done_callback(pending.discard)
            await asyncio.sleep(_EVERY_SECONDS)
        await asyncio.gather(*pending)
        return taken

    async def _one(self, taken: list[float]) -> None:
        began = time.perf_counter()
        now_ms = self.clock.now_ms()
        message_id, recipient_id = self.store.counters.message(), self.store.counters.recipient()
        new = NewMessage(
            account_id=1, credential_id=0, mail_class=MailClass.PEOPLE, reverse_path="a@s1.test", body_type="7BIT",
            smtputf8=False, ret="", envid="", size_bytes=4096, eight_bit=False, received_ms=now_ms,
            expires_ms=now_ms + 5 * 24 * _HOUR_MS, source="", content_kind=ContentKind.SUBMITTED, head=b"\r\n",
            body=InlineBody(bytes(4096)),
        )  # fmt: skip
        recipient = NewRecipient(recipient_id, f"x{recipient_id}@d7.deep.test", "d7.deep.test", now_ms + _HOUR_MS)
        await self.commits.submit(lambda _: self.store.insert_message(message_id, new, [recipient]))
        taken.append(time.perf_counter() - began)

    async def keep_house(self) -> None:
        """What a server does in its rounds, without the way to the first that is old enough."""
        found = self.keeper._find_ended
        self.keeper._find_ended = lambda after, before_ms: found(max(after, self.before), before_ms)  # type: ignore[method-assign]
        put = self.archive._find_and_put
        self.archive._find_and_put = lambda place, ripe: put(  # type: ignore[method-assign]
            place if place.message_id else Place(self.before), ripe
        )
        await asyncio.gather(self.keeper.sweep(), self.archive.round())


def _say(what: str, taken: list[float]) -> None:
    ordered = sorted(taken)
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3 for share in (0.5, 0.99, 0.999, 1)]
    print(f"{what}: {len(ordered)} letters, ms p50 {at[0]:.1f} p99 {at[1]:.1f} p99.9 {at[2]:.1f} longest {at[3]:.1f}")


async def main(folder: Path, seconds: float) -> None:
    bench = Bench(folder)
    _say("warming up", await bench.accept(2))
    _say("alone", await bench.accept(seconds / 3))
    house = asyncio.create_task(bench.keep_house())
    _say("beside housekeeping", await bench.accept(seconds))
    print("housekeeping", "done" if house.done() else "under way")
    house.cancel()
    print("longest steps, ms:", {kind: round(value * 1e3, 1) for kind, value in bench.keeper.steps.longest.items()})
    print(f"longest statements of one transaction, ms: {bench.commits.longest_seconds * 1e3:.1f}")
    print(f"longest copy of the log, ms: {bench.commits.longest_copy_seconds * 1e3:.1f}")
    await bench.commits.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 20.0))
