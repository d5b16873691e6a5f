"""Which family a source reaches, whether a refusal is of our address, and what is remembered of it."""

import pytest
from fakes.clock import FakeClock
from youtong.mta.delivery import egress
from youtong.mta.delivery.candidates import DeadAddresses, has_family, reachable
from youtong.mta.delivery.egress import EgressSource
from youtong.mta.delivery.families import Family, FamilyMemory, is_ipv6_usable_for, names_our_address
from youtong.mta.delivery.host import Host
from youtong.mta.outcome import Peer
from youtong.mta.reply import reply

HOSTS = (Host("mx1", ("192.0.2.1", "2001:db8::1")), Host("mx2", ("2001:db8::2", "192.0.2.2")))


@pytest.mark.parametrize(
    ("code", "text", "names"),
    [
        (550, "5.7.1 Service unavailable; client host [192.0.2.25] blocked using zen.spamhaus.org", True),
        (550, "5.7.25 The IP address sending this message does not have a PTR record setup", True),
        (
            550,
            "5.7.1 [2001:0db8::0:25] this message does not meet IPv6 sending guidelines",
            True,
        ),
        (421, "4.7.0 Your IP has been temporarily blocked", True),
        (450, "4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.25]", True),
        (550, "5.1.1 User unknown", False),
        (550, "5.7.1 Relaying denied for 192.0.2.26", False),
        (451, "4.7.1 Greylisted [192.0.2.25], try again in 300 seconds", False),
        (250, "2.0.0 Ok 192.0.2.25", False),
        (552, "5.2.2 Your mailbox is full", False),
    ],
)
def test_a_refusal_of_our_address_is_told_from_others(code: int, text: str, names: bool):
    enhanced, _, words = text.partition(" ")
    ours = "2001:db8::25" if "2001" in text else "192.0.2.25"
    assert names_our_address(reply(code, enhanced, words), ours) is names


def test_a_source_with_one_family_reaches_only_that_one():
    assert [peer.address for peer in reachable(HOSTS, EgressSource("192.0.2.25", "us"), None)] == [
        "192.0.2.1",
        "192.0.2.2",
    ]
    assert not has_family(HOSTS, EgressSource("192.0.2.25", "us"), Family.IPV6)
    assert has_family(HOSTS, EgressSource("192.0.2.25", "us", "2001:db8::25"), Family.IPV6)
    assert [peer.address for peer in reachable(HOSTS, EgressSource("2001:db8::25", "us"), None)] == [
        "2001:db8::1",
        "2001:db8::2",
    ]


def test_a_source_without_addresses_uses_ipv6_only_where_the_kernel_has_a_global_one(monkeypatch: pytest.MonkeyPatch):
    source = EgressSource("", "us")
    for usable in (False, True):
        monkeypatch.setattr(egress, "is_ipv6_usable_for", lambda _, usable=usable: usable)
        assert source.reaches("2001:db8::1") is usable
        assert source.reaches("192.0.2.1")


def test_loopback_needs_no_global_address():
    assert is_ipv6_usable_for("::1")


def test_each_family_has_its_address_and_its_name():
    source = EgressSource("192.0.2.25", "mail", "2001:db8::25", "mail6")
    assert (source.local_for("192.0.2.1"), source.ehlo_for("192.0.2.1")) == ("192.0.2.25", "mail")
    assert (source.local_for("2001:db8::1"), source.ehlo_for("2001:db8::1")) == ("2001:db8::25", "mail6")
    assert EgressSource("192.0.2.25", "mail", "2001:db8::25").ehlo_for("2001:db8::1") == "mail"


def test_a_family_is_avoided_for_an_hour_and_never_both():
    clock = FakeClock()
    memory = FamilyMemory(clock)
    assert memory.avoided("site") is None
    assert memory.refused("site", Family.IPV6)
    assert memory.avoided("site") is Family.IPV6
    assert memory.avoided("another") is None
    assert not memory.refused("site", Family.IPV4)
    assert memory.avoided("site") is None
    clock.advance(3601)
    assert memory.refused("site", Family.IPV4)


def test_an_avoided_family_is_used_when_there_is_no_other():
    source = EgressSource("192.0.2.25", "us")
    assert len(reachable(HOSTS, source, Family.IPV4)) == 2
    both = EgressSource("192.0.2.25", "us", "2001:db8::25")
    assert {peer.address for peer in reachable(HOSTS, both, Family.IPV4)} == {"2001:db8::1", "2001:db8::2"}


def test_addresses_that_failed_go_last_for_a_while():
    clock = FakeClock()
    dead = DeadAddresses(clock)
    peers = [Peer("a", "192.0.2.1"), Peer("b", "192.0.2.2")]
    dead.remember("192.0.2.1")
    assert dead.last(peers) == peers[::-1]
    clock.advance(301)
    assert dead.last(peers) == peers
