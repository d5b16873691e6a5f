"""One real server and the simulated internet: which notices a sender finds in its mailbox, and what they say."""

import asyncio
import smtplib
import sqlite3
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import Message
from email.policy import default

import pytest
import pytest_asyncio
from fakes.internet import change, own_domain, received_by, simulated_internet
from fakes.running import Running, until
from flufl.bounce import all_failures
from youtong.mta.simulator.simulator import Simulator

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

WITH_DSN, WITHOUT_DSN, HOME, ASCII_ONLY = own_domain(0), own_domain(1), own_domain(2), own_domain(3)
ALL = "NOTIFY=SUCCESS,FAILURE,DELAY"
FATES = {
    f"dsn@{WITH_DSN}": "",
    f"plain@{WITHOUT_DSN}": "relayed",
    "unknown1@friendly.test": "failed",
    "hard1@full.test": "failed",
    "anyone@nullmx.test": "failed",
    "soft@full.test": "delayed",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def internet() -> AsyncIterator[Simulator]:
    async with simulated_internet(own=4) as simulator:
        change(simulator, "own1", dialog__dsn=False)
        change(simulator, "own3", dialog__smtputf8=False)
        yield simulator


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(internet: Simulator, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with Running(tmp_path_factory.mktemp("notices"), internet) as running:
        yield running


def submit(port: int, sender: str, mail: list[str], recipients: dict[str, list[str]]) -> None:
    """Send one letter with these parameters of MAIL and of each RCPT."""
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        client.ehlo("client.test")
        assert client.has_extn("dsn")
        assert client.mail(sender, mail)[0] == 250
        for address, parameters in recipients.items():
            assert client.rcpt(address, parameters)[0] == 250
        letter = (
            f"From: <{sender}>\r\nTo: undisclosed-recipients:;\r\nSubject: =?utf-8?b?5L2g5aW9?=\r\n\r\nDear all\r\n"
        )
        assert client.data(letter.encode("utf-8"))[0] == 250


async def send(server: Running, sender: str, recipients: dict[str, list[str]], *mail: str) -> None:
    await asyncio.to_thread(submit, server.port, sender, list(mail), recipients)

    async def were_tried() -> bool:
        query = "SELECT count(*) FROM recipient AS r JOIN message AS m ON m.id = r.message_id"
        waiting = " WHERE m.reverse_path = ? AND (state = 1 OR (state = 0 AND attempts = 0) OR notice = 1)"
        return server.count(query + waiting, sender) == 0

    await until(were_tried, f"not all were tried for {sender}")


async def four_hours_pass(server: Running) -> None:
    """For the watch: it is read when the server starts. A notice cut off at its dot would wait and come again."""
    await server.no_notice_under_way()
    await server.kill()
    db = sqlite3.connect(server.data_dir / "queue.db")
    db.execute("UPDATE delay_watch SET look_ms = 0")
    db.commit()
    db.close()
    await server.start()

    async def were_looked_at() -> bool:
        return server.count("SELECT count(*) FROM delay_watch") == 0

    await until(were_looked_at, "the watch is never read")
    await server.no_notice_under_way()


def notices_to(internet: Simulator, sender: str) -> list[Message]:
    received = received_by(internet, sender)
    assert all(each.reverse_path == "" for each in received)
    return [message_from_bytes(each.content, policy=default) for each in received]


def groups_of(notice: Message) -> list[Message]:
    """The fields about the message, then those about each recipient."""
    (report,) = (part for part in notice.walk() if part.get_content_type() == "message/delivery-status")
    groups = report.get_payload()
    assert isinstance(groups, list)
    return groups


def actions_in(notice: Message) -> dict[str, str]:
    return {str(group["Final-Recipient"]).removeprefix("rfc822;"): group["Action"] for group in groups_of(notice)[1:]}


async def test_six_recipients_of_different_fate_give_exactly_the_notices_that_were_asked_for(
    server: Running, internet: Simulator
) -> None:
    sender = f"six@{HOME}"
    orcpt = {address: f"ORCPT=rfc822;Was+2B{address}" for address in FATES}
    await send(server, sender, {address: [ALL, orcpt[address]] for address in FATES}, "RET=HDRS", "ENVID=QQ+3D314")
    await server.no_notice_under_way()
    (first,) = notices_to(internet, sender)
    assert actions_in(first) == {address: fate for address, fate in FATES.items() if fate in ("failed", "relayed")}
    about, *groups = groups_of(first)
    assert about["Original-Envelope-Id"] == "QQ=314"
    assert {group["Original-Recipient"] for group in groups} == {
        f"rfc822;Was+{address}" for address, fate in FATES.items() if fate in ("failed", "relayed")
    }
    assert [part.get_content_type() for part in first.iter_parts()] == [  # type: ignore[attr-defined]
        "text/plain",
        "message/delivery-status",
        "text/rfc822-headers",
    ]
    assert first["Auto-Submitted"] == "auto-replied"
    await four_hours_pass(server)
    await four_hours_pass(server)
    first, second = notices_to(internet, sender)
    assert actions_in(second) == {"soft@full.test": "delayed"}
    (_, group) = groups_of(second)
    assert group["Status"].startswith("4.")
    assert group["Will-Retry-Until"] is not None
    delayed, failed = all_failures(first)
    assert (len(delayed), len(failed)) == (0, 3)
    assert all_failures(second) == ({b"Was+soft@full.test"}, set()), "what the sender wrote"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("", {"failed", "delayed"}),
        ("NOTIFY=NEVER", set()),
        ("NOTIFY=FAILURE", {"failed"}),
        ("NOTIFY=DELAY", {"delayed"}),
        ("NOTIFY=SUCCESS", {"relayed"}),
    ],
)
async def test_each_word_of_notify_brings_what_it_says(
    word: str, expected: set[str], server: Running, internet: Simulator
) -> None:
    name = word.partition("=")[2].lower() or "nothing"
    sender = f"{name}@{HOME}"
    people = (f"{name}@{WITHOUT_DSN}", "unknown2@friendly.test", f"soft-{name}@full.test")
    await send(server, sender, {address: [word] if word else [] for address in people})
    await four_hours_pass(server)
    found = [action for notice in notices_to(internet, sender) for action in actions_in(notice).values()]
    assert sorted(found) == sorted(expected)


