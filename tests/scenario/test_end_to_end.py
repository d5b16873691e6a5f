"""One real server, the whole simulated internet: what becomes of a letter at each kind of receiver."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import Message
from email.policy import default

import pytest
import pytest_asyncio
from fakes.dkim_judges import Dkimpy
from fakes.internet import change, received_by, simulated_internet
from fakes.posting import Fate, Letter, doubted, post
from fakes.running import Running, until
from youtong.mta.dkim.key import Algorithm, generate, public_record
from youtong.mta.envelope import Domain
from youtong.mta.simulator.simulator import Simulator
from youtong.queue.states import RecipientState

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

KEYS = [generate(Domain("load.test"), "s1", Algorithm.RSA), generate(Domain("load.test"), "s2", Algorithm.ED25519)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def internet() -> AsyncIterator[Simulator]:
    async with simulated_internet() as simulator:
        yield simulator


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(internet: Simulator, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    folder = tmp_path_factory.mktemp("end-to-end")
    keys = ""
    for key in KEYS:
        path = folder / f"{key.selector}.pem"
        path.write_bytes(key.pem())
        path.chmod(0o600)
        keys += f'[[dkim]]\ndomain = "load.test"\nselector = "{key.selector}"\nkey_file = "{path}"\n'
    running = Running(folder, internet, more=keys)
    await running.start()
    yield running
    await running.end()


async def send(server: Running, name: str, *recipients: str, reverse_path: str = "sender@load.test") -> Letter:
    letter = Letter(name, recipients, reverse_path=reverse_path)
    await post(server, [letter], connections=1)
    assert letter.fate is Fate.ACCEPTED, letter.reply
    return letter


def state_of(server: Running, address: str) -> RecipientState:
    ((state,),) = server.rows("SELECT state FROM recipient WHERE address = ?", address)
    return RecipientState(int(str(state)))


async def becomes(server: Running, address: str, state: RecipientState, *, attempts: int = 0) -> None:
    """Until the recipient is in that state after at least so many attempts."""

    async def is_there() -> bool:
        rows = server.rows("SELECT state, attempts FROM recipient WHERE address = ?", address)
        return rows[0][0] == int(state) and int(str(rows[0][1])) >= attempts

    await until(is_there, f"{address} never becomes {state.name}, it is {state_of(server, address).name}")


async def delivered_in_the_end(server: Running, address: str) -> None:
    """Made due again after each deferral, it is delivered."""

    async def is_delivered() -> bool:
        if state_of(server, address) is RecipientState.DELIVERED:
            return True
        await server.flush()
        await asyncio.sleep(0.1)
        return False

    await until(is_delivered, f"{address} is never delivered")


async def notice_for(internet: Simulator, address: str) -> Message:
    async def has_come() -> bool:
        return bool(received_by(internet, address))

    await until(has_come, f"no notice came for {address}")
    (received,) = received_by(internet, address)
    assert received.reverse_path == ""
    return message_from_bytes(received.content, policy=default)


async def test_a_letter_arrives_signed_and_octet_for_octet_at_two_domains(server: Running, internet: Simulator) -> None:
    letter = await send(server, "two", "two@friendly.test", "two@tls.test", "other@tls.test")
    for address in letter.recipients:
        await becomes(server, address, RecipientState.DELIVERED)
        (received,) = received_by(internet, address)
        assert received.content.endswith(letter.content())
        added = message_from_bytes(received.content.removesuffix(letter.content()))
        assert set(added.keys()) == {"DKIM-Signature", "Received"}
        judge = Dkimpy({key.record_name: public_record(key) for key in KEYS})
        assert judge.results(received.content) == {"s1": "pass", "s2": "pass"}
    (one,) = received_by(internet, "two@tls.test")
    assert one.recipients == ("two@tls.test", "other@tls.test"), "one transaction a domain"
    assert one.tls.startswith("TLSv1.")


@pytest.mark.parametrize(
    "domain",
    ["implicit", "bigdns", "firstdead", "old", "stepwise", "talkative", "brokentls", "resettls", "refusedtls", "163"],
)
async def test_a_letter_arrives_at_once_and_once_at_every_kind_of_willing_host(
    domain: str, server: Running, internet: Simulator
) -> None:
    address = f"willing@{domain}.test"
    await send(server, f"willing-{domain}", address)
    await delivered_in_the_end(server, address)
    assert internet.ledger.accepted[address] == 1


@pytest.mark.parametrize("stage", ["connect", "ehlo", "mail", "rcpt", "data", "body", "dot"])
async def test_a_letter_whose_connection_is_cut_twice_arrives_once(
    stage: str, server: Running, internet: Simulator
) -> None:
    address = f"cut@drop-{stage}.test"
    await send(server, f"cut-{stage}", address)
    await delivered_in_the_end(server, address)
    assert internet.ledger.accepted[address] == 1
    assert bool(doubted(server)[address]) == (stage in ("body", "dot")), "a small body and its dot leave together"


async def test_a_letter_taken_without_a_word_comes_again_as_the_one_duplicate_that_mail_cannot_avoid(
    server: Running, internet: Simulator
) -> None:
    address = "kept@drop-dot-kept.test"
    await send(server, "kept", address)
    await delivered_in_the_end(server, address)
    assert internet.ledger.accepted[address] == 2
    assert doubted(server)[address] == 1


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("unknown1@friendly.test", "5.1.1"),
        ("hard1@full.test", "5.2.2"),
        ("anyone@nullmx.test", "5.1.10"),
        ("typo@no-such-domain.test", "5.1.2"),
    ],
)
async def test_a_final_failure_is_told_to_its_sender_without_a_retry(
    address: str, status: str, server: Running, internet: Simulator
) -> None:
    sender = f"sender-of-{address.replace('@', '-at-')}@friendly.test"
    await send(server, f"fails-{address}", address, reverse_path=sender)
    notice = await notice_for(internet, sender)
    assert state_of(server, address) is RecipientState.BOUNCED
    assert notice.get_content_type() == "multipart/report"
    (report,) = (part for part in notice.walk() if part.get_content_type() == "message/delivery-status")
    _, recipient = report.get_payload()
    assert address in recipient["Final-Recipient"]
    assert recipient["Action"] == "failed"
    assert recipient["Status"] == status


async def test_one_notice_names_all_recipients_that_failed_and_none_that_did_not(
    server: Running, internet: Simulator
) -> None:
    sender = "sender-of-three@friendly.test"
    await send(
        server, "three", "unknown2@friendly.test", "unknown3@friendly.test", "fine@implicit.test", reverse_path=sender
    )
    text = (await notice_for(internet, sender)).as_string()
    assert "unknown2@friendly.test" in text
    assert "unknown3@friendly.test" in text
    assert "fine@implicit.test" not in text
    await becomes(server, "fine@implicit.test", RecipientState.DELIVERED)


async def test_a_greylisted_letter_waits_and_arrives_when_it_comes_again(server: Running, internet: Simulator) -> None:
    change(internet, "greylist", greylist__seconds=0.2)
    await send(server, "grey", "grey@greylist.test")
    await becomes(server, "grey@greylist.test", RecipientState.SCHEDULED, attempts=1)
    assert not received_by(internet, "grey@greylist.test")
    await delivered_in_the_end(server, "grey@greylist.test")
    assert internet.ledger.accepted["grey@greylist.test"] == 1


@pytest.mark.parametrize("address", ["soft@full.test", "wait@drop-always.test", "wait@refused.test", "w@servfail.test"])
async def test_a_letter_that_may_go_later_waits_without_a_notice(
    address: str, server: Running, internet: Simulator
) -> None:
    sender = f"patient-{address.replace('@', '-at-')}@friendly.test"
    await send(server, f"waits-{address}", address, reverse_path=sender)
    await send(server, f"after-{address}", f"after-{address.partition('@')[2]}@friendly.test")
    await becomes(server, f"after-{address.partition('@')[2]}@friendly.test", RecipientState.DELIVERED)
    assert state_of(server, address) in (RecipientState.SCHEDULED, RecipientState.LEASED)
    assert server.count("SELECT notice FROM recipient WHERE address = ?", address) == 0
    assert not received_by(internet, sender)


async def test_a_worker_that_dies_while_a_slow_host_thinks_about_the_dot_leaves_a_doubt_and_the_letter_comes_again(
    server: Running, internet: Simulator
) -> None:
    change(internet, "slowdot", rule=[{"at": "dot", "do": "wait", "seconds": 0.5}])
    before = set(server.worker_pids())
    server.arm("delivery.dot.after")
    await send(server, "slow", "slow@slowdot.test")
    await server.crashed()
    await delivered_in_the_end(server, "slow@slowdot.test")
    assert doubted(server)["slow@slowdot.test"] == 1
    assert 1 <= internet.ledger.accepted["slow@slowdot.test"] <= 2
    assert set(server.worker_pids()) != before


async def test_a_stopped_worker_keeps_its_leases_until_it_goes_on(server: Running, internet: Simulator) -> None:
    """Q2: a lease belongs to a living process, however long it is silent."""
    change(internet, "slowdot", rule=[{"at": "mail", "do": "wait", "seconds": 0.3}])
    await send(server, "stopped", "stopped@slowdot.test")
    await becomes(server, "stopped@slowdot.test", RecipientState.LEASED)
    lease = server.rows("SELECT lease FROM recipient WHERE address = 'stopped@slowdot.test'")
    workers = server.worker_pids()
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    await server.flush()
    assert server.rows("SELECT lease FROM recipient WHERE address = 'stopped@slowdot.test'") == lease
    for pid in workers:
        os.kill(pid, signal.SIGCONT)
    await becomes(server, "stopped@slowdot.test", RecipientState.DELIVERED)
    assert internet.ledger.accepted["stopped@slowdot.test"] == 1
