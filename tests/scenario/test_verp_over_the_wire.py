"""Reverse-paths of ours: a program's letter and a stream's leave with them, and what comes back to them resolves."""

import asyncio
import base64
import json
import smtplib
from collections.abc import AsyncIterator
from email import message_from_bytes
from pathlib import Path

import msgspec
import pytest
from fakes.internet import received_by, settings_on_free_ports
from fakes.posting import Letter, post
from fakes.running import Running, until
from fakes.taking_mail import ANN, OURS, account_number, answer_to, taking_mail, youtong
from youtong.admin.control import Refused
from youtong.mta.simulator.settings import Greylist, MxHost, ProviderSettings
from youtong.mta.simulator.simulator import Simulator, start
from youtong.queue.address_keys import open_signer
from youtong.queue.signed_address import AddressSigner, TokenKind, verp_token
from youtong.queue.streams.feedback_ids import stream_in

pytestmark = pytest.mark.scenario
THEIRS = "theirs.test"


@pytest.fixture
async def internet() -> AsyncIterator[Simulator]:
    """With a domain whose MX has our name, and one whose MX has another."""
    settings = settings_on_free_ports()
    added = (
        ProviderSettings("ourselves", (OURS,), (MxHost("mta.test", "127.80.200.1"),)),
        ProviderSettings(
            "grey", ("grey.test",), (MxHost("mx.grey.test", "127.80.200.3"),), greylist=Greylist(seconds=1)
        ),
        ProviderSettings("others", (THEIRS,), (MxHost("mx.theirs.test", "127.80.200.2"),)),
    )
    simulator = await start(msgspec.structs.replace(settings, provider=(*settings.provider, *added)))
    yield simulator
    await simulator.stop()


@pytest.fixture
async def server(internet: Simulator, tmp_path: Path) -> AsyncIterator[Running]:
    """ann has both domains."""
    async with taking_mail(tmp_path, internet, {ANN: (OURS, THEIRS)}) as running:
        yield running


class Program:
    """Sends with a credential of ann's for programs."""

    def __init__(self, running: Running, secret: str) -> None:
        self._running, self._secret = running, secret

    @classmethod
    async def of(cls, running: Running) -> "Program":
        made = await youtong(running, "account", "credential", "add", ANN, "--class", "transactional", "--json")
        return cls(running, json.loads(made)["secret"])

    async def send(self, domain: str, *to: str) -> None:
        def send() -> None:
            with smtplib.SMTP("127.0.0.1", self._running.port, "shop.test") as client:
                client.ehlo()
                client.login(ANN, self._secret)
                head = f"From: Shop <shop@{domain}>\r\nSubject: Order\r\nTo: <{to[0]}>\r\n\r\n"
                assert client.sendmail(f"given@{domain}", to, head + "Thank you.\r\n") == {}

        await asyncio.to_thread(send)


def recipient_of(reverse_path: str, signer: AddressSigner) -> int | None:
    local, _, domain = reverse_path.rpartition("@")
    token = verp_token(local)
    assert domain == OURS
    return signer.number(TokenKind.VERP, token) if token else None


async def stream(running: Running, domain: str, *to: str, **more: object) -> int:
    """Made by ann and given its recipients."""
    account = account_number(running)
    new = {"account_id": account, "name": "news", "reverse_path": f"given@{domain}", "lifetime_ms": 86_400_000,
           "head": base64.b64encode(f"From: <news@{domain}>\r\nSubject: News\r\n\r\n".encode()).decode(),
           "body": base64.b64encode(b"News.\r\n").decode(), **more}  # fmt: skip
    number = int(str((await running.ask("owner", verb="stream", do="create", stream=new))["stream_id"]))
    recipients = [(address, address, {}) for address in to]
    await running.ask("owner", verb="stream", do="enqueue", stream_id=number, recipients=recipients)
    return number


async def test_what_a_program_sends_has_an_address_for_each_recipient_and_bounces_to_it_resolve(
    server: Running, internet: Simulator
) -> None:
    to = ("v1@friendly.test", "v2@friendly.test", "v3@grey.test")
    await (await Program.of(server)).send(OURS, *to)
    await server.quiet()
    signer = open_signer(server.data_dir / "keys")
    ids = dict(server.rows("SELECT address, id FROM recipient"))
    paths = {address: received_by(internet, address)[0].reverse_path for address in to}
    assert {address: recipient_of(path, signer) for address, path in paths.items()} == ids
    tried = {path for _at, _client, path in internet.providers["grey"].log.mails}
    assert tried == {paths["v3@grey.test"]}, "a retry has another reverse-path"
    answers = [
        await asyncio.to_thread(answer_to, *each)
        for each in (
            (paths[to[0]], internet.port, ""),
            (paths[to[0]].upper(), internet.port, "somebody@elsewhere.test"),
            (f"{signer.verp(999_999)}@{OURS}", internet.port, ""),
        )
    ]
    assert answers == [250, 250, 550]
    shown = json.loads(await youtong(server, "explain", "recipient", to[0], "--json"))
    assert shown[0]["reverse_path_used"] == paths[to[0]]


async def test_people_keep_their_reverse_path_and_so_do_programs_whose_mx_leads_elsewhere_or_that_switched_it_off(
    server: Running, internet: Simulator
) -> None:
    program = await Program.of(server)
    await program.send(THEIRS, "elsewhere@friendly.test")
    await youtong(server, "account", "set", ANN, "--verp", "off")
    await program.send(OURS, "off@friendly.test")
    await post(server, [Letter("person", ("person@friendly.test",), reverse_path=ANN)])
    await server.quiet()
    came = {each: received_by(internet, each)[0].reverse_path for each in _addresses(server)}
    assert came == {
        "elsewhere@friendly.test": f"given@{THEIRS}",
        "off@friendly.test": f"given@{OURS}",
        "person@friendly.test": ANN,
    }
    why = await youtong(server, "explain", "recipient", "elsewhere@friendly.test")
    assert "the MX of theirs.test does not lead to this system" in " ".join(why.split())


def _addresses(server: Running) -> list[str]:
    return [str(row[0]) for row in server.rows("SELECT address FROM recipient")]


async def test_a_streams_letters_have_an_address_each_and_one_whose_bounces_would_be_lost_does_not_start(
    server: Running, internet: Simulator
) -> None:
    number = await stream(server, OURS, "s1@friendly.test", "s2@friendly.test")
    with pytest.raises(Refused, match=r"the MX of theirs\.test does not lead to this system.*--reverse-path"):
        await stream(server, THEIRS, "s3@friendly.test")
    with pytest.raises(Refused, match="does not lead"):
        await stream(server, THEIRS, "s3@friendly.test", is_paused=True)
    await stream(server, THEIRS, "s4@friendly.test", keeps_path=True)
    await until(lambda: asyncio.to_thread(lambda: not server.unfinished()), "the streams never end")
    signer = open_signer(server.data_dir / "keys")
    ids = dict(server.rows("SELECT address, id FROM recipient"))
    letters = {each: received_by(internet, each)[0] for each in ("s1@friendly.test", "s2@friendly.test")}
    assert [recipient_of(letter.reverse_path, signer) for letter in letters.values()] == [ids[each] for each in letters]
    fields = {message_from_bytes(letter.content)["Feedback-ID"] for letter in letters.values()}
    assert [stream_in(field, signer) for field in fields] == [number]
    assert received_by(internet, "s4@friendly.test")[0].reverse_path == f"given@{THEIRS}"
    assert received_by(internet, "s3@friendly.test") == []
