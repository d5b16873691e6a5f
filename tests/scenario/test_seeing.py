"""What an operator sees of a running server: metrics, `top`, `explain site`, over real sockets and processes."""

import asyncio
import json
import os
import signal
import sys
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.internet import own_domain, simulated_internet
from fakes.posting import Letter, post
from fakes.running import Running, until
from prometheus_client.parser import text_string_to_metric_families
from youtong.mta.simulator.simulator import Simulator

pytestmark = pytest.mark.scenario

METRICS = '[metrics]\nlisten = "127.0.0.1:0"\n'
OWN = 3
SLOW = '[provider.slow]\nmx = ["{}"]\nmessage_rate = "2/h"\nconnections = 1\n'
Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]


@pytest.fixture
async def internet() -> AsyncIterator[Simulator]:
    async with simulated_internet(OWN) as simulator:
        yield simulator


@pytest.fixture
async def server(internet: Simulator, tmp_path: Path) -> AsyncIterator[Running]:
    made = Running(tmp_path, internet, more=METRICS)
    (tmp_path / "shaping.toml").write_text(SLOW.format(own_domain(0)), encoding="utf-8")
    await made.start()
    await made.jobs_answer()
    yield made
    await made.end()


async def _scrape(server: Running) -> Samples:
    ports = (await server.ask("jobs"))["metrics"]
    assert isinstance(ports, list)
    (port,) = ports
    text = await asyncio.to_thread(_get, f"http://127.0.0.1:{port}/metrics")
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read().decode()


async def _run(server: Running, *words: str) -> str:
    child = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("youtong"), *words, "--config", server.config,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env={**os.environ, "LC_ALL": "C"},
    )  # fmt: skip
    said, _ = await child.communicate()
    assert child.returncode == 0, said.decode()
    return said.decode()


async def _posted(server: Running) -> None:
    """Five letters to a provider that takes two an hour, one to another."""
    letters = [Letter(f"slow{n}", (f"r{n}@{own_domain(0)}",)) for n in range(5)]
    await post(server, [*letters, Letter("quick", (f"r@{own_domain(1)}",))], connections=1)


async def _delivered(server: Running, count: int) -> None:
    async def arrived() -> bool:
        outcomes = (await _scrape(server)).get("youtong_outcomes_total", {})
        return sum(n for labels, n in outcomes.items() if ("outcome", "delivered") in labels) >= count

    await until(arrived, f"not {count} letters delivered")


async def test_metrics_top_and_explain_site_tell_the_same_of_a_slow_provider(server: Running) -> None:
    await _posted(server)
    await _delivered(server, 3)
    seen = await _scrape(server)
    assert sum(seen["youtong_accepted_recipients_total"].values()) == 6
    assert seen["youtong_waiting_recipients"] == {(("class", "people"), ("provider", "slow")): 3}
    assert seen["youtong_connections_limit"][(("provider", "slow"),)] == 1
    assert seen["youtong_up"] == {(): 1}
    top = await _run(server, "top", "--once")
    (line,) = [line for line in top.splitlines() if line.startswith("slow ")]
    assert line.split()[1] == "3"
    assert "2/h messages" in line
    assert "shaping.toml:3 [provider.slow] message_rate" in line
    told = await _run(server, "explain", "site", own_domain(0))
    assert "shaping.toml:2 [provider.slow] mx" in told
    assert "3 messages" in told
    assert "limited by: 2/h messages" in told
    waiting = await _run(server, "explain", "recipient", f"r4@{own_domain(0)}")
    assert "slow gets at most 2/h messages (shaping.toml:3 [provider.slow] message_rate)" in waiting


async def test_top_and_explain_site_as_objects(server: Running) -> None:
    await _posted(server)
    await _delivered(server, 3)
    top = json.loads(await _run(server, "top", "--json"))
    (row,) = [row for row in top["providers"] if row["provider"] == "slow"]
    assert (row["waiting"], row["ceiling"]["kind"], row["ceiling"]["count"]) == (3, "message-rate", 2)
    site = json.loads(await _run(server, "explain", "site", own_domain(0), "--json"))
    assert site["seen"]["ruling"]["provider"] == "slow"


async def test_a_suspended_provider_is_told_with_how_to_resume_it(server: Running) -> None:
    await _posted(server)
    await _delivered(server, 3)
    await _run(server, "queue", "suspend", "--provider", "slow", "--reason", "they asked", "--who", "ann")
    told = await _run(server, "explain", "site", "slow")
    assert "slow: stopped until somebody resumes it: by ann: they asked" in told
    assert "youtong queue resume 1" in told
    waiting = await _run(server, "explain", "recipient", f"r4@{own_domain(0)}")
    assert "slow is stopped until somebody resumes it, by ann: they asked" in waiting

    async def is_counted() -> bool:
        return (await _scrape(server))["youtong_suspensions"][(("kind", "stop"),)] == 1

    await until(is_counted, "the figures, which are a moment old, never count the stop")


async def test_counters_only_grow_over_the_death_of_a_worker(server: Running) -> None:
    await _posted(server)
    await _delivered(server, 3)
    before = (await _scrape(server))["youtong_outcomes_total"]
    workers = (await server.ask("owner", verb="status"))["workers"]
    assert isinstance(workers, list)
    for pid in workers:
        os.kill(pid, signal.SIGKILL)

    async def another() -> bool:
        found = await _scrape(server)
        return found["youtong_worker_deaths_total"][()] >= len(workers) and found["youtong_workers"][()] > 0

    await until(another, "no worker was started again")
    await post(server, [Letter("again", (f"r@{own_domain(2)}",))], connections=1)
    await _delivered(server, 4)
    after = (await _scrape(server))["youtong_outcomes_total"]
    assert all(after[labels] >= n for labels, n in before.items())


async def test_after_the_owner_has_ended_top_says_so_and_shows_what_waits(server: Running) -> None:
    await _posted(server)
    await _delivered(server, 3)
    await server.end()
    top = await _run(server, "top", "--once")
    assert "the server is not running" in top
    assert "3 messages wait" in top
    told = await _run(server, "explain", "site", own_domain(0))
    assert "The server is not running" in told
    assert "2/h" in told
