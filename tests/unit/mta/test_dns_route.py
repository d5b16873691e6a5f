"""mta.dns.route: where mail for a domain goes."""

import random
import socket

import pytest
from fakes.resolver import FakeResolver
from youtong.mta.dns import ourselves
from youtong.mta.dns.address_rules import AddressRules, FamilyRule
from youtong.mta.dns.answers import Family, Found, NoSuchName, Trouble, Unavailable
from youtong.mta.dns.mx_hosts import MAX_MX_NAMES, is_host_name
from youtong.mta.dns.ourselves import OwnHosts, is_of_this_machine, own_hosts
from youtong.mta.dns.reachability import is_public
from youtong.mta.dns.route import MAX_MX_HOSTS, Routed, RouteUnavailable, Unroutable, UnroutableKind, find_route

NOBODY = OwnHosts()
PUBLIC = AddressRules()


async def route(resolver, domain="example.org", own=NOBODY, rules=PUBLIC, seed=1):
    return await find_route(resolver, domain, own, rules, random.Random(seed))


def two_hosts() -> FakeResolver:
    resolver = FakeResolver().has_mx("example.org", (10, "b.example.org"), (10, "a.example.org"))
    return resolver.has_addresses("a.example.org", "8.8.8.1").has_addresses("b.example.org", "8.8.8.2")


async def test_better_preference_comes_first():
    resolver = FakeResolver().has_mx("example.org", (20, "second.example.org"), (10, "first.example.org"))
    resolver.has_addresses("first.example.org", "8.8.8.1").has_addresses("second.example.org", "8.8.8.2")
    found = await route(resolver)
    assert [host.name for host in found.hosts] == ["first.example.org", "second.example.org"]
    assert found.mx_names == ("first.example.org", "second.example.org")


async def test_equal_preferences_are_shuffled_and_the_site_is_not():
    found = [await route(two_hosts(), seed=seed) for seed in range(20)]
    assert {each.hosts[0].name for each in found} == {"a.example.org", "b.example.org"}
    assert {each.site for each in found} == {"a.example.org,b.example.org"}


async def test_site_ignores_letter_case_and_preferences():
    resolver = FakeResolver().has_mx("example.org", (5, "B.Example.org."), (50, "a.example.org"))
    resolver.has_addresses("a.example.org", "8.8.8.1").has_addresses("b.example.org", "8.8.8.2")
    assert (await route(resolver)).site == (await route(two_hosts())).site


async def test_without_mx_the_address_of_the_domain_is_used():
    found = await route(FakeResolver().has_addresses("example.org", "8.8.8.1"))
    assert found.site == "example.org"
    assert found.hosts[0].addresses == ("8.8.8.1",)


async def test_null_mx_takes_no_mail():
    found = await route(FakeResolver().has_mx("example.org", (0, "")))
    assert (found.status, found.kind) == ("5.1.10", UnroutableKind.TAKES_NO_MAIL)


async def test_a_dot_beside_real_hosts_is_no_null_mx():
    resolver = FakeResolver().has_mx("example.org", (0, ""), (10, "mx.example.org"))
    found = await route(resolver.has_addresses("mx.example.org", "8.8.8.1"))
    assert [host.name for host in found.hosts] == ["mx.example.org"]


async def test_nxdomain_is_no_such_domain():
    found = await route(FakeResolver())
    assert (found.status, found.kind) == ("5.1.2", UnroutableKind.NO_SUCH_DOMAIN)


async def test_failing_name_system_never_makes_a_domain_unroutable():
    assert isinstance(await route(FakeResolver().fails("example.org")), RouteUnavailable)


async def test_unavailable_addresses_of_the_only_host_are_temporary():
    resolver = FakeResolver().has_mx("example.org", (10, "mx.example.org")).fails("mx.example.org", "time-out")
    found = await route(resolver)
    assert isinstance(found, RouteUnavailable)
    assert "time-out" in found.why


async def test_an_incomplete_route_is_used_but_asked_again_soon():
    resolver = two_hosts().fails("a.example.org")
    found = await route(resolver)
    assert [host.name for host in found.hosts] == ["b.example.org"]
    assert found.ttl_seconds == 60


