"""The power fails: the folder is rebuilt as of many moments of a recorded run, and each is opened as after a boot.

The recorder (tests/crash/power_cut) lists every write and sync of all processes; tests/fakes/power_cut.py keeps only
what was synced, or any part of the rest. Every end of a sync is a moment, opened at its worst and torn.
"""

import asyncio
import os
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from fakes.clock import FakeClock
from fakes.components import require_command
from fakes.internet import change, own_domain, simulated_internet
from fakes.posting import Client, Fate, Letter, connect, letters
from fakes.power_cut import Disk, build_recorder, environment, note, records
from fakes.running import Running
from youtong.mta.simulator.simulator import Simulator
from youtong.policy.retry import Schedule
from youtong.queue import incarnation
from youtong.queue.recovery import Recovery
from youtong.queue.storage.database import connect as connect_queue, migrate
from youtong.queue.storage.group_commit import GroupCommit
from youtong.queue.storage.store import QueueStore

pytestmark = pytest.mark.crash

SHARE = float(os.environ.get("SOAK_SHARE", "0.01"))
SEED = 20261123
LETTERS, TORN = (40, 1) if SHARE < 1 else (120, 3)
CONNECTIONS = 4
_TERMINAL = 10


class Recorded(Running):
    """A server whose every write and sync is recorded."""

    def __init__(self, folder: Path, simulator: Simulator) -> None:
        super().__init__(folder, simulator)
        self._library = build_recorder(folder)
        self.record = folder / "record"

    def environment(self) -> dict[str, str]:
        return super().environment() | environment(self._library, self.data_dir, self.record)


@dataclass
class World:
    """What the world knew at a moment: letters that were answered with 250, and copies that arrived."""

    accepted: list[str]
    received: set[str]

    @staticmethod
    def of(notes: list[str]) -> "World":
        words = [each.split(" ", 1) for each in notes]
        accepted = [what for verb, what in words if verb == "accepted"]
        return World(accepted, {what for verb, what in words if verb == "received"})


@pytest.mark.timeout(0 if SHARE >= 1 else 120)
async def test_what_was_answered_with_250_survives_a_power_cut_at_any_sync(tmp_path: Path) -> None:
    require_command("cc", "gcc")
    async with simulated_internet(own=12) as internet:
        running = Recorded(tmp_path, internet)
        await _run(running, internet)
    faults: list[str] = []
    opened = 0
    disk, random = Disk(), Random(SEED)
    for at, record in enumerate(records(running.record)):
        disk.take(record)
        if record.op == "S":
            for torn in (None, *[random] * TORN):
                faults += [f"record {at}: {each}" for each in await _open(disk, running, tmp_path / "booted", torn)]
                opened += 1
    assert faults == []
    assert opened >= LETTERS
    assert len(World.of(disk.notes).accepted) >= LETTERS


async def _run(running: Recorded, internet: Simulator) -> None:
    """Letters small and large, some deferred, some refused; a stop and a second start in the middle."""
    change(internet, "own1", rule=[{"at": "rcpt", "do": "reply", "reply": "451 4.3.0 Not now"}])
    change(internet, "own2", rule=[{"at": "rcpt", "do": "reply", "reply": "550 5.1.1 No such user"}])
    _note_what_arrives(running, internet)
    await running.start()
    for number in range(2):
        batch = letters(f"p{number}", LETTERS // 2, [own_domain(each) for each in range(4)], large_every=5)
        await asyncio.gather(*(_post(running, batch[each::CONNECTIONS]) for each in range(CONNECTIONS)))
        assert await running.terminate() == 0
        if not number:
            await running.start()


def _note_what_arrives(running: Recorded, internet: Simulator) -> None:
    count = internet.ledger._count

    def noted(address: str, identity: bytes) -> None:
        note(running.record, f"received {address}")
        count(address, identity)

    internet.ledger._count = noted


async def _post(running: Recorded, batch: list[Letter]) -> None:
    client: Client | None = None
    while client is None:
        client = await connect(running.port)
    for letter in batch:
        await client.send(letter)
        assert letter.fate is Fate.ACCEPTED
        note(running.record, f"accepted {' '.join(letter.recipients)}")
    client.close()


async def _open(disk: Disk, running: Recorded, folder: Path, torn: Random | None) -> list[str]:
    """Boot: rebuild, migrate, recover as on another boot, and compare with what the world knew."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "run").mkdir(parents=True)
    disk.rebuild(running.data_dir, folder, torn)
    world = World.of(disk.notes)
    if not (folder / "queue.db").exists():
        return ["queue.db is gone"] if world.accepted else []
    connection = connect_queue(folder / "queue.db")
    try:
        migrate(connection)
        await _recover(connection, folder)
        faults = [*_damage(connection), *_lost(connection, folder, world), *_repeated(connection, world)]
    finally:
        connection.close()
    return [*faults, *_damage_of_app(folder / "app.db")]


async def _recover(connection: sqlite3.Connection, folder: Path) -> None:
    commits, store, clock = GroupCommit(connection), QueueStore(connection), FakeClock()
    store.attach(commits)
    mine = await commits.submit(lambda db: incarnation.begin(db, "owner", "another-boot", clock.now_ms()))
    recovery = Recovery(commits, store, folder / "run", Schedule(Random(1)), clock, "another-boot")
    await recovery.at_start(mine)
    await commits.submit(lambda _: None)


def _damage(connection: sqlite3.Connection) -> list[str]:
    said = connection.execute("PRAGMA integrity_check").fetchall()
    return [] if said == [("ok",)] else [f"damaged: {said}"]


def _damage_of_app(path: Path) -> list[str]:
    if not path.exists():
        return []
    connection = sqlite3.connect(path)
    try:
        return _damage(connection)
    finally:
        connection.close()


def _lost(connection: sqlite3.Connection, folder: Path, world: World) -> list[str]:
    """Every recipient of an accepted letter has one row, and its content while it may still be needed."""
    faults: list[str] = []
    for line in world.accepted:
        for address in line.split(" "):
            rows = connection.execute(
                "SELECT r.state, c.spool, c.id FROM recipient AS r JOIN message AS m ON m.id = r.message_id"
                " LEFT JOIN content AS c ON c.id = m.content_id WHERE r.address = ?",
                (address,),
            ).fetchall()
            faults += _faults_of(address, rows, folder)
    return faults


def _faults_of(address: str, rows: list[tuple[int, str | None, int | None]], folder: Path) -> list[str]:
    if len(rows) != 1:
        return [f"{address} has {len(rows)} rows"]
    state, spool, content = rows[0]
    if content is None and state < _TERMINAL:
        return [f"{address} waits without content"]
    if spool and state < _TERMINAL:
        path = folder / "spool" / spool
        whole = path.exists() and path.read_bytes().endswith(b"near\r\n")
        return [] if whole else [f"{address} waits for a body that is not whole"]
    return []


def _repeated(connection: sqlite3.Connection, world: World) -> list[str]:
    """Q3: who got a copy is done, or its attempt counts as maybe sent. Nobody is simply due again."""
    rows = connection.execute(
        "SELECT address FROM recipient AS r WHERE state = 0 AND NOT EXISTS (SELECT 1 FROM journal AS j"
        " WHERE j.recipient_id = r.id AND j.facts LIKE '%\"ambiguous\":true%')"
    )
    return [f"{address} would be sent again unmarked" for (address,) in rows if address in world.received]
