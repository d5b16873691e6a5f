"""Workers die again and again in a run to fifty receivers of mixed temper, and every recipient ends as they say.

`make soak` sends to 200,000 recipients with a death every three seconds; `make test` to 2,000 with one a second.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from fakes.expected import Case
from fakes.posting import Fate, Letter, doubted, fates, post
from fakes.running import Running
from fakes.tempers import SENDERS, crowd, fifty_receivers
from youtong.mta.simulator.behaviours import Expectation
from youtong.mta.simulator.simulator import Simulator, start
from youtong.queue.states import RecipientState

pytestmark = pytest.mark.scenario

SHARE = float(os.environ.get("SOAK_SHARE", "0.01"))
RECIPIENTS = max(2_000, round(200_000 * SHARE))
BETWEEN_DEATHS = 1.0 if SHARE < 1 else 3.0
LEAST_DEATHS = 4
SECONDS = 60 if SHARE < 1 else 1800
SEED = int(os.environ.get("CRASH_SEED", "20261123"))
# At the default rates the run would be over before the second death.
RATE = 8 if SHARE < 1 else 40
SHAPING = f'[default]\nconnections = 8\nmessage_rate = "{RATE}/s"\nconnection_rate = "1000/s"\n'
_ROUND_SECONDS = 0.5


@pytest.mark.timeout(0 if SHARE >= 1 else 150)
async def test_every_recipient_ends_as_its_receiver_says_though_workers_are_killed_all_the_time(tmp_path: Path) -> None:
    settings = fifty_receivers(keep_log=RECIPIENTS * 10)
    letters, expected = crowd(settings, RECIPIENTS)
    internet = await start(settings)
    running = Running(tmp_path, internet)
    (tmp_path / "shaping.toml").write_text(SHAPING, encoding="utf-8")
    try:
        await running.start()
        await running.workers_live(2)
        killing = asyncio.create_task(_kill_workers(running, Random(SEED)))
        await post(running, letters, connections=4)
        assert fates(letters) == {Fate.ACCEPTED: len(letters)}
        await _all_end(running, expected, killing)
        deaths = killing.result()
        found = list(_faults(expected, letters, internet, running))
        assert found == [], f"{len(found)} faults after {deaths} deaths: {found[:20]}"
        assert deaths >= LEAST_DEATHS, "the run was over before anything could happen to it"
        print(f"{len(expected)} recipients, {deaths} deaths, {sum(doubted(running).values())} attempts in doubt")
    finally:
        await running.end()
        await internet.stop()


async def _kill_workers(running: Running, random: Random) -> int:
    """Until it is cancelled; the number of deaths."""
    deaths = 0
    try:
        while True:
            await asyncio.sleep(BETWEEN_DEATHS)
            if pids := running.worker_pids():
                os.kill(random.choice(pids), signal.SIGKILL)
                deaths += 1
    except asyncio.CancelledError:
        return deaths


async def _all_end(running: Running, expected: dict[str, Case], killing: "asyncio.Task[int]") -> None:
    """What waits is made due again and again; the killing ends when all but the last have ended, so that they can."""
    must_end = {each for each, case in expected.items() if case.expectation is not Expectation.WAITING}
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SECONDS
    while loop.time() < deadline:
        left = must_end & _unfinished(running)
        if len(left) < len(must_end) // 100:
            killing.cancel()
        if not left and not _notices_under_way(running):
            break
        for domain in {address.rpartition("@")[2] for address in left} | {SENDERS}:
            await running.ask("owner", verb="operate", operation="flush", selection={"domain": domain}, who="test")
        await asyncio.sleep(_ROUND_SECONDS)
    killing.cancel()
    await asyncio.wait([killing])


def _unfinished(running: Running) -> set[str]:
    return {str(address) for (address,) in running.rows("SELECT address FROM recipient WHERE state IN (0, 1)")}


def _notices_under_way(running: Running) -> int:
    return running.count("SELECT count(*) FROM recipient WHERE notice = 1") + running.count(
        "SELECT count(*) FROM recipient AS r JOIN domain AS d ON d.id = r.domain_id"
        " WHERE d.name = ? AND r.state IN (0, 1)", SENDERS,
    )  # fmt: skip


_ENDS = {
    Expectation.DELIVERED: ({RecipientState.DELIVERED}, 1),
    Expectation.BOUNCED: ({RecipientState.BOUNCED}, 0),
    Expectation.WAITING: ({RecipientState.SCHEDULED, RecipientState.LEASED}, 0),
}


def _faults(expected: dict[str, Case], letters: list[Letter], internet: Simulator, running: Running) -> Iterator[str]:
    """Ends, copies (more only for as many attempts as ended in doubt, Q3), notices."""
    states = {str(who): RecipientState(int(str(s))) for who, s in running.rows("SELECT address, state FROM recipient")}
    doubts, copies = doubted(running), internet.ledger.accepted
    for who, case in expected.items():
        ends, least = _ENDS[case.expectation]
        if states.get(who) not in ends:
            yield f"{who} should be {case.expectation}, is {states.get(who)!r}"
        if not least <= copies.get(who, 0) <= least + (doubts[who] if least else 0):
            yield f"{who} has {copies.get(who, 0)} copies, {doubts[who]} doubts"
    yield from _notice_faults(expected, letters, copies, doubts)


def _notice_faults(
    expected: dict[str, Case], letters: list[Letter], copies: dict[str, int], doubts: Counter[str]
) -> Iterator[str]:
    """Who sent what bounced hears of it, once or more (they may fail in several rounds); nobody else does."""
    for letter in letters:
        bounced = [who for who in letter.recipients if expected[who].expectation is Expectation.BOUNCED]
        came = copies.get(letter.reverse_path, 0)
        if not bool(bounced) <= came <= len(bounced) + doubts[letter.reverse_path]:
            yield f"{letter.name}: {came} notices, {len(bounced)} bounced"
