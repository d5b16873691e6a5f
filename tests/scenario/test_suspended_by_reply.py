"""A receiver says "too many": its lane stops, also over a kill; an operator resumes, and the mail goes on."""

import asyncio
import json
import sys
from pathlib import Path

import pytest
from fakes.posting import Letter, post
from fakes.running import Running, until
from fakes.shaping import write_shaping
from fakes.simulated import one_provider, simulated
from youtong.mta.simulator.simulator import Simulator

pytestmark = pytest.mark.scenario

TOO_MANY = "450 4.7.0 Far too many messages from your IP address"
REFUSES_TWICE = f'[[provider.rule]]\nat = "mail"\nreply = "{TOO_MANY}"\ntimes = 2\n'
RULES = """base = "shipped"
[provider.test]
domains = ["p.test", "q.test"]
[[provider.test.reply]]
name = "test-too-many"
text = "far too many messages"
do = "stop"
for = "2 h"
fact = "a test"
examples = ["450 4.7.0 Far too many messages", "450 4.7.0 far too many messages today"]
near_misses = ["450 4.7.0 Far too large"]
"""


async def test_a_reply_stops_a_provider_over_a_kill_until_somebody_resumes_it(tmp_path: Path) -> None:
    write_shaping(tmp_path, RULES)
    async with simulated(one_provider(REFUSES_TWICE)) as simulator:
        server = Running(tmp_path, simulator)
        await server.start()
        try:
            await post(server, [Letter("first", ("first@p.test",))], connections=1)
            stop = await _stopped(server)
            assert (stop["rule"], stop["reply"], stop["subject"]) == ("test-too-many", TOO_MANY, "test")
            assert await _facts(server, "first@p.test", "suspension") == [stop["number"]]
            asked = _mails(simulator)
            await post(server, [Letter("second", ("second@q.test",))], connections=1)
            await server.flush()
            await server.kill()
            await server.start()
            await server.flush()
            assert (await _stopped(server))["number"] == stop["number"]
            assert (_mails(simulator), _arrived(simulator)) == (asked, [])
            await youtong(server, "queue", "resume", str(stop["number"]))
            # the second refusal of the simulator comes first, and stops it again
            again = await _stopped_again(server, int(str(stop["number"])))
            await youtong(server, "queue", "resume", str(again))
            await until(lambda: _is_all_there(server, simulator), "the mail did not go on after the resume")
        finally:
            await server.end()


async def test_an_operator_stops_a_domain_mail_beside_it_goes_and_undo_lets_it_go(tmp_path: Path) -> None:
    async with simulated(one_provider()) as simulator:
        server = Running(tmp_path, simulator)
        await server.start()
        try:
            await post(server, [Letter("known", ("known@p.test",))], connections=1)
            await until(lambda: _has_come(simulator, "known@p.test"), "the first letter did not leave")
            await youtong(server, "queue", "suspend", "--domain", "p.test", "--reason", "wrong text")
            await post(server, [Letter("held", ("held@p.test",)), Letter("free", ("free@q.test",))], connections=1)
            await until(lambda: _has_come(simulator, "free@q.test"), "mail beside the stop did not leave")
            await server.flush()
            assert "held@p.test" not in _arrived(simulator)
            await youtong(server, "queue", "undo")
            await until(lambda: _has_come(simulator, "held@p.test"), "undo did not resume")
        finally:
            await server.end()


async def youtong(server: Running, *line: str) -> str:
    """A verb typed beside the server; it ends with 0."""
    child = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("youtong")),
        *line,
        "--config",
        str(server.config),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await child.communicate()
    assert child.returncode == 0, told.decode()
    return told.decode()


async def _in_force(server: Running) -> list[dict[str, object]]:
    return json.loads(await youtong(server, "queue", "suspensions", "--json"))


async def _stopped(server: Running) -> dict[str, object]:
    async def is_stopped() -> bool:
        return bool(server.rows("SELECT 1 FROM suspension WHERE ended_ms IS NULL"))

    await until(is_stopped, "the reply stopped nothing")
    (stop,) = await _in_force(server)
    return stop


async def _stopped_again(server: Running, before: int) -> int:
    async def again() -> bool:
        await server.flush()
        return bool(server.rows("SELECT 1 FROM suspension WHERE id > ?", before))

    await until(again, "the second refusal stopped nothing")
    return int(str((await _stopped(server))["number"]))


async def _facts(server: Running, address: str, key: str) -> list[object]:
    rows = server.rows(
        "SELECT j.facts FROM journal AS j JOIN recipient AS r ON r.id = j.recipient_id"
        " WHERE r.address = ? AND j.kind = 'deferred'",
        address,
    )
    return [json.loads(row[0]).get(key) for row in rows]


async def _is_all_there(server: Running, simulator: Simulator) -> bool:
    await server.flush()
    return set(_arrived(simulator)) == {"first@p.test", "second@q.test"}


async def _has_come(simulator: Simulator, address: str) -> bool:
    return address in _arrived(simulator)


def _arrived(simulator: Simulator) -> list[str]:
    return [address for each in simulator.ledger.newest for address in each.recipients]


def _mails(simulator: Simulator) -> int:
    return len(simulator.providers["p"].log.mails)
