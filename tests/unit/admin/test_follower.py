"""The follower: each journal row's effect happens exactly once (Q9)."""

import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from youtong.admin.follower import JournalFollower
from youtong.admin.returns.fate_counting import Counted, changes
from youtong.admin.returns.rules_in_force import RulesInForce
from youtong.admin.store import AppDatabase, StoreError
from youtong.policy.bounces.meaning import BounceKind
from youtong.queue.journal import Facts, JournalKind
from youtong.queue.returns.fates import FATE_OF_ENDING, Fate, fate_after
from youtong.queue.storage.database import connect, migrate
from youtong.queue.storage.store import QueueStore

DAY_MS = 86_400_000
NO_FACTS = Facts()


class Journal:
    """A queue.db that somebody else writes."""

    def __init__(self, path: Path) -> None:
        self._connection = connect(path)
        migrate(self._connection)
        self._store = QueueStore(self._connection)

    def add(
        self, kind: JournalKind, account_id: int = 1, at_ms: int = 0, facts: Facts = NO_FACTS, recipient: int = 1
    ) -> None:
        seq = self._store.counters.journal()
        self._store.journal(seq, at_ms, kind, account_id, 1, recipient, 0, facts)

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def journal(tmp_path: Path):
    made = Journal(tmp_path / "queue.db")
    yield made
    made.close()


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[AppDatabase]:
    made = await AppDatabase.open(tmp_path / "app.db")
    yield made
    await made.close()


def counted(tmp_path: Path) -> dict[tuple[int, str, str], int]:
    connection = sqlite3.connect(tmp_path / "app.db")
    try:
        rows = connection.execute("SELECT account_id, day, kind, count FROM counter").fetchall()
        return {(account_id, day, kind): count for account_id, day, kind, count in rows}
    finally:
        connection.close()


def follower_of(folder: Path, app: AppDatabase) -> JournalFollower:
    return JournalFollower(folder / "queue.db", app, RulesInForce(folder / "youtong.toml"))


def fates(folder: Path) -> dict[tuple[int, str], int]:
    """Every fate that somebody has, by day."""
    with closing(sqlite3.connect(folder / "app.db")) as connection:
        rows = connection.execute("SELECT day, fate, count FROM fate_counter WHERE count != 0").fetchall()
    return {(int(day[-2:]), fate): count for day, fate, count in rows}


async def test_rows_are_counted_by_account_day_and_kind(journal: Journal, app: AppDatabase, tmp_path: Path) -> None:
    journal.add(JournalKind.DELIVERED)
    journal.add(JournalKind.DELIVERED)
    journal.add(JournalKind.BOUNCED, account_id=2)
    journal.add(JournalKind.DELIVERED, at_ms=DAY_MS)
    assert await follower_of(tmp_path, app).step() == 4
    assert counted(tmp_path) == {
        (1, "1970-01-01", "delivered"): 2,
        (2, "1970-01-01", "bounced"): 1,
        (1, "1970-01-02", "delivered"): 1,
    }


async def test_another_follower_goes_on_where_the_first_one_stood(
    journal: Journal, app: AppDatabase, tmp_path: Path
) -> None:
    journal.add(JournalKind.DELIVERED)
    await follower_of(tmp_path, app).step()
    journal.add(JournalKind.DELIVERED)
    follower = follower_of(tmp_path, app)
    assert await follower.step() == 1
    assert await follower.step() == 0
    assert counted(tmp_path) == {(1, "1970-01-01", "delivered"): 2}


