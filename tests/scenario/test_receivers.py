"""Letters to every kind of receiver that tests/scenario/receivers.toml describes, each with the outcome it declares.

`make soak` sends 10,000; `make test` some hundreds.
"""

import asyncio
import os
from pathlib import Path

import pytest
from fakes.expected import Post, cases_of, faults, letters_to, summary, unfinished
from fakes.posting import Fate, fates, post
from fakes.running import Running
from youtong.mta.simulator.behaviours import Expectation
from youtong.mta.simulator.reading import load_settings
from youtong.mta.simulator.simulator import start

pytestmark = pytest.mark.scenario

SHARE = float(os.environ.get("SOAK_SHARE", "0.01"))
LETTERS = max(600, round(10_000 * SHARE))
SECONDS = 45 if SHARE < 1 else 600  # until every letter that must end has ended
RECEIVERS = Path(__file__).with_name("receivers.toml")
_ROUND_SECONDS = 0.5


@pytest.mark.timeout(0 if SHARE >= 1 else 120)
async def test_every_letter_to_every_kind_of_receiver_ends_as_declared(tmp_path: Path) -> None:
    settings = load_settings(RECEIVERS)
    sent = letters_to(cases_of(settings), LETTERS)
    internet = await start(settings)
    running = Running(tmp_path, internet)
    _ask_silent_server_first(running, internet.silent_dns_address)
    try:
        await running.start()
        await post(running, sent.letters, connections=4)
        assert fates(sent.letters) == {Fate.ACCEPTED: len(sent.letters)}
        await _all_end(running, sent)
        found = faults(sent, internet, running)
        assert found == {}, f"{len(found)} of {len(settings.provider)} receivers:\n{summary(found)}"
    finally:
        await running.end()
        await internet.stop()


async def _all_end(running: Running, sent: Post) -> None:
    """Until all have ended that must, and their notices have come; what waits is made due again and again."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SECONDS
    while loop.time() < deadline:
        left = unfinished(sent, running)
        if not left and not _notices_under_way(running):
            return
        for domain in {address.rpartition("@")[2] for address in left}:
            await running.ask("owner", verb="operate", operation="flush", selection={"domain": domain}, who="test")
        await asyncio.sleep(_ROUND_SECONDS)


def _notices_under_way(running: Running) -> int:
    return running.count("SELECT count(*) FROM recipient WHERE notice = 1") + running.count(
        "SELECT count(*) FROM recipient AS r JOIN domain AS d ON d.id = r.domain_id"
        " WHERE d.name = 'load.test' AND r.state IN (0, 1)"
    )


def _ask_silent_server_first(running: Running, silent: tuple[str, int]) -> None:
    text = running.config.read_text("utf-8")
    wanted = text.replace("dns_servers = [", 'dns_servers = ["{}:{}", '.format(*silent))
    running.config.write_text(wanted, encoding="utf-8")


def test_the_file_shows_every_expectation() -> None:
    shown = {case.expectation for case in cases_of(load_settings(RECEIVERS))}
    assert shown == set(Expectation)
