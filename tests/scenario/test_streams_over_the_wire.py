"""A stream at full speed is paused, resumed, given another text and stopped; the simulator's log is the judge."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from email import message_from_bytes
from pathlib import Path

import pytest
import pytest_asyncio
from fakes.posting import Letter, post
from fakes.running import Running, until
from fakes.simulated import one_provider, simulated
from youtong.mta.simulator.received import Received
from youtong.mta.simulator.simulator import Simulator

pytestmark = pytest.mark.scenario

NEWS = "news@stream.test"
HEAD = b"From: News <news@stream.test>\r\nSubject: Dear {{name}}\r\n\r\n"
COUNT = 6000
ON_THE_WAY_SECONDS = 0.5  # a MAIL that was written when the worker heard of the pause may be read a moment later


class Stream:
    """One stream of a running server."""

    def __init__(self, running: Running, internet: Simulator) -> None:
        self._running, self._internet = running, internet
        self.number = 0

    async def made(self, count: int) -> "Stream":
        new = {
            "account_id": 1,
            "name": "s",
            "reverse_path": NEWS,
            "keeps_path": True,
            "head": _octets(HEAD),
            "body": _octets(b"First.\r\n"),
        }
        answer = await self.ask(do="create", stream={**new, "lifetime_ms": 86_400_000})
        self.number = int(str(answer["stream_id"]))
        await self.enqueue(count)
        return self

    async def enqueue(self, count: int) -> object:
        recipients = [(f"{each:06d}", f"r{each}@p.test", {"name": f"N{each}"}) for each in range(count)]
        return (await self.ask(do="enqueue", stream_id=self.number, recipients=recipients))["added"]

    async def change(self, event: str) -> float:
        """When it was answered."""
        await self.ask(do="change", stream_id=self.number, event=event, reason="test", who="test")
        return time.monotonic()

    async def ask(self, **question: object) -> dict[str, object]:
        return await self._running.ask("owner", verb="stream", **question)

    def mails(self) -> list[float]:
        """When the receiver read a MAIL of it."""
        return [at for at, _client, path in self._internet.providers["p"].log.mails if path == NEWS]

    def received(self) -> list[Received]:
        return [each for each in self._internet.ledger.newest if each.reverse_path == NEWS]

    async def delivered(self, count: int) -> None:
        async def so_many() -> bool:
            return len(self.received()) >= count

        await until(so_many, f"only {len(self.received())} of {count} came", seconds=60)


def _octets(text: bytes) -> str:
    return base64.b64encode(text).decode()


@pytest_asyncio.fixture
async def internet() -> AsyncIterator[Simulator]:
    async with simulated(
        one_provider().replace("[simulator]\n", "[simulator]\nkeep_messages = 20000\nkeep_log = 50000\n")
    ) as made:
        yield made


@pytest_asyncio.fixture
async def running(internet: Simulator, tmp_path: Path) -> AsyncIterator[Running]:
    made = Running(tmp_path / "server", internet)
    (tmp_path / "server" / "shaping.toml").write_text('[default]\nmessage_rate = "100000/s"\n', encoding="utf-8")
    await made.start()
    await made.workers_live()
    yield made
    await made.end()


async def test_no_mail_of_a_paused_stream_and_peoples_letters_go_on_and_it_loses_nobody(
    internet: Simulator, running: Running
) -> None:
    stream = await Stream(running, internet).made(COUNT)
    await stream.delivered(200)
    paused = await stream.change("pause")
    await post(running, [Letter(f"p{each}", (f"person{each}@p.test",)) for each in range(20)])
    await until(lambda: _all_came(internet, 20), "people's letters wait behind a paused stream")
    await asyncio.sleep(1)
    late = [at - paused for at in stream.mails() if at > paused + ON_THE_WAY_SECONDS]
    assert late == []
    assert len(stream.mails()) < COUNT
    await stream.change("resume")
    await stream.delivered(COUNT)
    assert {count for address, count in internet.ledger.accepted.items() if address.startswith("r")} == {1}


async def _all_came(internet: Simulator, count: int) -> bool:
    return sum(address.startswith("person") for address in internet.ledger.accepted) == count


async def test_a_new_text_is_what_the_rest_gets_and_each_letter_names_its_recipient(
    internet: Simulator, running: Running
) -> None:
    stream = await Stream(running, internet).made(COUNT)
    await stream.delivered(50)
    await stream.change("pause")
    await asyncio.sleep(ON_THE_WAY_SECONDS)
    before = len(stream.received())
    await stream.ask(do="revise", stream_id=stream.number, head=_octets(HEAD), body=_octets(b"Second.\r\n"), who="test")
    await stream.change("resume")
    await stream.delivered(COUNT)
    letters = [message_from_bytes(each.content) for each in stream.received()]
    assert [letter.get_payload().strip() for letter in letters] == ["First."] * before + ["Second."] * (COUNT - before)
    assert len({letter["Message-ID"] for letter in letters}) == COUNT
    assert all(letter["Subject"] == f"Dear N{letter['To'].strip('<>r').partition('@')[0]}" for letter in letters)
    assert all(letter["Date"] for letter in letters)


async def test_a_stopped_stream_leaves_nobody_waiting_also_over_a_death_and_the_producer_may_send_again(
    internet: Simulator, running: Running
) -> None:
    stream = await Stream(running, internet).made(COUNT)
    assert await stream.enqueue(COUNT) == 0
    await stream.delivered(50)
    stopped = await stream.change("stop")
    await running.kill()
    await running.start()
    await until(lambda: _nobody_waits(running), "a stopped stream is never cancelled whole")
    assert [at for at in stream.mails() if at > stopped + ON_THE_WAY_SECONDS] == []
    states = running.rows("SELECT state, count(*) FROM recipient GROUP BY state")
    assert {state for state, _ in states} <= {10, 13, 15}  # delivered, cancelled, unconfirmed by the death
    assert sum(int(str(count)) for _, count in states) == COUNT


async def _nobody_waits(running: Running) -> bool:
    return running.count("SELECT count(*) FROM recipient WHERE state < 10") == 0
