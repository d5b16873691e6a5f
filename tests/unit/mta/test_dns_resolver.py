"""mta.dns.resolver, cache and exchange: one question for many askers, and truth about failures."""

import asyncio

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import pytest
from fakes.clock import FakeClock
from youtong.mta.dns.answers import Family, Found, MxRecord, NoData, NoSuchName, Unavailable
from youtong.mta.dns.cache import AnswerCache
from youtong.mta.dns.exchange import NetworkExchange, NoAnswer
from youtong.mta.dns.resolver import CachingResolver
from youtong.mta.dns.server import serve_dns
from youtong.mta.dns.servers import NameServer, name_servers, parse_server
from youtong.mta.dns.zones import Record, Records, ServerFailure, Silence, Zones


class ScriptedExchange:
    """Gives the messages it was told, as text; `asked` counts."""

    def __init__(self, *scripts: str) -> None:
        self.scripts = list(scripts)
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def ask(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> dns.message.Message:
        self.asked.append(f"{name} {rdtype.name}")
        await self.gate.wait()
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        if script.startswith("!"):
            raise NoAnswer(script[1:])
        rcode, _, records = script.partition("|")
        head = f"id 1\nopcode QUERY\nrcode {rcode}\nflags QR\n;QUESTION\n{name} IN {rdtype.name}\n"
        return dns.message.from_text(head + records.replace("|", "\n"))


MX = "NOERROR|;ANSWER|example.org. 300 IN MX 10 MX.Example.org.|example.org. 300 IN MX 5 ."
NX = "NXDOMAIN|;AUTHORITY|org. 900 IN SOA a. b. 1 2 3 4 120"


def resolver(*scripts: str, clock: FakeClock | None = None) -> tuple[CachingResolver, ScriptedExchange]:
    exchange = ScriptedExchange(*scripts)
    return CachingResolver(exchange, clock or FakeClock()), exchange


async def test_mx_names_are_lower_case_and_the_root_is_empty():
    asked, _ = resolver(MX)
    found = await asked.mx("example.org")
    assert set(found.records) == {MxRecord(10, "mx.example.org"), MxRecord(5, "")}


async def test_many_askers_cause_one_question():
    asked, exchange = resolver(MX)
    exchange.gate.clear()
    askers = [asyncio.create_task(asked.mx(name)) for name in ("example.org", "Example.ORG.") * 50]
    await asyncio.sleep(0)
    exchange.gate.set()
    assert len({repr(answer) for answer in await asyncio.gather(*askers)}) == 1
    assert len(exchange.asked) == 1


async def test_an_asker_that_gives_up_does_not_disturb_the_others():
    asked, exchange = resolver(MX)
    exchange.gate.clear()
    first, second = (asyncio.create_task(asked.mx("example.org")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    exchange.gate.set()
    assert isinstance(await second, Found)


async def test_cached_answer_ages_and_ends():
    clock = FakeClock()
    asked, exchange = resolver(MX, clock=clock)
    await asked.mx("example.org")
    clock.advance(100)
    assert (await asked.mx("example.org")).ttl_seconds == 200
    clock.advance(200)
    assert (await asked.mx("example.org")).ttl_seconds == 300
    assert len(exchange.asked) == 2


async def test_a_jump_of_the_wall_clock_changes_no_age():
    clock = FakeClock()
    asked, exchange = resolver(MX, clock=clock)
    await asked.mx("example.org")
    clock.jump(-86_400)
    clock.jump(10 * 86_400)
    await asked.mx("example.org")
    assert len(exchange.asked) == 1


async def test_no_such_name_is_cached_for_the_soa_minimum():
    asked, _ = resolver(NX)
    assert await asked.mx("nothing.org") == NoSuchName(120)


async def test_no_data_is_not_no_such_name():
    asked, _ = resolver(NX.replace("NXDOMAIN", "NOERROR"))
    assert await asked.addresses("example.org", Family.IPV6) == NoData(120)


async def test_failure_is_unavailable_and_forgotten_after_five_seconds():
    clock = FakeClock()
    asked, exchange = resolver("!SERVFAIL", clock=clock)
    assert await asked.mx("example.org") == Unavailable("SERVFAIL")
    clock.advance(4.9)
    await asked.mx("example.org")
    clock.advance(0.2)
    await asked.mx("example.org")
    assert len(exchange.asked) == 2


async def test_alias_inside_the_message_is_followed():
    asked, exchange = resolver("NOERROR|;ANSWER|a.org. 60 IN CNAME b.org.|b.org. 30 IN A 192.0.2.1")
    assert await asked.addresses("a.org", Family.IPV4) == Found(("192.0.2.1",), 30)
    assert len(exchange.asked) == 1


async def test_alias_to_another_zone_is_asked_for():
    asked, exchange = resolver("NOERROR|;ANSWER|a.org. 60 IN CNAME b.org.", "NOERROR|;ANSWER|b.org. 30 IN A 192.0.2.1")
    assert (await asked.addresses("a.org", Family.IPV4)).records == ("192.0.2.1",)
    assert exchange.asked == ["a.org. A", "b.org. A"]


async def test_endless_aliases_are_unavailable():
    asked, _ = resolver(*(f"NOERROR|;ANSWER|n{n}.org. 60 IN CNAME n{n + 1}.org." for n in range(20)))
    assert isinstance(await asked.addresses("n0.org", Family.IPV4), Unavailable)


async def test_a_name_that_cannot_exist_does_not():
    asked, exchange = resolver(MX)
    assert isinstance(await asked.mx("a" * 64 + ".org"), NoSuchName)
    assert exchange.asked == []


async def test_strings_of_a_txt_record_are_joined():
    asked, _ = resolver('NOERROR|;ANSWER|a.org. 60 IN TXT "v=DKIM1; " "p=AB"')
    assert (await asked.txt("a.org")).records == (b"v=DKIM1; p=AB",)


def test_ttls_are_clamped():
    cache = AnswerCache(FakeClock(), 10)
    assert cache.put("a", Found((1,), 0)).ttl_seconds == 5
    assert cache.put("b", Found((1,), 10_000_000)).ttl_seconds == 86_400


def test_a_full_cache_drops_the_oldest_entry():
    cache = AnswerCache(FakeClock(), 3)
    for key in ("a", "b", "c", "a", "d"):
        cache.put(key, NoData(60))
    assert len(cache) == 3
    assert cache.get("b") is None
    assert cache.get("a") is not None


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.1", NameServer("192.0.2.1", 53)),
        ("127.0.0.53:5353", NameServer("127.0.0.53", 5353)),
        ("2001:db8::1", NameServer("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", NameServer("2001:db8::1", 5353)),
    ],
)
def test_name_server_is_read_and_written(text, server):
    assert parse_server(text) == server
    assert parse_server(str(server)) == server


@pytest.mark.parametrize("text", ["", "dns.example.org", "127.0.0.1:0", "127.0.0.1:70000", "[::1", "127.0.0.1:x"])
def test_what_is_no_name_server_is_refused(text):
    with pytest.raises(ValueError):
        parse_server(text)


def test_system_servers_are_used_when_none_is_configured():
    assert name_servers([])


class FixedSource:
    def __init__(self, answer) -> None:
        self.answers = answer
        self.asked = 0

    def answer(self, qname: str, qtype: str):
        self.asked += 1
        return self.answers


ADDRESS = Records((Record("a.org", "A", "192.0.2.1"),))
A_ORG = (dns.name.from_text("a.org"), dns.rdatatype.A)


async def asked_of(*answers):
    """The exchange over one server for each answer, its sources, and the servers to stop."""
    sources = [FixedSource(answer) for answer in answers]
    servers = [await serve_dns(source, "127.0.0.1", 0) for source in sources]
    exchange = NetworkExchange([NameServer(*server.address) for server in servers], (0.05, 0.05))
    return exchange, sources, servers


@pytest.mark.parametrize("bad", [ServerFailure(), Silence()])
async def test_the_next_server_is_asked_and_then_preferred(bad):
    exchange, (first, second), servers = await asked_of(bad, ADDRESS)
    for _ in range(2):
        message = await exchange.ask(*A_ORG)
        assert message.rcode() == dns.rcode.NOERROR
    assert (first.asked, second.asked) == (1, 2)
    for server in servers:
        await server.stop()


async def test_when_all_fail_the_reason_of_each_is_told():
    exchange, sources, servers = await asked_of(ServerFailure(), Silence())
    with pytest.raises(NoAnswer, match=r"SERVFAIL; .* no answer within"):
        await exchange.ask(*A_ORG)
    assert [source.asked for source in sources] == [1, 2]
    for server in servers:
        await server.stop()


async def test_truncated_answer_is_fetched_over_tcp():
    exchange, (source,), (server,) = await asked_of(Records(ADDRESS.records, truncated=True))
    message = await exchange.ask(*A_ORG)
    assert len(message.answer) == 1
    assert source.asked == 2
    await server.stop()


async def test_resolver_and_server_understand_each_other():
    zones = Zones(["example.org"], [Record("example.org", "MX", "10 mx.example.org.")])
    server = await serve_dns(zones, "127.0.0.1", 0)
    asked = CachingResolver(NetworkExchange([NameServer(*server.address)]), FakeClock())
    assert (await asked.mx("example.org")).records == (MxRecord(10, "mx.example.org"),)
    assert isinstance(await asked.mx("nothing.example.org"), NoSuchName)
    assert isinstance(await asked.txt("example.org"), NoData)
    assert isinstance(await asked.mx("elsewhere.net"), Unavailable)
    await server.stop()
