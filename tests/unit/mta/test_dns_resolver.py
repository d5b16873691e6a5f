"""mta.dns.resolver and cache: one question for many askers, aliases across messages, answers that age."""

import asyncio

import dns.message
import pytest
from fakes.clock import FakeClock
from youtong.mta.dns.answers import Family, Found, MxRecord, NoData, NoSuchName, Trouble, Unavailable
from youtong.mta.dns.cache import AnswerCache
from youtong.mta.dns.message import question_octets
from youtong.mta.dns.reading import read
from youtong.mta.dns.records import RecordKind
from youtong.mta.dns.resolver import MAX_ALIASES, CachingResolver
from youtong.mta.dns.servers import NameServer, name_servers, parse_server


class ScriptedExchange:
    """Gives the messages it was told, as text; `asked` counts."""

    def __init__(self, *scripts: str) -> None:
        self.scripts = list(scripts)
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def ask(self, name: str, kind: RecordKind):
        question = f"{name}. {kind.name}"
        self.asked.append(question)
        question_octets(name, kind.number)
        await self.gate.wait()
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        if script.startswith("!"):
            return Unavailable(script[1:])
        rcode, _, records = script.partition("|")
        head = f"id 1\nopcode QUERY\nrcode {rcode}\nflags QR\n;QUESTION\n{name}. IN {kind.name}\n"
        return read(dns.message.from_text(head + records.replace("|", "\n")).to_wire(), name, kind)


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
    assert await asked.addresses("a.org", Family.IPV4) == Found(("192.0.2.1",), 30, "b.org")
    assert len(exchange.asked) == 1


async def test_alias_to_another_zone_is_asked_for():
    asked, exchange = resolver("NOERROR|;ANSWER|a.org. 20 IN CNAME b.org.", "NOERROR|;ANSWER|b.org. 30 IN A 192.0.2.1")
    assert await asked.addresses("a.org", Family.IPV4) == Found(("192.0.2.1",), 20, "b.org")
    assert exchange.asked == ["a.org. A", "b.org. A"]


async def test_alias_of_a_name_that_does_not_exist_does_not_exist():
    asked, _ = resolver("NOERROR|;ANSWER|a.org. 20 IN CNAME b.org.", NX)
    assert await asked.addresses("a.org", Family.IPV4) == NoSuchName(20)


async def test_aliases_in_a_circle_across_messages_are_unavailable_and_end_there():
    asked, exchange = resolver("NOERROR|;ANSWER|a.org. 60 IN CNAME b.org.", "NOERROR|;ANSWER|b.org. 60 IN CNAME a.org.")
    answer = await asked.mx("a.org")
    assert isinstance(answer, Unavailable)
    assert answer.kind is Trouble.ALIAS_LOOP
    assert len(exchange.asked) == 2


async def test_endless_aliases_are_unavailable():
    asked, exchange = resolver(*(f"NOERROR|;ANSWER|n{n}.org. 60 IN CNAME n{n + 1}.org." for n in range(20)))
    assert isinstance(await asked.addresses("n0.org", Family.IPV4), Unavailable)
    assert len(exchange.asked) == MAX_ALIASES


async def test_a_name_that_cannot_exist_does_not():
    asked, exchange = resolver(MX)
    for name in ("a" * 64 + ".org", "a..org", ".org", "x." * 130 + "org", "\u2024.org", "xn--\u00fc.org"):
        assert isinstance(await asked.mx(name), NoSuchName), name
    assert len(set(exchange.asked)) == len(exchange.asked)


async def test_u_labels_are_asked_for_as_a_labels():
    asked, exchange = resolver(MX)
    await asked.mx("M\u00fcnchen.example")
    await asked.mx("xn--MNCHEN-3ya.example.")
    assert exchange.asked == ["xn--mnchen-3ya.example. MX"]


async def test_strings_of_a_txt_record_are_joined():
    asked, _ = resolver('NOERROR|;ANSWER|a.org. 60 IN TXT "v=DKIM1; " "p=AB"')
    assert (await asked.txt("a.org")).records == (b"v=DKIM1; p=AB",)


def test_ttls_are_clamped():
    cache = AnswerCache(FakeClock(), 10)
    assert cache.put("a", Found((1,), 0)).ttl_seconds == 5
    assert cache.put("b", Found((1,), 10_000_000)).ttl_seconds == 86_400
    assert cache.put("c", NoSuchName(10_000_000)).ttl_seconds == 3600
    assert cache.put("d", NoData(10_000_000)).ttl_seconds == 3600


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


async def test_failures_that_are_forgotten_are_asked_for_again_and_records_are_kept():
    asked, exchange = resolver(MX, "!silent", NX, MX)
    await asked.mx("example.org")
    assert isinstance(await asked.mx("slow.example.org"), Unavailable)
    assert isinstance(await asked.mx("none.example.org"), NoSuchName)
    assert asked.forget_failures() == 2
    assert asked.forget_failures() == 0
    for name in ("example.org", "slow.example.org", "none.example.org"):
        await asked.mx(name)
    assert exchange.asked.count("example.org. MX") == 1
    assert exchange.asked.count("slow.example.org. MX") == 2
    assert exchange.asked.count("none.example.org. MX") == 2