async def test_ttl_is_the_shortest_of_mx_and_addresses():
    resolver = FakeResolver().has_mx("example.org", (10, "mx.example.org"), ttl_seconds=900)
    found = await route(resolver.has_addresses("mx.example.org", "8.8.8.1", ttl_seconds=30))
    assert found.ttl_seconds == 30


async def test_host_without_address_is_skipped():
    resolver = FakeResolver().has_mx("example.org", (10, "gone.example.org"), (20, "mx.example.org"))
    found = await route(resolver.has_addresses("mx.example.org", "8.8.8.1"))
    assert [host.name for host in found.hosts] == ["mx.example.org"]


async def test_no_address_at_all_is_no_route():
    found = await route(FakeResolver().has_mx("example.org", (10, "gone.example.org")))
    assert (found.status, found.kind) == ("5.4.4", UnroutableKind.NO_ROUTE)


async def test_private_addresses_are_refused_by_name_and_allowed_by_rule():
    resolver = FakeResolver().has_mx("example.org", (10, "mx.example.org")).has_addresses("mx.example.org", "127.0.0.1")
    refused = await route(resolver)
    assert refused.status == "5.4.4"
    assert "127.0.0.1" in refused.why
    allowed = await route(resolver, rules=AddressRules(allow_private=True))
    assert allowed.hosts[0].addresses == ("127.0.0.1",)


async def test_our_own_name_removes_hosts_of_equal_and_worse_preference():
    resolver = FakeResolver().has_mx(
        "example.org", (5, "best.example.org"), (10, "us.example.net"), (10, "equal.example.org"), (20, "w.example.org")
    )
    for host in ("best.example.org", "us.example.net", "equal.example.org", "w.example.org"):
        resolver.has_addresses(host, "8.8.8.1")
    found = await route(resolver, own=OwnHosts(frozenset({"us.example.net"})))
    assert [host.name for host in found.hosts] == ["best.example.org"]
    assert "w.example.org" in found.site


async def test_mx_that_is_ourselves_loops():
    resolver = two_hosts()
    found = await route(resolver, own=OwnHosts(addresses=frozenset({"8.8.8.1", "8.8.8.2"})))
    assert isinstance(found, Unroutable)
    assert (found.status, found.kind) == ("5.4.6", UnroutableKind.LOOPS_TO_US)


async def test_best_host_of_ours_without_a_usable_address_still_loops():
    resolver = FakeResolver().has_mx("example.org", (1, "us.example.net"), (9, "mx.example.org"))
    resolver.has_addresses("mx.example.org", "8.8.8.1")
    assert (await route(resolver, own=OwnHosts(frozenset({"us.example.net"})))).status == "5.4.6"


def test_a_listener_on_another_port_is_not_ourselves():
    own = own_hosts("Mail.Example.org.", [("192.0.2.1", 25), ("192.0.2.2", 5525)], 25)
    assert own == OwnHosts(frozenset({"mail.example.org"}), frozenset({"192.0.2.1"}))


@pytest.mark.parametrize(
    ("family", "usable", "expected"),
    [
        (FamilyRule.PREFER_IPV4, True, ("8.8.8.1", "2a00::1")),
        (FamilyRule.PREFER_IPV6, True, ("2a00::1", "8.8.8.1")),
        (FamilyRule.PREFER_IPV6, False, ("8.8.8.1",)),
        (FamilyRule.IPV4, True, ("8.8.8.1",)),
        (FamilyRule.IPV6, True, ("2a00::1",)),
    ],
)
async def test_addresses_follow_the_family_rule(family, usable, expected):
    resolver = FakeResolver().has_addresses("example.org", "8.8.8.1", "2a00::1")
    found = await route(resolver, rules=AddressRules(family, usable))
    assert found.hosts[0].addresses == expected


async def test_ipv6_is_not_asked_for_without_a_source_for_it():
    resolver = FakeResolver().has_addresses("example.org", "8.8.8.1")
    await route(resolver)
    assert ("example.org", "ipv6") not in resolver.asked


async def test_only_the_best_of_a_monstrous_mx_list_are_looked_up():
    records = [(number, f"mx{number}.example.org") for number in range(100)]
    resolver = FakeResolver().has_mx("example.org", *records).has_addresses("mx0.example.org", "8.8.8.1")
    assert isinstance(await route(resolver), Routed)
    assert len(resolver.asked) == 1 + MAX_MX_HOSTS


