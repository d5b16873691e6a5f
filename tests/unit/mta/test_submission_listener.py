import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from fakes.clock import FakeClock
from fakes.intake import OneAccount, RecordingIntake, ScriptedPolicy, content_of
from fakes.smtp_talk import Talk
from fakes.tls import server_context, write_certificate
from youtong.mta.clock import SystemClock
from youtong.mta.reply import Reply, reply
from youtong.mta.submission.connection import Connection
from youtong.mta.submission.counted import ListenerFigures
from youtong.mta.submission.doors import split_listen_address
from youtong.mta.submission.listener import SubmissionListener, listen
from youtong.mta.submission.ports import Accept, AuthFailure, Proceed, Refuse, Submission, Verdict
from youtong.mta.submission.settings import SessionLimits, SubmissionSettings

HEAD = b"From: a@example.org\r\nDate: x\r\nMessage-ID: <1@x>\r\n\r\n"
Start = Callable[..., "asyncio.Future[SubmissionListener]"]


class House:
    """A listener with its recorded parts."""

    def __init__(self) -> None:
        self.intake = RecordingIntake()
        self.policy = ScriptedPolicy()
        self.accounts = OneAccount(trusts="127.0.0.1")
        self.clock: FakeClock | SystemClock = FakeClock()
        self.listener: SubmissionListener | None = None

    async def open(self, *, max_size: int = 2_000_000, memory: int = 1 << 26, **limits: float) -> SubmissionListener:
        settings = SubmissionSettings(
            "mx.example.org", ("127.0.0.1:0",), max_message_size_bytes=max_size, memory_bytes=memory,
            limits=SessionLimits(**limits),  # pyright: ignore[reportArgumentType]
        )  # fmt: skip
        self.listener = await listen(settings, self.accounts, self.policy, self.intake, self.clock)
        return self.listener

    async def talk(self) -> Talk:
        assert self.listener is not None
        return await Talk.to(self.listener.addresses[0])

    async def deaf_client(self) -> socket.socket:
        """A client whose socket takes hardly anything in."""
        assert self.listener is not None
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.setblocking(False)
        await asyncio.get_running_loop().sock_connect(deaf, self.listener.addresses[0])
        return deaf


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    yield house
    if house.listener is not None:
        await house.listener.stop(0)


async def test_a_large_body_streams_to_the_writer_and_the_head_stays_in_memory(house: House) -> None:
    await house.open()
    talk = await house.talk()
    await talk.to_data()
    body = b"line\r\n.dot\r\n" * 30_000
    assert (await talk.send(HEAD + body.replace(b"\r\n.", b"\r\n..") + b".\r\n")).startswith("250")
    submission = house.intake.submissions[0]
    assert content_of(submission).endswith(HEAD + body)
    assert len(house.intake.bodies) == 1
    talk.close()


async def test_a_small_message_opens_no_writer(house: House) -> None:
    await house.open()
    talk = await house.talk()
    await talk.to_data()
    assert (await talk.send(HEAD + b"x" * 60_000 + b"\r\n.\r\n")).startswith("250")
    assert house.intake.bodies == []
    talk.close()


async def test_a_full_disk_is_temporary_and_the_rest_is_read(house: House) -> None:
    house.intake = RecordingIntake(body_full_after=100_000)
    await house.open()
    talk = await house.talk()
    await talk.to_data()
    assert (await talk.send(HEAD + b"line\r\n" * 50_000 + b".\r\n")).startswith("452 4.3.1")
    assert house.intake.bodies[0].discarded
    assert await talk.say("NOOP") == "250 2.0.0 ok"
    assert house.intake.submissions == []
    talk.close()


async def test_an_endless_head_is_refused(house: House) -> None:
    await house.open()
    talk = await house.talk()
    await talk.to_data()
    assert (await talk.send(b"X-Field: value\r\n" * 20_000 + b"\r\n.\r\n")).startswith("552 5.3.4 the header section")
    talk.close()


async def test_a_head_between_the_inline_limit_and_its_own_limit_is_taken(house: House) -> None:
    await house.open()
    talk = await house.talk()
    await talk.to_data()
    head = b"Message-ID: <1@x>\r\nDate: x\r\n" + b"X-Field: value\r\n" * 10_000 + b"\r\n"
    assert (await talk.send(head + b"body\r\n.\r\n")).startswith("250")
    assert content_of(house.intake.submissions[0]).endswith(head + b"body\r\n")
    talk.close()


