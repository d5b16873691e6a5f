"""What became of recipients is shown with their stream and their account, each of them once."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.terminal import Terminal
from youtong.admin.cli.fates_output import fate_words
from youtong.admin.cli.frame import clock
from youtong.admin.returns import fate_counting, fate_reading
from youtong.admin.store import AppDatabase, StoreError
from youtong.queue.returns.fates import Fate
from youtong.queue.storage.database import connect, migrate

pytestmark = pytest.mark.usefixtures("at_home")
STREAM = 3


@pytest.fixture
def terminal(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal(capfd, monkeypatch)


@pytest.fixture
def counted(tmp_path: Path) -> Callable[..., Path]:
    """Counters of account 1's stream 3 in app.db: fates, on a day so long ago."""

    async def write(fates: dict[Fate, int], days_ago: int, stream: int) -> None:
        app = await AppDatabase.open(tmp_path / "var" / "app.db")
        day = clock.now_ms() // 86_400_000 - days_ago
        async with app.transaction() as transaction:
            changed = fate_counting.Counter({(1, stream, day, fate): count for fate, count in fates.items()})
            await fate_counting.count(transaction, changed)
        await app.close()

    def put(fates: dict[Fate, int], days_ago: int = 0, stream: int = STREAM) -> Path:
        asyncio.run(write(fates, days_ago, stream))
        return tmp_path / "var" / "app.db"

    return put


def has_stream(folder: Path) -> None:
    db = connect(folder / "queue.db")
    migrate(db)
    with db:
        db.execute(
            "INSERT INTO stream (id, account_id, name, run_state, message_id, created_ms)"
            " VALUES (3, 1, 'spring', 'running', 3, 1)"
        )
        columns = {row[1]: row[3] and row[4] is None for row in db.execute("PRAGMA table_info(message)")}
        values = {"id": 3, "content_id": 1, "stream_id": 3, "account_id": 1, "mail_class": "bulk"}
        needed = {name: values.get(name, 0 if name.endswith(("_ms", "_id", "_bytes")) else "") for name in columns}
        filled = {name: needed[name] for name, is_needed in columns.items() if is_needed or name in values}
        marks = ", ".join("?" * len(filled))
        db.execute(f"INSERT INTO message ({', '.join(filled)}) VALUES ({marks})", tuple(filled.values()))
        db.execute("INSERT INTO revision VALUES (3, 1, 1, 10, 0, 1, '')")
        db.execute("INSERT INTO stream_complaint VALUES (3, 20000, 2), (3, 20001, 1)")
    db.close()


def test_a_stream_shows_its_fates_with_shares_and_its_complaints_without_a_name(
    terminal: Terminal, counted: Callable[..., Path]
) -> None:
    app_db = counted({Fate.DELIVERED: 970, Fate.HARD_LATE: 20, Fate.COMPLAINT: 10})
    counted({Fate.DELIVERED: 5}, stream=4)
    has_stream(app_db.parent)
    assert terminal.type("stream show q0000003") == 0
    lines = [line.split() for line in terminal.out.splitlines()]
    assert ["delivered", "970", "97.00%"] in lines
    assert ["bounced", "later,", "hard", "20", "2.00%"] in lines
    assert ["complained", "10", "1.00%"] in lines
    assert ["Complaints", "without", "a", "name", "3"] in lines
    assert terminal.type("stream show q0000003 --json") == 0
    told = json.loads(terminal.out)
    assert (told["fates"]["delivered"], told["fates"]["hard-late"], told["fates"]["expired"]) == (970, 20, 0)
    assert told["complaints"] == 3


def test_an_account_shows_what_ended_in_thirty_days(terminal: Terminal, counted: Callable[..., Path]) -> None:
    terminal.type("account add a@a.example --password-stdin", "a long password\n")
    assert terminal.type("account show a@a.example") == 0
    assert "30 days" not in terminal.out
    counted({Fate.DELIVERED: 8, Fate.SOFT: 2}, days_ago=29)
    counted({Fate.DELIVERED: 1000}, days_ago=30)
    assert terminal.type("account show a@a.example") == 0
    assert ["delivered", "8", "80.00%"] in [line.split() for line in terminal.out.splitlines()]
    assert terminal.type("account show a@a.example --json") == 0
    assert json.loads(terminal.out)["fates_30_days"]["soft"] == 2


def test_all_fates_are_summed_and_none_is_below_zero(counted: Callable[..., Path]) -> None:
    app_db = counted({Fate.DELIVERED: 8, Fate.SOFT: -2})
    counted({Fate.DELIVERED: 1}, stream=0)
    assert fate_reading.of_all(app_db) == {Fate.DELIVERED: 9}
    assert fate_reading.of_all(app_db.parent / "none.db") == {}


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "app.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError):
        fate_reading.of_all(tmp_path / "app.db")


def test_each_fate_has_words_of_its_own() -> None:
    assert len({fate_words(fate) for fate in Fate}) == len(Fate)