async def test_internationalised_domain_is_looked_up_by_its_a_label():
    found = await route(FakeResolver().has_addresses("xn--fiqs8s.example", "8.8.8.1"), domain="中国.example")
    assert found.site == "xn--fiqs8s.example"


async def test_what_is_no_domain_is_no_such_domain():
    assert (await route(FakeResolver(), domain="a..b")).status == "5.1.2"


async def test_of_many_equal_hosts_chance_decides_which_are_looked_up():
    records = [(10, f"mx{number:03}.example.org") for number in range(100)]
    resolver = FakeResolver().has_mx("example.org", *records)
    for _, host in records:
        resolver.has_addresses(host, "8.8.8.1")
    tried = [{host.name for host in (await route(resolver, seed=seed)).hosts} for seed in range(3)]
    assert [len(each) for each in tried] == [MAX_MX_HOSTS] * 3
    assert tried[0] != tried[1] != tried[2]


async def test_a_site_has_a_bounded_name():
    records = [(10, f"mx{number:04}.example.org") for number in range(3000)]
    resolver = FakeResolver().has_mx("example.org", *records)
    for _, host in records:
        resolver.has_addresses(host, "8.8.8.1")
    found = await route(resolver)
    assert (len(found.mx_names), found.site.count(",")) == (MAX_MX_NAMES, MAX_MX_NAMES - 1)


async def test_our_name_counts_even_where_the_list_is_cut():
    records = [(10, f"mx{number:03}.example.org") for number in range(100)]
    resolver = FakeResolver().has_mx("example.org", *records, (10, "us.example.net"), (5, "best.example.org"))
    resolver.has_addresses("best.example.org", "8.8.8.1")
    for seed in range(5):
        found = await route(resolver, own=OwnHosts(frozenset({"us.example.net"})), seed=seed)
        assert [host.name for host in found.hosts] == ["best.example.org"]


async def test_an_mx_host_that_is_an_alias_of_ours_is_ourselves():
    resolver = FakeResolver().has_mx("example.org", (10, "mail.example.org"))
    resolver.answers("mail.example.org", Family.IPV4, Found(("8.8.8.1",), 300, "us.example.net"))
    assert (await route(resolver, own=OwnHosts(frozenset({"us.example.net"})))).kind is UnroutableKind.LOOPS_TO_US
    assert isinstance(await route(resolver), Routed)


async def test_the_other_family_stays_behind_however_many_addresses_the_preferred_one_has():
    many = [f"8.8.8.{number}" for number in range(1, 30)]
    resolver = FakeResolver().has_addresses("example.org", *many, "2a00::1", "2a00::2", "2a00::3")
    addresses = (await route(resolver, rules=AddressRules(FamilyRule.PREFER_IPV4, True))).hosts[0].addresses
    assert len(addresses) == 8
    assert [":" in address for address in addresses] == [False] * 6 + [True] * 2


async def test_the_other_family_fills_what_the_preferred_one_leaves():
    many = [f"2a00::{number}" for number in range(1, 30)]
    resolver = FakeResolver().has_addresses("example.org", "8.8.8.1", *many)
    addresses = (await route(resolver, rules=AddressRules(FamilyRule.PREFER_IPV4, True))).hosts[0].addresses
    assert [":" in address for address in addresses] == [False] + [True] * 7


async def test_a_rule_that_no_source_can_keep_fails_no_letter():
    found = await route(FakeResolver().has_addresses("example.org", "2a00::1"), rules=AddressRules(FamilyRule.IPV6))
    assert isinstance(found, RouteUnavailable)


async def test_a_host_of_the_other_family_alone_is_no_route_and_the_reason_names_the_family():
    found = await route(FakeResolver().has_addresses("example.org", "2a00::1"))
    assert (found.status, found.kind) == ("5.4.4", UnroutableKind.OTHER_FAMILY)
    assert found.why == "no MX host of example.org has an IPv4 address, and this system sends over IPv4 only"


@pytest.mark.parametrize(
    "host", ["8.8.8.8", "\\091192.0.2.1\\093", "mx.example.org.1", "a\\032b.org", "-x.org", "2001\\058db8"]
)
async def test_an_mx_record_that_names_no_host_is_not_looked_up_and_named(host):
    assert not is_host_name(host)
    resolver = FakeResolver().has_mx("example.org", (10, host))
    found = await route(resolver)
    assert (found.status, found.kind) == ("5.4.4", UnroutableKind.NO_ROUTE)
    assert host in found.why
    assert resolver.asked == [("example.org", "mx")]


