"""B6 and fairness over the wire: a narrow provider, thousands waiting; the order of the receiver's log judges."""

import base64
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from fakes.posting import Letter, post
from fakes.running import Running, until
from fakes.simulated import one_provider, simulated
from youtong.mta.simulator.simulator import Simulator

pytestmark = [pytest.mark.scenario, pytest.mark.paced]

SHARE = float(os.environ.get("SOAK_SHARE", "0.01"))
COUNT = 100_000 if SHARE >= 1 else 5000
CHUNK = 5000


@pytest_asyncio.fixture
async def internet() -> AsyncIterator[Simulator]:
    async with simulated(one_provider().replace("[simulator]\n", "[simulator]\nkeep_log = 50000\n")) as made:
        yield made


async def server(folder: Path, internet: Simulator, rate: str) -> Running:
    made = Running(folder / "server", internet)
    text = f'[default]\nconnections = 1\nmessage_rate = "{rate}"\n'
    (folder / "server" / "shaping.toml").write_text(text, encoding="utf-8")
    await made.start()
    await made.workers_live()
    return made


async def stream(running: Running, name: str, count: int, account: int = 1) -> int:
    """A bulk stream with so many recipients; its reverse-path is NAME@stream.test."""
    new = {"account_id": account, "name": name, "reverse_path": f"{name}@stream.test", "lifetime_ms": 86_400_000,
           "keeps_path": True,
           "head": base64.b64encode(b"From: n@stream.test\r\n\r\n").decode(),
           "body": base64.b64encode(b"News.\r\n").decode()}  # fmt: skip
    number = int(str((await running.ask("owner", verb="stream", do="create", stream=new))["stream_id"]))
    for first in range(0, count, CHUNK):
        chunk = [(f"{each}", f"{name}{each}@p.test", {}) for each in range(first, min(count, first + CHUNK))]
        await running.ask("owner", verb="stream", do="enqueue", stream_id=number, recipients=chunk)
    return number


def paths(internet: Simulator) -> list[str]:
    """The reverse-paths in the order in which their MAILs came."""
    return [path for _at, _client, path in internet.providers["p"].log.mails]


async def came(internet: Simulator, count: int) -> None:
    async def have_come() -> bool:
        return len(paths(internet)) >= count

    await until(have_come, f"fewer than {count} MAILs came", seconds=60)


IN_HAND = {"6/s": 1, "60/min": 8, "40/s": 8}
"""How many MAILs of bulk may be under way already: while a limit lets bulk flow, what one connection has in hand."""


@pytest.mark.timeout(0 if SHARE >= 1 else 90)
@pytest.mark.parametrize("rate", ["6/s", "60/min", "40/s"])
async def test_a_letter_leaves_next_or_next_but_one_though_thousands_wait(
    tmp_path: Path, internet: Simulator, rate: str
) -> None:
    """Of six a second bulk is spread; of sixty a minute a tenth is left for letters; of forty a second both flow."""
    running = await server(tmp_path, internet, rate)
    try:
        await stream(running, "news", COUNT)
        await came(internet, 20)
        for number in range(5):
            person = f"person{number}@load.test"
            before = len(paths(internet))
            await post(running, [Letter(f"p{number}", (f"u{number}@p.test",), reverse_path=person)])
            answered = len(paths(internet))

            async def is_there(person: str = person) -> bool:
                return person in paths(internet)

            await until(is_there, f"the letter of {person} waits behind bulk", seconds=30)
            at = paths(internet).index(person)
            assert at <= answered + IN_HAND[rate], (
                f"{at - answered} MAILs of bulk left after the letter was accepted (from {before})"
            )
    finally:
        await running.end()


@pytest.mark.timeout(0 if SHARE >= 1 else 90)
async def test_accounts_and_the_streams_of_an_account_take_turns(tmp_path: Path, internet: Simulator) -> None:
    """Account 1 has two streams, account 2 a small one: half of the turns are account 2's while it has mail."""
    running = await server(tmp_path, internet, "30/s")
    try:
        await stream(running, "a", COUNT)
        await stream(running, "b", COUNT)
        await came(internet, 30)
        await stream(running, "c", 50, account=2)
        await came(internet, len(paths(internet)) + 140)
    finally:
        await running.end()
    order = [path[0] for path in paths(internet)]
    first, last = order.index("c"), len(order) - 1 - order[::-1].index("c")
    assert order.count("c") == 50
    shares = {name: order[first:last].count(name) for name in "abc"}
    assert abs(shares["c"] - shares["a"] - shares["b"]) <= 12, shares
    assert abs(shares["a"] - shares["b"]) <= 4, shares
