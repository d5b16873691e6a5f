"""What is sent to harm changes nothing and costs little: replays, forgeries, 25 MB, a thousand layers, endless lines.

`make soak` replays 10,000 times (SOAK_SHARE=1), CI one in a hundred.
"""

import asyncio
import os
import smtplib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.came_back import Case, Followed, counters, followed, send_stream, sending_back
from fakes.running import Running, until
from fakes.taking_mail import OURS, answer_to, taking_mail
from youtong.mta.simulator.behaviours import Returned, ReturnStyle
from youtong.mta.simulator.received import Received
from youtong.mta.simulator.returns.case import Case as Letter
from youtong.mta.simulator.returns.writing import written
from youtong.mta.simulator.simulator import Simulator, start

pytestmark = pytest.mark.scenario

SHARE = float(os.environ.get("SOAK_SHARE", "0.01"))
REPLAYS = max(100, round(10_000 * SHARE))
HARMFUL = (Returned.HEAVY, Returned.NESTED, Returned.QUOTED, Returned.BOMB)
HARMFUL_TIMES = 1 if SHARE < 1 else 20
PER_MINUTE = 120  # that one host may write
WRITTEN_DOWN = 3  # of one sort of news about one recipient
MOST_MEMORY = 160 * 1024 * 1024  # of one process: four messages of 25 MB in memory would be more
_HUNG_UP = 421
WHO = ("replayed", "forged", "bystander", *(each.value for each in HARMFUL))


@pytest.fixture
async def internet() -> AsyncIterator[Simulator]:
    simulator = await start(sending_back([Case(each, ()) for each in WHO], OURS, address="127.80.211.1"))
    yield simulator
    await simulator.stop()


@pytest.fixture
async def server(internet: Simulator, tmp_path: Path) -> AsyncIterator[Running]:
    more = f'host_messages_per_minute = {PER_MINUTE}\nhost_size_per_minute = "1 GiB"\n'
    async with taking_mail(tmp_path, internet, more=more) as running:
        await running.jobs_answer()
        yield running


class World:
    """Hosts that write to us, a message at a time on one connection each."""

    def __init__(self, port: int) -> None:
        self._port, self._hosts = port, 0

    async def write(self, to: str, message: bytes, times: int) -> list[int]:
        """The replies, of hosts of which none writes more than it may."""
        most = PER_MINUTE // 2
        shares = [min(most, times - begun) for begun in range(0, times, most)]
        replies = [await asyncio.to_thread(self.write_as, self._next(), to, message, share) for share in shares]
        return [code for each in replies for code in each]

    def write_as(self, host: str, to: str, message: bytes, times: int) -> list[int]:
        """It comes back when it is hung up on, as who lies too often is."""
        replies: list[int] = []
        while len(replies) < times:
            with smtplib.SMTP("127.0.0.1", self._port, "elsewhere.test", source_address=(host, 0)) as client:
                while len(replies) < times and (code := _reply(client, to, message)) != _HUNG_UP:
                    replies.append(code)
        return replies

    def _next(self) -> str:
        self._hosts += 1
        return f"127.81.{self._hosts // 250}.{self._hosts % 250 + 1}"


def _reply(client: smtplib.SMTP, to: str, message: bytes) -> int:
    try:
        client.sendmail("", to, message)
    except smtplib.SMTPRecipientsRefused as error:
        return next(iter(error.recipients.values()))[0]
    except smtplib.SMTPResponseException as error:
        return error.smtp_code
    except smtplib.SMTPServerDisconnected:
        return _HUNG_UP
    return 250


def sent_back(letter: Received, what: Returned) -> bytes:
    case = Letter(letter, "mx.p.test", letter.recipients[0], "550 5.1.1 User unknown")
    return written(case, what, ReturnStyle.POSTFIX, letter.reverse_path)


async def all_is_read(server: Running) -> None:
    async def is_read() -> bool:
        return not server.count("SELECT count(*) FROM inbound WHERE read_as = ''")

    await until(is_read, "what came in is not read", seconds=20 + REPLAYS / 50)
    await server.counted()


def most_memory(server: Running) -> int:
    """Of any process of the server, ever, in octets."""
    lines = [Path(f"/proc/{pid}/status").read_text("ascii") for pid in whole_family(server)]
    return max(int(text.partition("VmHWM:")[2].split()[0]) * 1024 for text in lines)


def whole_family(server: Running) -> list[int]:
    """With the child that reads, which is not the owner's own."""
    found = [pid for pid in server.family() if Path(f"/proc/{pid}").exists()]
    for pid in found:  # grows while it is walked
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            found += [int(each) for each in path.read_text("ascii").split() if int(each) not in found]
    return found


async def test_replays_forgeries_and_monsters_change_nothing_and_one_host_is_told_to_wait(
    internet: Simulator, server: Running
) -> None:
    await send_stream(server, *(f"{who}@p.test" for who in WHO))
    await server.quiet()
    letters = {each.recipients[0].partition("@")[0]: each for each in internet.ledger.newest}
    world = World(internet.port)

    replayed = letters["replayed"]
    bounce = sent_back(replayed, Returned.BOUNCE)
    assert set(await world.write(replayed.reverse_path, bounce, REPLAYS)) == {250}
    path = letters["forged"].reverse_path
    forged = f"{'a' if path[5] != 'a' else 'b'}".join((path[:5], path[6:]))
    assert set(await world.write(forged, sent_back(letters["forged"], Returned.BOUNCE), REPLAYS)) == {550}
    for what in HARMFUL:
        letter = letters[what.value]
        assert set(await world.write(letter.reverse_path, sent_back(letter, what), HARMFUL_TIMES)) == {250}, what
    await all_is_read(server)

    hard = Followed(("late-bounce no-such-user",) * WRITTEN_DOWN, "hard-late", "hard-bounce")
    untouched = Followed()
    found = {address.partition("@")[0]: each for address, each in followed(server).items()}
    assert (found["replayed"], found["forged"], found["bystander"]) == (hard, untouched, untouched)
    assert {who: each.suppressed for who, each in found.items() if each.suppressed} == {"replayed": "hard-bounce"}
    assert {found[what.value].fate for what in HARMFUL} <= {"delivered", "soft-late"}
    assert counters(server)["hard-late"] == 1
    assert counters(server).total() == len(WHO)
    effects = dict(
        server.rows(
            "SELECT effect, count(*) FROM inbound WHERE recipients LIKE ? GROUP BY 1", f"%{replayed.reverse_path}%"
        )
    )
    assert effects == {"recorded": WRITTEN_DOWN, "repeated": REPLAYS - WRITTEN_DOWN}
    assert "unreadable" not in {read_as for (read_as,) in server.rows("SELECT read_as FROM inbound")}
    assert most_memory(server) < MOST_MEMORY

    replies = await asyncio.to_thread(world.write_as, "127.82.0.1", replayed.reverse_path, bounce, 2 * PER_MINUTE + 1)
    assert set(replies) == {250, 451}
    assert answer_to(replayed.reverse_path, internet.port) == 250, "another host has to wait for it"