async def test_an_mx_record_that_names_no_host_leaves_the_others():
    resolver = FakeResolver().has_mx("example.org", (1, "8.8.8.8"), (10, "mx.example.org"))
    found = await route(resolver.has_addresses("mx.example.org", "8.8.8.1"))
    assert [host.name for host in found.hosts] == ["mx.example.org"]


@pytest.mark.parametrize("host", ["localhost", "mail.localhost"])
async def test_localhost_is_this_machine_whatever_a_server_says(host):
    resolver = FakeResolver().has_mx("example.org", (10, host)).has_addresses(host, "8.8.8.8")
    refused = await route(resolver)
    assert refused.kind is UnroutableKind.NO_ROUTE
    assert "127.0.0.1" in refused.why
    assert (await route(resolver, rules=AddressRules(allow_private=True))).hosts[0].addresses == ("127.0.0.1",)
    ours = OwnHosts(addresses=frozenset({"127.0.0.1"}))
    assert (await route(resolver, own=ours)).kind is UnroutableKind.LOOPS_TO_US


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "224.0.0.1", "ff02::1"])
async def test_what_is_no_hosts_address_is_refused_even_where_private_ones_are_allowed(address):
    found = await route(
        FakeResolver().has_addresses("example.org", address), rules=AddressRules(FamilyRule.PREFER_IPV4, True, True)
    )
    assert isinstance(found, Unroutable)


async def test_private_addresses_beside_public_ones_are_left_out():
    found = await route(FakeResolver().has_addresses("example.org", "10.0.0.1", "8.8.8.1", "127.0.0.1"))
    assert found.hosts[0].addresses == ("8.8.8.1",)


async def test_a_route_without_mx_lives_no_longer_than_the_word_that_there_is_none():
    found = await route(FakeResolver().has_addresses("example.org", "8.8.8.1", ttl_seconds=9000))
    assert found.ttl_seconds == 60


async def test_nxdomain_names_the_server_that_said_it():
    resolver = FakeResolver().answers("example.org", "mx", NoSuchName(60, "192.0.2.53:53"))
    assert (await route(resolver)).why == "the domain example.org does not exist (NXDOMAIN from 192.0.2.53:53)"


@pytest.mark.parametrize("question", ["mx", Family.IPV4])
async def test_an_unavailable_route_tells_the_kind_of_trouble(question):
    bogus = Unavailable("192.0.2.53:53 says SERVFAIL (DNSSEC bogus)", Trouble.BOGUS, "192.0.2.53:53")
    found = await route(FakeResolver().answers("example.org", question, bogus))
    assert isinstance(found, RouteUnavailable)
    assert found.kind is Trouble.BOGUS
    assert found.why.endswith(bogus.why)


def test_a_listener_on_every_address_makes_every_address_of_this_machine_ours(monkeypatch):
    own = own_hosts("", [("0.0.0.0", 25)], 25)
    assert own == OwnHosts(any_local=True)
    monkeypatch.setattr(ourselves, "is_of_this_machine", lambda address: address == "198.51.100.7")
    assert own.include((), ["198.51.100.7"])
    assert not own.include((), ["198.51.100.8"])
    assert not OwnHosts().include((), ["198.51.100.7"])


def test_loopback_is_of_this_machine_and_a_strangers_address_is_not():
    assert is_of_this_machine("127.0.0.1")
    assert is_of_this_machine("127.9.8.7")
    assert is_of_this_machine("::1")
    assert not is_of_this_machine("203.0.113.1")
    assert not is_of_this_machine("2001:db8::1")


def test_an_address_of_an_interface_is_of_this_machine():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("203.0.113.1", 9))
        except OSError:
            pytest.skip("this machine has no way out")
        assert is_of_this_machine(probe.getsockname()[0])


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "100.64.0.1",
        "169.254.1.1",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "192.0.2.1",
        "::1",
        "fe80::1",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::1",
        "2002:0a00:1::",
        "::127.0.0.1",
        "192.88.99.1",
        "nonsense",
        "",
    ],
)
def test_address_is_not_of_the_public_internet(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_address_is_public(address):
    assert is_public(address)
