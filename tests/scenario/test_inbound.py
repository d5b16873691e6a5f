"""The world, and we ourselves, write to addresses of ours: a real server, its listener, its store, its command line."""

import asyncio
import json
import smtplib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from fakes.internet import settings_on_free_ports
from fakes.posting import Fate, Letter, post
from fakes.running import Running, until
from fakes.taking_mail import OURS, taking_mail, youtong
from fakes.tls import trusting_context
from youtong.mta.simulator.settings import MxHost, ProviderSettings
from youtong.mta.simulator.simulator import Simulator, start
from youtong.queue.address_keys import open_signer
from youtong.queue.states import RecipientState

pytestmark = pytest.mark.scenario


@pytest.fixture
async def internet() -> AsyncIterator[Simulator]:
    """With a domain whose MX has our name."""
    settings = settings_on_free_ports()
    ourselves = ProviderSettings("ourselves", (OURS, "mta.test"), (MxHost("mta.test", "127.80.200.1"),))
    simulator = await start(msgspec.structs.replace(settings, provider=(*settings.provider, ourselves)))
    yield simulator
    await simulator.stop()


@pytest.fixture
async def server(internet: Simulator, tmp_path: Path) -> AsyncIterator[Running]:
    async with taking_mail(tmp_path, internet) as running:
        yield running


def states(running: Running) -> dict[str, RecipientState]:
    return {
        str(address): RecipientState(state) for address, state in running.rows("SELECT address, state FROM recipient")
    }


async def test_a_letter_to_ourselves_is_handed_over_once_and_one_to_nobody_comes_back(
    server: Running, internet: Simulator
) -> None:
    letter = Letter("home", (f"bob@{OURS}", "postmaster@mta.test", "nobody@mta.test"))
    await post(server, [letter], connections=1)
    assert letter.fate is Fate.ACCEPTED
    await server.quiet()
    assert {address: state for address, state in states(server).items() if address in letter.recipients} == {
        f"bob@{OURS}": RecipientState.DELIVERED,
        "postmaster@mta.test": RecipientState.DELIVERED,
        "nobody@mta.test": RecipientState.BOUNCED,
    }
    listed = json.loads(await youtong(server, "queue", "inbound", "--json"))
    came = [(each["address"], each["kind"]) for message in listed for each in message["recipients"]]
    assert sorted(came) == [(f"bob@{OURS}", "answer"), ("postmaster@mta.test", "postmaster")]


async def test_a_bounce_from_the_world_reaches_the_address_of_its_recipient(
    server: Running, internet: Simulator
) -> None:
    letter = Letter("out", ("nobody@mta.test",))
    await post(server, [letter], connections=1)
    await server.quiet()
    recipient_id = server.count("SELECT min(id) FROM recipient")
    verp = open_signer(server.data_dir / "keys").verp(recipient_id)

    def bounce() -> dict[str, tuple[int, bytes]]:
        with smtplib.SMTP("127.0.0.1", internet.port, "elsewhere.test") as client:
            client.starttls(context=trusting_context())
            to = [f"{verp}@{OURS}", f"{verp[:-1]}0@{OURS}", "victim@elsewhere.test"]
            return client.sendmail("", to, b"Subject: Undelivered\r\n\r\nNo such user.\r\n")

    refused = await asyncio.to_thread(bounce)
    assert {address.partition("@")[2]: code for address, (code, _) in refused.items()} == {
        OURS: 550,
        "elsewhere.test": 550,
    }
    [message] = json.loads(await youtong(server, "queue", "inbound", "--json", "--kind", "verp"))
    assert message["recipients"][0]["number"] == recipient_id
    assert message["tls"].startswith("TLSv1")
    shown = await youtong(server, "queue", "inbound", message["inbound_id"])
    assert "No such user." in shown
    assert await server.terminate() == 0


async def test_mail_to_postmaster_reaches_the_operator_as_an_attachment(internet: Simulator, tmp_path: Path) -> None:
    more = f'[inbound]\nlisten = "127.0.0.1:{internet.port}"\n'
    running = Running(tmp_path, internet, workers=1, more=more)
    text = running.config.read_text("utf-8")
    operator = 'operator_address = "ops@friendly.test"\n[submission]'
    running.config.write_text(text.replace("[submission]", operator), encoding="utf-8")
    async with running:
        letter = b"From: Ann <ann@far.test>\r\nSubject: Help\r\n\r\nYour host sends us spam.\r\n"

        def write() -> None:
            with smtplib.SMTP("127.0.0.1", internet.port, "elsewhere.test") as client:
                client.sendmail("ann@far.test", ["abuse@mta.test"], letter)

        await asyncio.to_thread(write)
        await until(lambda: has_read(running), "it is never read")
        await running.quiet()
        assert list(states(running).items()) == [("ops@friendly.test", RecipientState.DELIVERED)]
        [message] = json.loads(await youtong(running, "queue", "inbound", "--json"))
        assert (message["read_as"], message["effect"]) == ("letter", "sent-on")


async def has_read(running: Running) -> bool:
    return running.count("SELECT count(*) FROM inbound WHERE read_as != ''") > 0
