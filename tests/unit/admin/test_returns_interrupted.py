"""From the news to the counters and the book: what is cut off on the way ends as if nothing had been."""

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from fakes.inbound_house import HOST, OURS, OWNER, InboundHouse, submission
from fakes.queue_ports import FixedSchedule
from hypothesis import given, settings, strategies as st
from msgspec import Struct
from youtong.admin.follower import JournalFollower
from youtong.admin.returns.rules_in_force import RulesInForce
from youtong.admin.store import AppDatabase, StoreError
from youtong.queue.inbound.inbound_mail import ReadAs
from youtong.queue.journal import Facts, JournalKind
from youtong.queue.returns.fates import Fate, fate_after
from youtong.queue.returns.heard import Heard, Noted, ReadMail
from youtong.queue.returns.recording import Recording
from youtong.queue.returns.sending_on import SendingOn
from youtong.queue.storage.database import StorageError

RECIPIENTS = (5, 6, 7)
RULES = RulesInForce(Path("nowhere") / "youtong.toml")
GONE = Facts(
    bounce_kind="hard", code=550, enhanced="5.1.1", text="550 5.1.1 user unknown", category="no-such-user",
    rule="no-such-user-unknown", words="user unknown",
)  # fmt: skip
FULL = Facts(bounce_kind="soft", code=552, enhanced="5.2.2", text="552 5.2.2 mailbox full", category="mailbox-full")
SAID = {
    "gone": (JournalKind.LATE_BOUNCE, GONE),
    "full": (JournalKind.LATE_BOUNCE, FULL),
    "complaint": (JournalKind.COMPLAINT, Facts(category="abuse")),
    "away": (JournalKind.AUTO_REPLY, Facts(reason="vacation")),
    "forged": (JournalKind.COMPLAINT, Facts(category="abuse")),  # of an account that is not the recipient's
}
# In whose way a cut comes: the owner's commit, its answer, the follower's commit, the follower itself.
CUTS = ("owner", "answer", "app", "follower")


class News(Struct, frozen=True):
    recipient: int
    said: str
    cuts: tuple[str, ...]


NEWS = st.builds(
    News, st.sampled_from(RECIPIENTS), st.sampled_from(sorted(SAID)), st.lists(st.sampled_from(CUTS)).map(tuple)
)


class Chain:
    """The owner's part on queue.db and the jobs process's on app.db."""

    def __init__(self, house: InboundHouse, app: AppDatabase) -> None:
        self.house, self.app = house, app
        sending_on = SendingOn(
            house.commits, house.queue, house.spool, FixedSchedule(), lambda *_: None, house.clock, hostname=HOST,
            operator="",
        )  # fmt: skip
        self.recording = Recording(house.commits, house.queue, house.folder, sending_on, house.clock)

    async def deliver(self) -> None:
        for number in RECIPIENTS:
            await self.house.sent(number, 1)
            self.house.connection.execute("UPDATE recipient SET address = ? WHERE id = ?", (address(number), number))
        self.house.queue.counters.__init__(self.house.connection)

    async def come(self, news: News) -> None:
        await self.house.sink.accept(submission(f"ann@{OURS}"))
        seq = self.house.stored()[-1].seq
        mail = ReadMail(seq, ReadAs.BOUNCE, (heard(news),))
        for cut in news.cuts:
            await self._cut_off(cut, mail)
        await self.recording.record([mail])
        assert await self.recording.record([mail]) == [Noted.KNOWN]
        await self.follow()

    async def _cut_off(self, cut: str, mail: ReadMail) -> None:
        match cut:
            case "owner":
                with refusing(self.house.folder / "queue.db", "inbound", "UPDATE"):
                    try:
                        await self.recording.record([mail])
                    except StorageError:
                        pass
            case "answer":
                await self.recording.record([mail])  # and nobody hears what it says
            case "app":
                with refusing(self.house.folder / "app.db", "follower", "INSERT"):
                    try:
                        await self.follow()
                    except StoreError:
                        pass
            case _:
                await self.follow()

    async def follow(self) -> None:
        """A new one, as after each death, until it has seen all."""
        follower = JournalFollower(self.house.folder / "queue.db", self.app, RULES)
        while await follower.step():
            pass


class refusing:
    """Within it nothing of that kind can be written to a table."""

    def __init__(self, path: Path, table: str, what: str) -> None:
        self._path = path
        self._make = f"CREATE TRIGGER refuse BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END"

    def _do(self, statement: str) -> None:
        with closing(sqlite3.connect(self._path)) as db, db:
            db.execute(statement)

    def __enter__(self) -> None:
        self._do(self._make)

    def __exit__(self, *_: object) -> None:
        self._do("DROP TRIGGER refuse")


def address(number: int) -> str:
    return f"reader{number}@y.example"


def heard(news: News) -> Heard:
    kind, facts = SAID[news.said]
    return Heard(news.recipient, kind, facts, OURS, OWNER + 1 if news.said == "forged" else OWNER)


def expected(all_news: list[News]) -> tuple[Counter[str], dict[str, set[str]]]:
    """Fates, and reasons by address, from the news alone."""
    fates = dict.fromkeys(RECIPIENTS, Fate.DELIVERED)
    reasons: dict[str, set[str]] = {}
    for news in all_news:
        if news.said == "forged":
            continue
        kind, facts = SAID[news.said]
        fates[news.recipient] = fate_after(fates[news.recipient], kind, facts.bounce_kind)
        if reason := {"gone": "hard-bounce", "complaint": "complaint"}.get(news.said):
            reasons.setdefault(address(news.recipient), set()).add(reason)
    return Counter(fate.value for fate in fates.values()), reasons


def found(folder: Path) -> tuple[Counter[str], dict[str, set[str]]]:
    reasons: dict[str, set[str]] = {}
    with closing(sqlite3.connect(folder / "app.db")) as db:
        fates = Counter(dict(db.execute("SELECT fate, sum(count) FROM fate_counter GROUP BY fate")))
        for one, reason in db.execute("SELECT address, reason FROM suppression"):
            reasons.setdefault(one, set()).add(reason)
    return +fates, reasons


@settings(max_examples=25)
@given(st.lists(NEWS, max_size=6))
def test_what_is_cut_off_and_done_again_counts_once_and_suppresses_the_same(all_news: list[News]) -> None:
    async def run(folder: Path) -> None:
        house, app = await InboundHouse(folder).open(), await AppDatabase.open(folder / "app.db")
        chain = Chain(house, app)
        await chain.deliver()
        for news in all_news:
            await chain.come(news)
        await chain.follow()
        await app.close()
        await house.close()

    with TemporaryDirectory() as name:
        asyncio.run(run(Path(name)))
        assert found(Path(name)) == expected(all_news)
