"""A process dies while what came back is read: each notice is written down once, and its recipient counted once."""

import asyncio
import itertools
import smtplib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing

import pytest
import pytest_asyncio
from fakes.crash_points import POINTS, When
from fakes.internet import FreshDomains, simulated_internet
from fakes.posting import Fate, Letter, post
from fakes.running import Running, free_port, read, until
from youtong.queue.address_keys import open_signer

pytestmark = [pytest.mark.crash, pytest.mark.asyncio(loop_scope="module")]

_SHARED = ("commit.before", "commit.after", "app.commit.before", "app.commit.after")
_DEATHS = [*(point.name for point in POINTS if When.RETURNED in point.when), *_SHARED]
_OURS = "mta.test"  # our hostname
_numbers = itertools.count()

NOTICE = """\
From: MAILER-DAEMON@far.test
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=cut

--cut
Content-Type: message/delivery-status

Reporting-MTA: dns; far.test

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 user unknown

--cut--
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Running, int, FreshDomains]]:
    """A server, the port of its inbound listener, and domains to write to."""
    port = free_port()
    async with simulated_internet(own=2 * len(_DEATHS)) as internet:
        more = f'[inbound]\nlisten = "127.0.0.1:{port}"\n'
        running = Running(tmp_path_factory.mktemp("returned"), internet, workers=1, more=more)
        await running.start()
        yield running, port, FreshDomains(2 * len(_DEATHS))
        await running.end()


@pytest.mark.parametrize("point", _DEATHS)
async def test_what_came_back_is_written_down_once(point: str, server: tuple[Running, int, FreshDomains]) -> None:
    running, port, domains = server
    addresses = [f"reader{next(_numbers)}@{domains.take(1)[0]}" for _ in range(2)]
    letters = [Letter(address.partition("@")[0], (address,)) for address in addresses]
    await post(running, letters, connections=1)
    assert all(letter.fate is Fate.ACCEPTED for letter in letters)
    await running.quiet()
    ids = [running.count("SELECT id FROM recipient WHERE address = ?", address) for address in addresses]
    _as_program(running, ids)
    running.arm(point)
    sent = [asyncio.create_task(_comes_back(running, port, *each)) for each in zip(ids, addresses, strict=True)]
    await running.revived()
    await asyncio.gather(*sent)
    await until(lambda: _all_read(running), "what came back is never read")
    for number in ids:
        late = running.rows(
            "SELECT json_extract(facts, '$.inbound'), json_extract(facts, '$.fate') FROM journal"
            " WHERE recipient_id = ? AND kind = 'late-bounce' ORDER BY seq",
            number,
        )
        assert len({inbound for inbound, _ in late}) == len(late), "a notice was written down twice"
        assert [fate for _, fate in late if fate] == ["hard-late"]
    await running.counted()
    counts = "SELECT fate, sum(count) FROM fate_counter WHERE fate != 'delivered' GROUP BY fate HAVING sum(count)"
    late = running.count("SELECT count(*) FROM returned WHERE fate = 'hard-late'")
    assert read(running.data_dir / "app.db", counts) == [("hard-late", late)]


def _as_program(running: Running, ids: list[int]) -> None:
    """Their letters had reverse-paths of ours in our own domain, as those of programs have."""
    with closing(sqlite3.connect(running.data_dir / "queue.db", timeout=10)) as queue, queue:
        for number in ids:
            query = "UPDATE message SET verp_domain = ? WHERE id = (SELECT message_id FROM recipient WHERE id = ?)"
            queue.execute(query, (_OURS, number))


async def _comes_back(running: Running, port: int, number: int, address: str) -> None:
    """Until it was taken, as a host that retries: a 250 that was lost makes a second copy."""
    to = f"{open_signer(running.data_dir / 'keys').verp(number)}@{_OURS}"
    notice = NOTICE.format(address=address).replace("\n", "\r\n").encode()

    def send() -> bool:
        try:
            with smtplib.SMTP("127.0.0.1", port, "far.test", timeout=10) as client:
                client.sendmail("", [to], notice)
        except (OSError, smtplib.SMTPException):
            return False
        return True

    async def taken() -> bool:
        await running.up.wait()
        return await asyncio.to_thread(send)

    await until(taken, "the notice is never taken")


async def _all_read(running: Running) -> bool:
    return not running.count("SELECT count(*) FROM inbound WHERE read_as = ''")
