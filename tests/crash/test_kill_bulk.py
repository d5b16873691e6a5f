"""Bulk mail never comes twice: where a death leaves doubt, its recipients become unconfirmed (Q3)."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes import owner_here as owner_script
from fakes.internet import own_domain, simulated_internet
from fakes.owner_here import enqueue_stream, owner_here
from fakes.running import Running
from youtong.mta.simulator.simulator import Simulator
from youtong.queue.states import RecipientState

pytestmark = pytest.mark.crash
DELIVERED, UNCONFIRMED = int(RecipientState.DELIVERED), int(RecipientState.UNCONFIRMED)


@pytest.fixture
async def internet() -> AsyncIterator[Simulator]:
    async with simulated_internet(own=8) as simulator:
        yield simulator


@pytest.mark.parametrize(
    ("point", "copies", "state"),
    [
        ("mark.before", 1, DELIVERED),
        ("mark.after", 0, UNCONFIRMED),
        ("delivery.outcome.before", 1, UNCONFIRMED),
    ],
)
async def test_a_reader_whose_worker_died_at_the_final_dot_is_unconfirmed_and_one_before_it_is_served(
    point: str, copies: int, state: int, internet: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = Running(tmp_path, internet, workers=1)
    for name, value in running.environment().items():
        monkeypatch.setenv(name, value)  # workers alone inherit it: this process has read its own long ago
    async with owner_here(running.config) as server:
        running.arm(point)
        reader = f"reader@{own_domain(0)}"
        await enqueue_stream(server, [reader])
        await running.crashed()
        await running.quiet()
        assert running.rows("SELECT state FROM recipient") == [(state,)]
        assert internet.ledger.accepted.get(reader, 0) == copies


@pytest.mark.parametrize(("point", "times"), [("commit.before", 3), ("commit.after", 3), ("handover.after", 2)])
async def test_no_reader_gets_two_copies_when_the_owner_dies(
    point: str, times: int, internet: Simulator, tmp_path: Path
) -> None:
    running = Running(tmp_path, internet)
    await running.spawn_command(sys.executable, owner_script.__file__, own_domain(1), "150", f"{point}:{times}")
    assert await running.revived()
    await running.quiet()
    rows = running.rows("SELECT address, state FROM recipient")
    assert len(rows) == 150
    for address, state in rows:
        copies = internet.ledger.accepted.get(str(address), 0)
        assert copies == 1 if state == DELIVERED else copies <= 1
        assert state in (DELIVERED, UNCONFIRMED)
    await running.end()