async def test_a_message_over_the_limit_is_refused_after_the_dot_and_its_body_discarded(house: House) -> None:
    await house.open(max_size=400_000)
    talk = await house.talk()
    await talk.to_data()
    assert (await talk.send(HEAD + b"line\r\n" * 200_000 + b".\r\n")).startswith("552 5.3.4")
    assert house.intake.bodies[0].discarded
    talk.close()


async def test_policy_refusing_a_large_message_discards_its_body(house: House) -> None:
    house.policy.on_message = lambda head: (_ for _ in ()).throw(ValueError("a broken hook"))
    await house.open()
    talk = await house.talk()
    await talk.to_data()
    assert (await talk.send(HEAD + b"line\r\n" * 40_000 + b".\r\n")).startswith("451 4.3.0")
    assert house.intake.bodies[0].discarded
    talk.close()


async def test_a_client_may_name_all_its_recipients_and_sends_to_those_that_were_taken(house: House) -> None:
    await house.open(max_recipients=2, max_useless_commands=5)
    talk = await house.talk()
    await talk.reply()
    await talk.say("EHLO a")
    await talk.say("MAIL FROM:<a@example.org>")
    said = [await talk.say(f"RCPT TO:<u{number}@example.net>") for number in range(20)]
    assert [each[:3] for each in said] == ["250"] * 2 + ["452"] * 18
    assert (await talk.say("DATA")).startswith("354")
    talk.close()


async def test_without_memory_data_waits_and_then_gets_452(house: House) -> None:
    await house.open(memory=16 * 1024, memory_wait_seconds=0)
    first, second = await house.talk(), await house.talk()
    assert (await first.to_data()).startswith("354")
    assert (await second.to_data()).startswith("452 4.3.1")
    assert (await first.send(HEAD + b".\r\n")).startswith("250")
    assert (await second.say("DATA")).startswith("354")
    first.close()
    second.close()


async def test_a_listener_counts_sessions_their_memory_and_what_it_refuses(house: House) -> None:
    listener = await house.open(memory=16 * 1024, memory_wait_seconds=0)
    first, second = await house.talk(), await house.talk()
    await first.to_data()
    await second.to_data()
    await second.say("BLURB")
    assert listener.figures == ListenerFigures(2, 16 * 1024, {452: 1, 500: 1})
    await first.send(HEAD + b".\r\n")
    assert listener.figures.memory_bytes == 0
    first.close()
    second.close()


async def test_data_that_waits_for_memory_goes_on_when_some_is_free(house: House) -> None:
    await house.open(memory=16 * 1024)
    first, second = await house.talk(), await house.talk()
    assert (await first.to_data()).startswith("354")
    waiting = asyncio.ensure_future(second.to_data())
    assert (await first.send(HEAD + b".\r\n")).startswith("250")
    assert (await waiting).startswith("354")
    first.close()
    second.close()


async def test_a_client_that_leaves_during_data_gives_its_memory_back(house: House) -> None:
    listener = await house.open(memory=16 * 1024)
    first, second = await house.talk(), await house.talk()
    assert (await first.to_data()).startswith("354")
    waiting = asyncio.ensure_future(second.to_data())
    first.close()
    assert (await waiting).startswith("354")
    assert len(listener.sessions) == 1
    second.close()


async def test_a_client_that_leaves_while_its_message_is_committed_does_not_stop_the_commit(house: House) -> None:
    began, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def accept(submission: Submission) -> Reply:
        began.set()
        await go_on.wait()
        done.set()
        return reply(250, "2.0.0", "queued")

    house.intake.accept = accept
    await house.open()
    talk = await house.talk()
    await talk.to_data()
    talk.writer.write(HEAD + b".\r\n")
    await began.wait()
    talk.writer.transport.abort()
    go_on.set()
    await done.wait()


async def test_stopping_tells_waiting_clients_and_takes_no_new_ones(house: House) -> None:
    listener = await house.open()
    talk = await house.talk()
    await talk.reply()
    await talk.say("EHLO x")
    await listener.stop()
    assert await talk.reply() == "421 4.3.2 the server is stopping, try again later"
    assert await talk.reply() == ""
    with pytest.raises(OSError):
        await house.talk()
    talk.close()


async def test_stopping_lets_a_commit_finish_and_answers_it(house: House) -> None:
    began, go_on = asyncio.Event(), asyncio.Event()

    async def accept(submission: Submission) -> Reply:
        began.set()
        await go_on.wait()
        return reply(250, "2.0.0", "queued")

    house.intake.accept = accept
    listener = await house.open()
    talk = await house.talk()
    await talk.to_data()
    talk.writer.write(HEAD + b".\r\nNOOP\r\n")
    await began.wait()
    stopping = asyncio.ensure_future(listener.stop(30))
    await asyncio.sleep(0)
    go_on.set()
    assert await talk.reply() == "250 2.0.0 queued"
    assert (await talk.reply()).startswith("421 4.3.2")
    await stopping
    talk.close()


