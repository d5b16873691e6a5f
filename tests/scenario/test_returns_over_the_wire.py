"""What a receiver sends back after it took a letter: over SMTP to our listener, read, counted, and acted upon."""

import asyncio
import base64
import smtplib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.posting import Letter, connect
from fakes.running import Running, read, until
from fakes.simulated import one_provider, simulated
from youtong.mta.simulator.simulator import Simulator

pytestmark = pytest.mark.scenario

OURS, ANN = "ours.test", "ann@ours.test"
HOME = """
[[record]]
name = "ours.test"
type = "MX"
text = "10 mta.test."
[[record]]
name = "mta.test"
type = "A"
text = "127.0.0.1"
"""


def late(who: str, **keys: object) -> str:
    more = "".join(f'{key} = "{value}"\n' for key, value in keys.items())
    return f'[[provider.late]]\nrecipients = ["{who}"]\nafter_seconds = 0.3\n{more}'


STYLES = ("postfix", "exchange", "gmail", "yahoo", "qq", "netease", "exim", "qmail", "domino", "sendmail")
BEHAVIOUR = "".join(
    (
        *(late(each, style=each) for each in STYLES),
        late("full", says="552 5.2.2 Mailbox full"),
        late("reader", send="complaint", to="fbl"),
        late("hidden", send="complaint", style="redacted", to="fbl"),
        late("ms", send="complaint", style="microsoft", to="fbl"),
        late("forged", to="forged"),
        late("moved-on", about="new@elsewhere.test"),
        late("twice") + "copies = 3\n",
        late("away", send="vacation"),
        late("quoting", send="quoting-vacation"),
        late("new-address", send="moved"),
        late("gate", send="challenge"),
        late("slow", send="delay", says="450 4.2.0 Still trying"),
        late("arrived", send="success"),
        late("deep", send="nested"),
        late("bomb", send="bomb"),
    )
)


@pytest.fixture
async def internet() -> AsyncIterator[Simulator]:
    """Mail for our domain leads to our listener."""
    async with simulated(one_provider(BEHAVIOUR, address="127.80.210.1") + HOME) as made:
        yield made


@pytest.fixture
async def server(internet: Simulator, tmp_path: Path) -> AsyncIterator[Running]:
    running = Running(tmp_path, internet, workers=1, more=f'[inbound]\nlisten = "127.0.0.1:{internet.port}"\n')
    await running.start()
    await youtong(running, "account", "add", ANN, "--domain", OURS, "--password-stdin", stdin="secret-secret")
    await until(lambda: asyncio.to_thread(is_taken, internet.port), "the listener never learns of the domain")
    await running.jobs_answer()
    yield running
    await running.end()


def is_taken(port: int) -> bool:
    with smtplib.SMTP("127.0.0.1", port, "elsewhere.test") as client:
        client.ehlo()
        client.mail("")
        return client.rcpt(ANN)[0] == 250


async def youtong(running: Running, *words: str, stdin: str = "") -> str:
    """What the command prints; it must succeed."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("youtong")), *words, "--config", str(running.config),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate(stdin.encode())
    assert process.returncode == 0, words
    return " ".join(output.decode().split())


async def send_stream(running: Running, *names: str, mail_class: str = "bulk") -> int:
    account = int(str(read(running.data_dir / "app.db", "SELECT id FROM account WHERE name = ?", ANN)[0][0]))
    new = {
        "account_id": account, "name": "news", "reverse_path": f"news@{OURS}", "lifetime_ms": 86_400_000,
        "head": octets(f"From: <news@{OURS}>\r\nSubject: News\r\n\r\n"), "body": octets("News.\r\n"),
        "mail_class": mail_class,
    }  # fmt: skip
    number = int(str((await running.ask("owner", verb="stream", do="create", stream=new))["stream_id"]))
    recipients = [(name, f"{name}@p.test", {}) for name in sorted(names)]
    await running.ask("owner", verb="stream", do="enqueue", stream_id=number, recipients=recipients)
    return number


def octets(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def heard(running: Running) -> dict[str, list[tuple[str, str, str]]]:
    """Of each recipient that something was heard of: journal kind, category, and the fate that it changed to."""
    rows = running.rows(
        "SELECT r.address, j.kind, ifnull(json_extract(j.facts, '$.outcome_kind'), ''),"
        " ifnull(json_extract(j.facts, '$.fate'), '') FROM journal AS j JOIN recipient AS r ON r.id = j.recipient_id"
        " WHERE j.kind IN ('late-bounce', 'complaint', 'auto-reply', 'heard-delay', 'heard-success') ORDER BY j.seq"
    )
    found: dict[str, list[tuple[str, str, str]]] = {}
    for address, *said in rows:
        kind, category, fate = map(str, said)
        found.setdefault(str(address).partition("@")[0], []).append((kind, category, fate))
    return found


async def came_back(running: Running, internet: Simulator, count: int) -> None:
    """Until so many messages were sent back or refused, and all that came in is read."""

    async def have() -> bool:
        sent = internet.providers["p"].count
        unread = running.count("SELECT count(*) FROM inbound WHERE read_as IS NULL")
        return sent["sent back"] + sent["not sent back"] >= count and not unread

    await until(have, f"sent back: {dict(internet.providers['p'].count)}")


async def fates(running: Running, expected: dict[str, int]) -> None:
    """Until the counters of reports say so."""

    async def agree() -> bool:
        return counted() == expected

    def counted() -> dict[str, int]:
        rows = read(running.data_dir / "app.db", "SELECT fate, sum(count) FROM fate_counter GROUP BY fate")
        return {str(fate): int(str(count)) for fate, count in rows if count}

    try:
        await until(agree, "")
    except AssertionError:
        assert counted() == expected


def suppressed(running: Running) -> dict[str, str]:
    rows = read(running.data_dir / "app.db", "SELECT address, reason FROM suppression")
    return {str(address).partition("@")[0]: str(reason) for address, reason in rows}


async def test_a_late_bounce_of_a_dead_address_stops_the_next_letter_and_explain_shows_the_chain(
    internet: Simulator, server: Running
) -> None:
    await send_stream(server, "postfix", "full", "fine")
    await came_back(server, internet, 2)
    await fates(server, {"delivered": 1, "hard-late": 1, "soft-late": 1})
    assert suppressed(server) == {"postfix": "hard-bounce"}
    assert "550 5.1.1 User unknown" in await youtong(server, "explain", "recipient", "postfix@p.test")
    await send_stream(server, "postfix", "full", "fine")
    await server.quiet()
    assert internet.ledger.accepted == {"postfix@p.test": 1, "full@p.test": 2, "fine@p.test": 2}
    assert "youtong suppression show" in await youtong(server, "explain", "recipient", "postfix@p.test")


async def test_a_complaint_stops_mailings_and_not_a_persons_letter(internet: Simulator, server: Running) -> None:
    await send_stream(server, "reader", "hidden", "ms")
    await came_back(server, internet, 3)
    await fates(server, {"complaint": 3})
    assert suppressed(server) == dict.fromkeys(("reader", "hidden", "ms"), "complaint")
    await send_stream(server, "reader")
    await server.quiet()
    assert internet.ledger.accepted["reader@p.test"] == 1
    client = await connect(server.port)
    assert client is not None
    await client.send(Letter("person", ("reader@p.test",)))
    client.close()
    await server.quiet()
    assert internet.ledger.accepted["reader@p.test"] == 2
