"""A process dies at every crash point while letters fail: no notice is lost, and none is queued twice."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fakes.crash_points import IS_SOAK, CrashPoint, When, cases
from fakes.internet import FreshDomains, change, received_by, simulated_internet
from fakes.posting import Fate, Letter, doubted, post
from fakes.running import Running, until
from youtong.mta.simulator.simulator import Simulator

pytestmark = [pytest.mark.crash, pytest.mark.asyncio(loop_scope="module")]

OWN = 2 * 64  # for each death one where the senders are at home, and one that refuses
REFUSED = [{"at": "rcpt", "reply": "550 5.1.1 User unknown"}]
_fresh = FreshDomains(OWN)
_ELSEWHERE = ("spool-", "delivery.body.", *(() if IS_SOAK else ("submission.reply.",)))
"""Deaths that say little here: letters and notices are small; and before a letter is taken there is nothing to tell."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def internet() -> AsyncIterator[Simulator]:
    async with simulated_internet(OWN) as simulator:
        yield simulator


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(internet: Simulator, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with Running(tmp_path_factory.mktemp("notices"), internet) as running:
        yield running


async def all_are_told(server: Running, senders: list[str]) -> None:
    async def is_each_told() -> bool:
        return all(map(server.notices_to, senders))

    await until(is_each_told, "a notice is lost")
    await server.quiet()


def fate_of_notices(server: Running, sender: str) -> list[tuple[object, ...]]:
    """All that the journal says of them."""
    query = "SELECT j.kind, j.facts FROM journal AS j JOIN recipient AS r ON r.id = j.recipient_id WHERE r.address = ?"
    return server.rows(query, sender)


def at_commits(times: int) -> list[tuple[CrashPoint, int]]:
    """The commits, each many times over: a failure, its debt and its notice are three of them."""
    commits = [point for point, _ in cases(When.SERVING) if point.name.startswith("commit.")]
    return [(point, n) for point in dict.fromkeys(commits) for n in range(1, times + 1)]


@pytest.mark.parametrize(
    ("point", "times"),
    [
        pytest.param(point, times, id=f"{point.name}:{times}")
        for point, times in dict.fromkeys([*cases(When.SERVING), *at_commits(6)])
        if not point.name.startswith(_ELSEWHERE)
    ],
)
async def test_a_failure_is_told_exactly_once_whenever_a_process_dies(
    point: CrashPoint, times: int, server: Running, internet: Simulator
) -> None:
    home, away = _fresh.take(2)
    change(internet, away.removesuffix(".test"), rule=REFUSED)
    senders = [f"s{n}@{home}" for n in range(4)]
    sent = [
        Letter(f"{point.name}-{times}-{n}", (f"unknown{n}@{away}",), reverse_path=sender)
        for n, sender in enumerate(senders)
    ]
    server.arm(point.name, times)
    posting = asyncio.create_task(post(server, sent, connections=2))
    await server.revived()
    await posting
    accepted = [letter.reverse_path for letter in sent if letter.fate is Fate.ACCEPTED]
    assert len(accepted) >= len(sent) - 2, "of two connections each loses one letter at most"
    await all_are_told(server, accepted)
    for sender in senders:
        copies = len(received_by(internet, sender))
        assert server.notices_to(sender) <= 1, "told twice"
        assert copies <= 1 + doubted(server)[sender]
        assert copies or sender not in accepted, f"told, and never delivered: {fate_of_notices(server, sender)}"