async def test_a_session_that_does_not_end_in_time_is_cut_off(house: House) -> None:
    listener = await house.open()
    talk = await house.talk()
    await talk.to_data()
    await listener.stop(0)
    assert await talk.reader.read() == b""
    talk.close()


async def test_an_idle_client_hears_421(house: House) -> None:
    house.clock = SystemClock()
    await house.open(idle_seconds=0.01)
    talk = await house.talk()
    await talk.reply()
    assert await talk.reply() == "421 4.4.2 nothing heard for too long"
    talk.close()


async def test_a_client_that_reads_nothing_is_cut_off_when_it_is_idle(house: House) -> None:
    house.clock = SystemClock()
    listener = await house.open(idle_seconds=0.05, max_useless_commands=10**9, max_commands=10**9)
    deaf = await house.deaf_client()
    await asyncio.get_running_loop().sock_recv(deaf, 3)
    while len(listener.sessions):
        with contextlib.suppress(OSError):  # full, or already reset
            deaf.send(b"HELP\r\n" * 2000)
        await asyncio.sleep(0)
    deaf.close()


async def test_replies_to_commands_sent_ahead_do_not_pile_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    longest = 0
    write = Connection.flush

    def watched(connection: Connection) -> None:
        nonlocal longest
        longest = max(longest, len(connection._output))
        write(connection)

    monkeypatch.setattr(Connection, "flush", watched)
    await house.open(max_useless_commands=5000)
    talk = await house.talk()
    await talk.reply()
    talk.writer.write(b"HELP\r\n" * 3000 + b"QUIT\r\n")
    while not (await talk.reply()).startswith("221"):
        pass
    assert longest < 20_000
    talk.close()


async def test_connections_are_limited_per_client_and_counted_down(house: House) -> None:
    listener = await house.open(max_connections_per_client=1)
    first = await house.talk()
    await first.reply()
    second = await house.talk()
    assert (await second.reply()).startswith("421 4.7.0 too many connections from your address")
    assert await second.reply() == ""
    await first.say("QUIT")
    assert await first.reply() == ""
    assert len(listener.sessions) == 0
    third = await house.talk()
    assert (await third.reply()).startswith("220")
    for talk in (first, second, third):
        talk.close()


async def test_connections_are_limited_in_all(house: House) -> None:
    await house.open(max_connections=0)
    talk = await house.talk()
    assert await talk.reply() == "421 4.7.0 too many connections, try again later"
    talk.close()


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (AuthFailure.WRONG, "535 5.7.8"),
        (AuthFailure.DISABLED, "535 5.7.8"),
        (AuthFailure.THROTTLED, "454 4.7.0"),
        (AuthFailure.UNAVAILABLE, "454 4.3.0"),
    ],
)
async def test_each_failed_login_has_its_reply(house: House, failure: AuthFailure, said: str) -> None:
    house.accounts = OneAccount(fails_with=failure)
    await house.open()
    talk = await house.talk()
    await talk.reply()
    await talk.say("EHLO x")
    assert (await talk.say("AUTH PLAIN AGJvYgB4")).startswith(said)
    talk.close()


