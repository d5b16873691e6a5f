"""The inbound listener over sockets: what strangers may do, and what they may not."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.components import require_command
from fakes.inbound_house import HEAD, HOST, OURS, InboundHouse
from fakes.smtp_talk import Talk
from fakes.tls import trusting_context, write_certificate
from youtong.mta.inbound.settings import LIMITS
from youtong.queue.inbound.inbound_mail import InboundKind
from youtong.queue.signed_address import TokenKind


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("tls") / "server.pem")


@pytest.fixture
async def house(tmp_path: Path, certificate: Path) -> AsyncIterator[InboundHouse]:
    made = await InboundHouse(tmp_path, certificate=certificate).open()
    await made.listen()
    yield made
    await made.close()


async def deliver(talk: Talk, to: str, content: bytes = HEAD + b"Hello\r\n", sender: str = "") -> str:
    """The reply to the final dot."""
    assert (await talk.say(f"MAIL FROM:<{sender}>")).startswith("250")
    assert (await talk.say(f"RCPT TO:<{to}>")).startswith("250")
    assert (await talk.say("DATA")).startswith("354")
    return await talk.send(content + b".\r\n")


# -- the dialog


async def test_inbound_relays_nothing_and_takes_no_login(house: InboundHouse) -> None:
    talk = await house.talk()
    assert (await talk.say("AUTH PLAIN AGJvYgB4")).startswith("502")
    assert (await talk.say("MAIL FROM:<>")).startswith("250")
    assert await talk.say("RCPT TO:<someone@elsewhere.example>") == "550 5.7.1 this server does not relay"
    assert await talk.say(f"RCPT TO:<someone@{HOST}>") == "550 5.1.1 no such address here"
    assert (await talk.say("DATA")).startswith("503")
    talk.close()


async def test_ehlo_names_our_host_and_offers_no_auth(house: InboundHouse) -> None:
    talk = await Talk.to(("127.0.0.1", house.port))
    assert (await talk.reply()).startswith(f"220 {HOST} ")
    said = (await talk.say("EHLO x")).splitlines()
    assert said[0] == f"250-{HOST}"
    words = {line[4:].partition(" ")[0] for line in said[1:]}
    assert {"PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "STARTTLS"} <= words
    assert not {"AUTH", "DSN"} & words  # who offers DSN owes a notice of success (RFC 3461 §5.2.3)
    assert (await talk.say("MAIL FROM:<> RET=HDRS")).startswith("555")
    talk.close()


async def test_a_message_is_stored_as_it_came_under_our_return_path_and_received_field(house: InboundHouse) -> None:
    talk = await house.talk()
    content = b"Subject: x\r\nBcc: <a@b.example>\r\n\r\nHello\r\n"  # no Date, no Message-ID: a receiver adds nothing
    assert await deliver(talk, f"ann@{OURS}", content, "bob@elsewhere.example") == "250 2.0.0 Ok: stored as i0000001"
    [message] = house.stored()
    assert (message.reverse_path, message.client, message.helo) == (
        "bob@elsewhere.example", "127.0.0.1", "mta.elsewhere.example",
    )  # fmt: skip
    stored = house.content(1)
    assert stored is not None
    return_path, _, whole = (stored.head + (stored.body or b"")).partition(b"\r\n")
    assert return_path == b"Return-Path: <bob@elsewhere.example>"
    received, separator, rest = whole.partition(b"Subject:")
    assert separator + rest == content
    assert received.startswith(
        b"Received: from mta.elsewhere.example ([127.0.0.1])\r\n\tby mx.house.example with ESMTP;"
    )
    assert received.count(b":") == 3  # the name of the field, and a time of day
    talk.close()


@pytest.mark.parametrize("sender", ["", "bob@elsewhere.example", f"ann@{OURS}"])
async def test_postmaster_without_a_domain_is_taken_from_anybody(house: InboundHouse, sender: str) -> None:
    talk = await house.talk()
    assert (await deliver(talk, "PostMaster", sender=sender)).startswith("250")
    [message] = house.stored()
    assert [each.kind for each in message.addressees] == [InboundKind.POSTMASTER]
    talk.close()


async def test_a_bad_recipient_does_not_spoil_the_others(house: InboundHouse) -> None:
    talk = await house.talk()
    await house.sent(5, house.clock.now_ms())
    talk.writer.write(
        f"MAIL FROM:<>\r\nRCPT TO:<x@elsewhere.example>\r\nRCPT TO:<{house.signer.verp(5)}@{OURS}>\r\n"
        f"RCPT TO:<no such\r\nRCPT TO:<{house.signer.verp(6)}@{OURS}>\r\nRCPT TO:<abuse@{HOST}>\r\nDATA\r\n".encode()
    )
    codes = [(await talk.reply())[:9] for _ in range(7)]
    assert codes == ["250 2.1.0", "550 5.7.1", "250 2.1.5", "501 5.5.2", "550 5.1.1", "250 2.1.5", "354 end d"]
    assert (await talk.send(HEAD + b"x\r\n.\r\n")).startswith("250")
    assert [each.kind for each in house.stored()[0].addressees] == [InboundKind.VERP, InboundKind.ABUSE]
    talk.close()


async def test_no_more_than_a_hundred_recipients_at_once(house: InboundHouse) -> None:
    talk = await house.talk()
    assert (await talk.say("MAIL FROM:<>")).startswith("250")
    for number in range(100):
        assert (await talk.say(f"RCPT TO:<ann{number}@{OURS}>")).startswith("250")
    assert (await talk.say(f"RCPT TO:<bob@{OURS}>")).startswith("452 4.5.3")
    assert (await talk.say("DATA")).startswith("354")
    assert (await talk.send(HEAD + b"x\r\n.\r\n")).startswith("250")
    assert len(house.stored()[0].addressees) == 100
    talk.close()


async def test_a_message_that_has_gone_in_circles_is_refused(house: InboundHouse) -> None:
    talk = await house.talk()
    said = await deliver(talk, f"ann@{OURS}", b"Received: from a by b; x\r\n" * 51 + HEAD + b"x\r\n")
    assert said.startswith("554 5.4.6")
    assert house.stored() == []
    talk.close()


async def test_a_domain_in_other_letters_is_ours(house: InboundHouse) -> None:
    talk = await house.talk()
    assert (await talk.say("MAIL FROM:<> SMTPUTF8")).startswith("250")
    assert (await talk.say("RCPT TO:<陈@BÜCHER.example>")).startswith("250")
    assert (await talk.say("RCPT TO:<ann@xn--bcher-kva.example.>")).startswith("250")
    assert (await talk.say("RCPT TO:<ann@xn--bcher-kva.elsewhere.example>")).startswith("550 5.7.1")
    talk.close()


RELAY_TRICKS = [
    "victim@elsewhere.example",
    "victim%elsewhere.example@customer.example",
    "victim%elsewhere.example@[127.0.0.1]",
    '"victim@elsewhere.example"@customer.example',
    '"victim@elsewhere.example"',
    '"victim%elsewhere.example"',
    "@customer.example:victim@elsewhere.example",
    "@customer.example,@mx.house.example:victim@elsewhere.example",
    "elsewhere.example!victim@customer.example",
    "elsewhere.example!victim",
    "victim@elsewhere.example.",
    "victim@customer.example@elsewhere.example",
    "victim@elsewhere.example@customer.example",
    "victim@customer.example\0@elsewhere.example",
    "victim",
    "",
]


@pytest.mark.parametrize("path", RELAY_TRICKS)
@pytest.mark.parametrize("sender", ["", f"ann@{OURS}", f"postmaster@{HOST}", "x@elsewhere.example"])
async def test_nothing_is_relayed_whatever_the_path_looks_like(house: InboundHouse, path: str, sender: str) -> None:
    talk = await house.talk()
    assert (await talk.say(f"MAIL FROM:<{sender}>")).startswith("250")
    assert (await talk.say(f"RCPT TO:<{path}>"))[:2] in ("50", "55")
    assert (await talk.say("DATA")).startswith("503")
    talk.close()


# -- abuse


async def test_guessing_addresses_ends_the_session_and_harms_nobody(house: InboundHouse) -> None:
    talk, other = await house.talk(), await house.talk()
    assert (await talk.say("MAIL FROM:<>")).startswith("250")
    guesses = "".join(f"RCPT TO:<guess{number}@{HOST}>\r\n" for number in range(1000))
    talk.writer.write(guesses.encode())
    said = (await talk.reader.read()).decode().splitlines()
    assert said[-1].startswith("421 ")
    assert len(said) <= LIMITS.max_useless_commands + 1
    assert (await deliver(other, f"ann@{OURS}")).startswith("250")
    talk.close()
    other.close()


async def test_a_slow_client_holds_up_nobody_and_goes_when_the_listener_stops(house: InboundHouse) -> None:
    slow, other = await house.talk(), await house.talk()
    for line in ("MAIL FROM:<>", f"RCPT TO:<ann@{OURS}>", "DATA"):
        assert (await slow.say(line))[0] in "23"
    slow.writer.write(b"Subject: ver")
    assert (await deliver(other, f"ann@{OURS}")).startswith("250")
    assert house.listener is not None
    await house.listener.stop(0)
    assert await slow.reader.read() in (b"", b"421 4.3.2 the server is stopping, try again later\r\n")
    assert len(house.stored()) == 1
    slow.close()
    other.close()


async def test_a_large_body_of_a_client_that_leaves_takes_no_room(house: InboundHouse) -> None:
    talk = await house.talk()
    for line in ("MAIL FROM:<>", f"RCPT TO:<ann@{OURS}>", "DATA"):
        assert (await talk.say(line))[0] in "23"
    talk.writer.write(HEAD + b"line\r\n" * 50_000)
    await talk.writer.drain()
    talk.writer.write_eof()
    await talk.reader.read()
    talk.close()
    assert house.listener is not None
    await house.listener.stop(5)
    assert house.store.room.used == 0
    assert list(house.spool.iterdir()) == []


async def test_connections_of_one_client_are_bounded(house: InboundHouse) -> None:
    assert house.listener is not None
    await house.listener.stop(0)
    await house.listen(limits=replace(LIMITS, max_connections_per_client=2))
    first, second = await house.talk(), await house.talk()
    third = await Talk.to(("127.0.0.1", house.port))
    assert (await third.reply()).startswith("421 4.7.0")
    for each in (first, second, third):
        each.close()


async def test_without_room_mail_is_deferred_at_mail(tmp_path: Path, certificate: Path) -> None:
    house = await InboundHouse(tmp_path, keep_octets=100, certificate=certificate).open()
    await house.listen()
    talk = await house.talk()
    assert (await talk.say("MAIL FROM:<>")).startswith("452 4.3.1")
    talk.close()
    await house.close()


async def test_a_body_beyond_the_room_is_452_and_leaves_nothing(tmp_path: Path, certificate: Path) -> None:
    house = await InboundHouse(tmp_path, keep_octets=200_000, certificate=certificate).open()
    await house.listen()
    talk = await house.talk()
    assert (await deliver(talk, f"ann@{OURS}", HEAD + b"line\r\n" * 60_000)).startswith("452 4.3.1")
    assert house.store.room.used == 0
    assert list(house.spool.iterdir()) == []
    assert (await deliver(talk, f"ann@{OURS}")).startswith("250")
    talk.close()
    await house.close()


async def test_a_message_larger_than_we_take_is_refused_at_mail_by_its_size(house: InboundHouse) -> None:
    talk = await house.talk()
    assert (await talk.say("MAIL FROM:<> SIZE=1000001")).startswith("552 5.3.4")
    talk.close()


# -- other people's clients


async def test_smtplib_delivers_a_bounce_under_starttls(house: InboundHouse) -> None:
    await house.sent(5, house.clock.now_ms())
    to = [f"{house.signer.verp(5).upper()}@{OURS}", "victim@elsewhere.example"]

    def client() -> dict[str, tuple[int, bytes]]:
        with smtplib.SMTP("127.0.0.1", house.port, "smtplib.example") as smtp:
            smtp.starttls(context=trusting_context())
            return smtp.sendmail("", to, HEAD + b"Hello\r\n", mail_options=["BODY=8BITMIME"])

    refused = await asyncio.to_thread(client)
    assert {address: code for address, (code, _text) in refused.items()} == {"victim@elsewhere.example": 550}
    [message] = house.stored()
    assert [(each.kind, each.number) for each in message.addressees] == [(InboundKind.VERP, 5)]
    assert message.tls.startswith("TLSv1")
    assert message.reverse_path == ""


async def test_swaks_delivers_an_unsubscribe(house: InboundHouse) -> None:
    token = house.signer.token(TokenKind.UNSUBSCRIBE, 12)
    process = await asyncio.create_subprocess_exec(
        require_command("swaks", "swaks"), "--server", "127.0.0.1", "--port", str(house.port), "--tls",
        "--from", "<>", "--to", f"unsubscribe+{token}@{HOST}", "--helo", "swaks.example",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    [message] = house.stored()
    assert [(each.kind, each.number) for each in message.addressees] == [(InboundKind.UNSUBSCRIBE, 12)]