async def test_an_effect_that_cannot_be_written_leaves_the_cursor_where_it_was(
    journal: Journal, app: AppDatabase, tmp_path: Path
) -> None:
    journal.add(JournalKind.DELIVERED)
    follower = follower_of(tmp_path, app)
    with sqlite3.connect(tmp_path / "app.db") as other:
        other.execute("CREATE TRIGGER refuse BEFORE INSERT ON follower BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(StoreError):
        await follower.step()
    assert counted(tmp_path) == {}
    with sqlite3.connect(tmp_path / "app.db") as other:
        other.execute("DROP TRIGGER refuse")
    other.close()
    assert await follower.step() == 1
    assert counted(tmp_path) == {(1, "1970-01-01", "delivered"): 1}


async def test_who_was_refused_counts_as_hard_or_soft_by_the_rules(
    journal: Journal, app: AppDatabase, tmp_path: Path
) -> None:
    journal.add(JournalKind.BOUNCED, facts=Facts(code=550, enhanced="5.1.1", text="user unknown", stage="rcpt"))
    journal.add(JournalKind.BOUNCED, facts=Facts(code=552, enhanced="5.2.2", text="mailbox full", stage="rcpt"))
    journal.add(JournalKind.BOUNCED, facts=Facts(category="no-such-domain", text="no such domain"))
    journal.add(JournalKind.EXPIRED)
    await follower_of(tmp_path, app).step()
    assert fates(tmp_path) == {(1, "hard"): 2, (1, "soft"): 1, (1, "expired"): 1}


async def test_a_late_bounce_moves_its_recipient_to_another_fate_of_the_day_on_which_it_had_ended(
    journal: Journal, app: AppDatabase, tmp_path: Path
) -> None:
    journal.add(JournalKind.DELIVERED)
    journal.add(JournalKind.DELIVERED, recipient=2)
    late = Facts(bounce_kind="hard", fate_before="delivered", fate="hard-late", ended_ms=5)
    journal.add(JournalKind.LATE_BOUNCE, at_ms=3 * DAY_MS, facts=late)
    journal.add(JournalKind.LATE_BOUNCE, at_ms=3 * DAY_MS, facts=Facts(bounce_kind="hard", ended_ms=5))  # once more
    await follower_of(tmp_path, app).step()
    assert fates(tmp_path) == {(1, "delivered"): 1, (1, "hard-late"): 1}


NEWS = st.tuples(
    st.integers(0, 3), st.sampled_from([JournalKind.LATE_BOUNCE, JournalKind.COMPLAINT, JournalKind.AUTO_REPLY]),
    st.sampled_from(["hard", "soft"]), st.integers(0, 5),
)  # fmt: skip


async def test_what_comes_back_about_an_archived_recipient_counts_for_its_stream(
    journal: Journal, app: AppDatabase, tmp_path: Path
) -> None:
    late = Facts(bounce_kind="hard", fate_before="delivered", fate="hard-late", ended_ms=5, stream=9)
    journal.add(JournalKind.LATE_BOUNCE, facts=late)  # whose message is no longer in queue.db
    await follower_of(tmp_path, app).step()
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        rows = connection.execute("SELECT stream_id, fate, count FROM fate_counter ORDER BY fate").fetchall()
    assert rows == [(9, "delivered", -1), (9, "hard-late", 1)]


@given(st.lists(st.sampled_from(sorted(FATE_OF_ENDING)), min_size=4, max_size=4), st.lists(NEWS))
def test_counters_are_the_truth_of_fates_whatever_is_heard_in_whatever_order(
    endings: list[JournalKind], news: list[tuple[int, JournalKind, str, int]]
) -> None:
    fate = [FATE_OF_ENDING[kind] or Fate.SOFT for kind in endings]
    rows = [Counted(at * DAY_MS, kind, 1, 0, Facts()) for at, kind in enumerate(endings)]
    for who, kind, bounce_kind, day in news:
        before, fate[who] = fate[who], fate_after(fate[who], kind, bounce_kind)
        changed = fate[who] is not before
        facts = Facts(
            bounce_kind=bounce_kind,
            fate=fate[who] if changed else "",
            fate_before=before if changed else "",
            ended_ms=who * DAY_MS,
        )
        rows.append(Counted(day * DAY_MS, kind, 1, 0, facts))
    counted = {key: count for key, count in changes(rows, lambda _: BounceKind.SOFT).items() if count}
    assert counted == Counter((1, 0, day, each) for day, each in enumerate(fate))


async def test_a_mailbox_that_is_gone_is_suppressed_in_the_same_step(
    journal: Journal, app: AppDatabase, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "queue.db")) as queue, queue:
        queue.execute(
            "INSERT INTO message (id, content_id, account_id, credential_id, mail_class, reverse_path, body_type,"
            " smtputf8, ret, envid, size_bytes, eight_bit, received_ms, expires_ms, source)"
            " VALUES (1, 1, 1, 0, 'bulk', 'a@b.example', '7BIT', 0, '', '', 9, 0, 1, 2, '')"
        )
        queue.execute(
            "INSERT INTO recipient (id, message_id, domain_id, address, address_hash, state)"
            " VALUES (1, 1, 1, 'Gone@far.example', 0, 10)"
        )
    gone = Facts(bounce_kind="hard", category="no-such-user", enhanced="5.1.1", text="550 5.1.1 user unknown", code=550)
    journal.add(JournalKind.LATE_BOUNCE, facts=gone)
    await follower_of(tmp_path, app).step()
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        assert connection.execute("SELECT address, reason, source FROM suppression").fetchall() == [
            ("gone@far.example", "hard-bounce", "notice")
        ]
