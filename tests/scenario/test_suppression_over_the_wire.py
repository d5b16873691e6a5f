"""A refused address is not written to again by campaigns and programs; a person's letter goes, and lifts it."""

import asyncio
import base64
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from fakes.posting import Letter, connect
from fakes.running import Running, read, until
from fakes.simulated import one_provider, simulated
from youtong.mta.simulator.simulator import Simulator

pytestmark = pytest.mark.scenario

UNKNOWN = '[[provider.rule]]\nat = "rcpt"\nrecipients = ["dead*"]\nreply = "550 5.1.1 User unknown"\n'
HEAD = b"From: <news@stream.test>\r\nSubject: News\r\n\r\n"


@pytest_asyncio.fixture
async def internet() -> AsyncIterator[Simulator]:
    async with simulated(one_provider(UNKNOWN)) as made:
        yield made


@pytest_asyncio.fixture
async def running(internet: Simulator, tmp_path: Path) -> AsyncIterator[Running]:
    async with Running(tmp_path / "server", internet) as made:
        await made.jobs_answer()
        yield made


async def send_stream(running: Running, *addresses: str) -> int:
    stream = {"account_id": 1, "name": "s", "reverse_path": "news@stream.test", "keeps_path": True}
    text = {"head": base64.b64encode(HEAD).decode(), "body": base64.b64encode(b"News.\r\n").decode()}
    made = await running.ask("owner", verb="stream", do="create", stream={**stream, **text, "lifetime_ms": 86_400_000})
    recipients = [(each, each, {}) for each in addresses]
    await running.ask("owner", verb="stream", do="enqueue", stream_id=made["stream_id"], recipients=recipients)
    return int(str(made["stream_id"]))


def ended(running: Running, stream_id: int) -> dict[str, str]:
    """What the journal says last of each recipient."""
    rows = running.rows(
        "SELECT r.address, j.kind || ' ' || ifnull(json_extract(j.facts, '$.reason'), '') FROM recipient AS r"
        " JOIN journal AS j ON j.seq = r.journal_seq WHERE r.message_id = ? AND r.state >= 10",
        stream_id,
    )
    return {str(address): str(kind).strip() for address, kind in rows}


async def has_ended(running: Running, stream_id: int, count: int) -> dict[str, str]:
    async def all_have() -> bool:
        return len(ended(running, stream_id)) == count

    await until(all_have, f"only {ended(running, stream_id)} ended")
    return ended(running, stream_id)


async def is_suppressed(running: Running, address: str, expected: bool = True) -> None:
    async def agrees() -> bool:
        rows = read(running.data_dir / "app.db", "SELECT 1 FROM suppression WHERE address = ?", address)
        return bool(rows) is expected

    await until(agrees, f"{address} suppressed: never {expected}")


async def typed(running: Running, *line: str) -> str:
    command = [str(Path(sys.executable).with_name("youtong")), *line, "--config", str(running.config)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


async def test_a_dead_address_is_written_to_once(internet: Simulator, running: Running) -> None:
    first = await send_stream(running, "dead@p.test", "fine@p.test")
    assert await has_ended(running, first, 2) == {"dead@p.test": "bounced", "fine@p.test": "delivered"}
    await is_suppressed(running, "dead@p.test")
    second = await send_stream(running, "Dead@p.test", "fine@p.test")
    said = await has_ended(running, second, 2)
    assert said["fine@p.test"] == "delivered"
    assert said["Dead@p.test"].startswith("skipped suppressed:hard-bounce:")
    shown = await typed(running, "explain", "recipient", "Dead@p.test")
    assert "youtong suppression show 1" in shown
    assert "550 5.1.1 User unknown" in await typed(running, "suppression", "show", "dead@p.test")


async def test_what_is_queued_already_is_stopped_by_an_entry_and_only_a_block_stops_a_person(
    internet: Simulator, running: Running
) -> None:
    assert "now on" in await typed(running, "suppression", "add", "fine@p.test")
    assert "now on" in await typed(running, "suppression", "add", "*@q.test", "--reason", "block")
    await asyncio.sleep(0.5)  # its own promise: within the second
    client = await connect(running.port)
    assert client is not None
    person = Letter("p1", ("fine@p.test",))
    await client.send(person)
    blocked = Letter("p2", ("fine@q.test",))
    await client.send(blocked)
    client.close()
    assert person.reply.startswith("250")
    assert blocked.reply.startswith("550 5.7.1 The operator of this system has blocked mail to this address (since ")
    stream = await send_stream(running, "fine@p.test")
    assert (await has_ended(running, stream, 1))["fine@p.test"].startswith("skipped suppressed:manual:")


async def test_a_persons_letter_that_arrives_lifts_a_dead_address(internet: Simulator, running: Running) -> None:
    add = ("suppression", "add", "fine@p.test", "--reason", "hard-bounce")
    assert "now on" in await typed(running, *add, "--account", "operator")
    client = await connect(running.port)
    assert client is not None
    await client.send(Letter("p1", ("fine@p.test",)))
    client.close()
    await is_suppressed(running, "fine@p.test", expected=False)
    assert "reached the address" in await typed(running, "suppression", "show", "fine@p.test")
