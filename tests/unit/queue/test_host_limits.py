"""A flood from one host costs it its minute, and nobody else theirs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.clock import FakeClock
from fakes.inbound_house import HOST, InboundHouse
from fakes.tls import write_certificate
from youtong.queue.inbound import host_limits
from youtong.queue.inbound.host_limits import HostLimits


def test_a_host_has_so_many_messages_and_octets_a_minute() -> None:
    clock = FakeClock(monotonic=600.0)
    limits = HostLimits(clock, messages=2, octets=1000)
    limits.wrote("192.0.2.1", 10)
    assert limits.may_write("192.0.2.1")
    limits.wrote("192.0.2.1", 10)
    limits.wrote("192.0.2.2", 1000)
    assert [limits.may_write(f"192.0.2.{last}") for last in (1, 2, 3)] == [False, False, True]
    clock.advance(60)
    assert limits.may_write("192.0.2.1")
    assert limits.may_write("192.0.2.2")


def test_a_network_of_ipv6_is_one_host_and_a_mapped_address_is_that_of_ipv4() -> None:
    limits = HostLimits(FakeClock(), messages=1)
    limits.wrote("2001:db8::1", 1)
    limits.wrote("::ffff:192.0.2.1", 1)
    assert not limits.may_write("2001:db8::ffff:2")
    assert limits.may_write("2001:db8:0:1::1")
    assert not limits.may_write("192.0.2.1")


def test_no_limit_counts_nothing() -> None:
    limits = HostLimits(FakeClock())
    for _ in range(10):
        limits.wrote("192.0.2.1", 1 << 40)
    assert limits.may_write("192.0.2.1")


def test_hosts_beyond_the_number_that_is_remembered_count_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_limits, "MAX_HOSTS", 2)
    limits = HostLimits(FakeClock(), messages=2)
    for last in range(1, 5):
        limits.wrote(f"192.0.2.{last}", 1)
    assert limits.may_write("192.0.2.1")
    assert not limits.may_write("192.0.2.9")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[InboundHouse]:
    certificate = write_certificate(tmp_path / "server.pem")
    made = await InboundHouse(tmp_path, certificate=certificate, hosts=HostLimits(FakeClock(), messages=3)).open()
    await made.listen()
    yield made
    await made.close()


async def test_a_flood_is_asked_to_come_back_later(house: InboundHouse) -> None:
    talk = await house.talk()
    answers: list[str] = []
    for _ in range(5):
        answers.append(await talk.say("MAIL FROM:<>"))
        if answers[-1].startswith("250"):
            await talk.say(f"RCPT TO:<postmaster@{HOST}>")
            await talk.say("DATA")
            assert (await talk.send(b"Subject: Hi\r\n\r\nHello\r\n.\r\n")).startswith("250")
    assert [answer[:9] for answer in answers[2:]] == ["250 2.1.0", "451 4.7.1", "451 4.7.1"]
    assert len(house.stored()) == 3
    talk.close()