async def test_the_next_hop_that_offers_dsn_is_given_what_was_asked(server: Running, internet: Simulator) -> None:
    sender, address = f"next@{HOME}", f"next@{WITH_DSN}"
    await send(server, sender, {address: [ALL, "ORCPT=rfc822;Was@x.example"]}, "RET=FULL", "ENVID=e1")
    ((facts,),) = server.rows(
        "SELECT j.facts FROM journal AS j JOIN recipient AS r ON r.id = j.recipient_id"
        " WHERE r.address = ? AND j.kind = 'delivered'",
        address,
    )
    assert '"relayed":true' in str(facts)
    assert received_by(internet, sender) == []


async def test_an_address_beyond_ascii_that_a_host_cannot_take_is_told_to_a_host_that_could_not_either(
    server: Running, internet: Simulator
) -> None:
    sender = f"ascii@{ASCII_ONLY}"
    await send(server, sender, {f"张三@{ASCII_ONLY}": []}, "SMTPUTF8", "BODY=8BITMIME")
    await server.no_notice_under_way()
    (notice,) = notices_to(internet, sender)
    (_, group) = groups_of(notice)
    assert group["Final-Recipient"] == rf"utf-8;\x{{5F20}}\x{{4E09}}@{ASCII_ONLY}"
    assert group["Status"] == "5.6.7"


async def test_a_sender_beyond_ascii_is_told_in_its_own_characters(server: Running, internet: Simulator) -> None:
    sender = f"李四@{HOME}"
    await send(server, sender, {"unknown5@friendly.test": []}, "SMTPUTF8", "BODY=8BITMIME")
    await server.no_notice_under_way()
    (received,) = received_by(internet, sender)
    assert f"To: <{sender}>\r\n".encode() in received.content
    assert b"Content-Type: message/global-delivery-status\r\n" in received.content
    assert b"Final-Recipient: rfc822;unknown5@friendly.test\r\n" in received.content


async def test_a_letter_that_cannot_be_told_of_brings_nothing(server: Running, internet: Simulator) -> None:
    """A notice that fails is not answered by another."""
    await send(server, "unknown3@friendly.test", {"unknown4@friendly.test": []})
    await server.no_notice_under_way()
    query = "SELECT count(*) FROM message WHERE is_notice AND id > (SELECT max(id) FROM message WHERE NOT is_notice)"
    assert server.count(query) == 1