async def test_the_log_has_one_line_per_fact_and_no_secret(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    house.accounts = OneAccount()
    await house.open()
    talk = await house.talk()
    await talk.reply()
    await talk.say("EHLO x")
    await talk.say("AUTH PLAIN AGJvYgBoaWRkZW4=")  # bob, hidden
    await talk.say("AUTH LOGIN YWxpY2VAZXhhbXBsZS5vcmc=")
    await talk.say("c2VjcmV0")
    for text in ("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>", "DATA"):
        await talk.say(text)
    await talk.send(HEAD + b".\r\n")
    facts = [record.getMessage() for record in caplog.records if record.name == "youtong.submission"]
    assert facts == [
        "auth-failed client=127.0.0.1 username=bob why=wrong",
        "accepted client=127.0.0.1 account=alice@example.org sender=<a@example.org> recipients=1 "
        f'size={len(HEAD)} reply="250 2.0.0 queued as 1"',
    ]
    assert not any(word in caplog.text for word in ("hidden", "secret", "c2VjcmV0", "AGJvYgBoaWRkZW4"))
    talk.close()


@pytest.mark.parametrize(
    ("sender", "recipient", "subject", "needed"),
    [
        ("a@example.org", "b@example.net", "plain", False),
        ("a@example.org", "b@example.net", "schön", True),
        ("ä@example.org", "b@example.net", "plain", True),
        ("a@example.org", "ü@example.net", "plain", True),
    ],
)
async def test_smtputf8_counts_only_where_something_is_beyond_ascii(
    house: House, sender: str, recipient: str, subject: str, needed: bool
) -> None:
    await house.open()
    talk = await house.talk()
    await talk.reply()
    for text in ("EHLO x", f"MAIL FROM:<{sender}> SMTPUTF8", f"RCPT TO:<{recipient}>", "DATA"):
        await talk.say(text)
    assert (await talk.send(f"Subject: {subject}\r\n".encode() + HEAD + b".\r\n")).startswith("250")
    assert house.intake.submissions[0].envelope.smtputf8 is needed
    talk.close()


async def test_fields_of_policy_come_below_received(house: House) -> None:
    house.policy.on_message = lambda head: Accept(add_headers=(("X-One", "1"), ("X-Two", "zwei\r\n\tü")))
    await house.open()
    talk = await house.talk()
    await talk.to_data()
    await talk.send(HEAD + b".\r\n")
    head = house.intake.submissions[0].head
    assert head.startswith(b"Received: from client.example ([127.0.0.1])\r\n\tby mx.example.org with ESMTP;\r\n\t")
    assert head.endswith("+0000\r\nX-One: 1\r\nX-Two: zwei\r\n\tü\r\n".encode() + HEAD)
    talk.close()


async def test_a_field_of_policy_cannot_break_out(house: House) -> None:
    house.policy.on_message = lambda head: Accept(add_headers=(("X-One", "1\r\nBcc: eve@example.com"),))
    await house.open()
    talk = await house.talk()
    await talk.to_data()
    assert (await talk.send(HEAD + b".\r\n")).startswith("451 4.3.0")
    assert house.intake.submissions == []
    talk.close()


async def test_a_new_certificate_serves_new_sessions_and_old_ones_stay(tmp_path: Path) -> None:
    old = server_context(write_certificate(tmp_path / "old.pem", "old.example"))
    new = server_context(write_certificate(tmp_path / "new.pem", "new.example"))
    settings = SubmissionSettings("mx.example.org", (), ("127.0.0.1:0",), tls_context=old)
    listener = await listen(settings, OneAccount(), ScriptedPolicy(), RecordingIntake(), FakeClock())
    before = await Talk.to(listener.tls_addresses[0], tls=True)
    listener.reload_certificate(new)
    after = await Talk.to(listener.tls_addresses[0], tls=True)
    assert b"old.example" in before.certificate_name
    assert b"new.example" in after.certificate_name
    await before.reply()
    assert await before.say("NOOP") == "250 2.0.0 ok"
    before.close()
    after.close()
    await listener.stop()


async def test_a_client_is_counted_before_its_handshake(tmp_path: Path) -> None:
    settings = SubmissionSettings(
        "mx.example.org", (), ("127.0.0.1:0",),
        tls_context=server_context(write_certificate(tmp_path / "own.pem", "mx.example.org")),
        limits=SessionLimits(max_connections_per_client=2),
    )  # fmt: skip
    listener = await listen(settings, OneAccount(), ScriptedPolicy(), RecordingIntake(), FakeClock())
    silent = [await Talk.to(listener.tls_addresses[0]) for _ in range(2)]  # TCP only: never shake hands
    third = await Talk.to(listener.tls_addresses[0])
    assert await third.reader.read() == b""
    assert len(listener.sessions) == 2
    silent[0].writer.write(b"this is no TLS\r\n")
    with contextlib.suppress(ConnectionError):
        await silent[0].reader.read()
    fourth = await Talk.to(listener.tls_addresses[0], tls=True)
    assert (await fourth.reply()).startswith("220")
    assert len(listener.sessions) == 2
    await fourth.say("QUIT")
    await listener.stop()
    assert await silent[1].reader.read() == b""
    assert len(listener.sessions) == 0
    for talk in (*silent, third, fourth):
        talk.close()


async def test_an_address_in_use_is_an_error_and_leaves_nothing_open(house: House) -> None:
    taken = (await house.open()).addresses[0]
    settings = SubmissionSettings("mx.example.org", ("127.0.0.1:0", f"127.0.0.1:{taken[1]}"))
    with pytest.raises(OSError):
        await listen(settings, OneAccount(), ScriptedPolicy(), RecordingIntake(), FakeClock())


@pytest.mark.parametrize(("text", "address"), [("127.0.0.1:25", ("127.0.0.1", 25)), ("[::1]:0", ("::1", 0))])
def test_listen_addresses_are_host_and_port(text: str, address: tuple[str, int]) -> None:
    assert split_listen_address(text) == address


@pytest.mark.parametrize("text", ["", "25", ":25", "host:", "host:x", "host:65536"])
def test_what_is_no_listen_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not host:port"):
        split_listen_address(text)


async def test_an_address_with_many_failures_waits_for_its_greeting(house: House) -> None:
    listener = await house.open(failures_before_slowing=2, slow_greeting_seconds=0.001)
    first = await house.talk()
    await first.reply()
    await first.say("FOO")
    await first.say("FOO")
    assert listener._context.offenders.delay_seconds("127.0.0.1") == 0.001
    second = await house.talk()
    second.writer.write(b"EHLO x\r\n")  # too early: it hears the greeting first all the same
    assert (await second.reply()).startswith("220")
    assert (await second.reply()).startswith("250")
    first.close()
    second.close()


async def test_a_client_that_goes_while_it_waits_for_its_greeting_leaves_nothing(house: House) -> None:
    listener = await house.open(failures_before_slowing=0, slow_greeting_seconds=3600)
    listener._context.offenders.failed("127.0.0.1")
    talk = await house.talk()
    while not len(listener.sessions):  # noqa: ASYNC110 - turns of the loop are what it takes
        await asyncio.sleep(0)
    reset = struct.pack("ii", 1, 0)
    talk.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
    talk.writer.transport.abort()
    while len(listener.sessions):  # noqa: ASYNC110 - as above
        await asyncio.sleep(0)


async def test_a_client_that_sends_on_while_it_waits_is_not_read_without_bound(house: House) -> None:
    began, go_on = asyncio.Event(), asyncio.Event()

    async def accept(submission: Submission) -> Reply:
        began.set()
        await go_on.wait()
        return reply(250, "2.0.0", "queued")

    house.intake.accept = accept
    listener = await house.open(max_useless_commands=10**9)
    talk = await house.talk()
    await talk.to_data()
    talk.writer.write(HEAD + b".\r\n")
    await began.wait()
    (session,) = listener.sessions
    talk.writer.write(b"NOOP\r\n" * 20_000)
    for _ in range(200):
        await asyncio.sleep(0)
        assert isinstance(session, Connection)
        assert len(session.input) < 300_000
    assert session._full
    go_on.set()
    assert await talk.reply() == "250 2.0.0 queued"
    for _ in range(20_000):
        assert await talk.reply() == "250 2.0.0 ok"
    talk.close()


async def test_a_role_may_think_about_a_recipient_and_commands_sent_ahead_wait(house: House) -> None:
    asked, decide = asyncio.Event(), asyncio.Event()

    async def verdict(address: str) -> Verdict:
        asked.set()
        await decide.wait()
        return Refuse(reply(550, "5.1.1", "no")) if address.startswith("no") else Proceed()

    house.policy.on_recipient = verdict  # pyright: ignore
    await house.open()
    talk = await house.talk()
    await talk.reply()
    await talk.say("EHLO x")
    talk.writer.write(b"MAIL FROM:<>\r\nRCPT TO:<no@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n")
    assert (await talk.reply()).startswith("250 2.1.0")
    await asked.wait()
    decide.set()
    assert await talk.reply() == "550 5.1.1 no"
    assert (await talk.reply()).startswith("250 2.1.5")
    assert (await talk.reply()).startswith("354")
    assert (await talk.send(HEAD + b".\r\n")).startswith("250")
    assert [path.address for path in house.intake.submissions[0].envelope.recipients] == ["b@example.net"]
    talk.close()


async def test_chunks_that_stay_in_memory_are_covered_by_the_budget(house: House) -> None:
    listener = await house.open(memory=32 * 1024, memory_wait_seconds=0)
    budget = listener._context.budget
    talk = await house.talk()
    await talk.reply()
    for text in ("EHLO x", "MAIL FROM:<>", "RCPT TO:<b@example.net>"):
        await talk.say(text)
    assert (await talk.send(b"BDAT 20000\r\n" + HEAD + b"x" * (20_000 - len(HEAD)))).startswith("250")
    assert budget.free == 0
    assert (await talk.send(b"BDAT 20000\r\n" + b"x" * 20_000)).startswith("452 4.3.1")
    assert budget.free == 32 * 1024
    assert (await talk.say("BDAT 0 LAST")).startswith("503")
    talk.close()
