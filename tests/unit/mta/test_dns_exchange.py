"""mta.dns.exchange and transport over real packets: failover, forgeries, truncation, EDNS, what each server said."""

import asyncio
import contextlib
import itertools

import dns.edns
import dns.flags
import dns.message
import pytest
from fakes.clock import FakeClock
from fakes.name_server import answering, name_server, silent
from hypothesis import HealthCheck, given, settings, strategies as st
from youtong.mta.dns.answers import Family, Found, NoData, NoSuchName, Trouble, Unavailable
from youtong.mta.dns.exchange import MAX_IN_FLIGHT, NetworkExchange
from youtong.mta.dns.reading import Alias
from youtong.mta.dns.records import ADDRESS, MX, TXT
from youtong.mta.dns.servers import NameServer

A = ADDRESS[Family.IPV4]
ADDRESS_LINE = "a.org. 300 IN A 192.0.2.1"
GOOD = answering(ADDRESS_LINE)
QUICK = (0.05, 0.05)
PATIENT = (20.0, 20.0)


@contextlib.asynccontextmanager
async def servers(*scripts, patience=PATIENT, clock=None):
    """An exchange over one server for each script, and the servers."""
    async with contextlib.AsyncExitStack() as stack:
        fakes = [await stack.enter_async_context(name_server(script)) for script in scripts]
        yield NetworkExchange([fake.server for fake in fakes], patience, clock or FakeClock()), *fakes


async def until(condition) -> None:
    """What happens beside the test has happened."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - the loop's own work is waited for, nothing else
            await asyncio.sleep(0)


async def test_an_answer_names_the_server_that_gave_it():
    async with servers(GOOD) as (exchange, server):
        assert await exchange.ask("a.org", A) == Found(("192.0.2.1",), 300, "", str(server.server))


FAILING = {
    "servfail": answering(rcode="SERVFAIL"),
    "refused": answering(rcode="REFUSED"),
    "notimp": answering(rcode="NOTIMP"),
    "lame": answering(authority=["org. 300 IN NS ns.org."], flags=0),
    "garbage": lambda query: answering(ADDRESS_LINE)(query)[:-20],
    "alias-loop": answering("a.org. 60 IN CNAME b.org.", "b.org. 60 IN CNAME a.org."),
}
KINDS = {
    "servfail": Trouble.SERVER_FAILURE,
    "refused": Trouble.REFUSED,
    "notimp": Trouble.REFUSED,
    "lame": Trouble.LAME,
    "garbage": Trouble.MALFORMED,
    "alias-loop": Trouble.ALIAS_LOOP,
}


@pytest.mark.parametrize("failing", FAILING)
async def test_the_next_server_is_asked_when_one_fails(failing):
    async with servers(FAILING[failing], GOOD) as (exchange, _, second):
        answer = await exchange.ask("a.org", A)
        assert (answer.records, answer.server) == (("192.0.2.1",), str(second.server))


@pytest.mark.parametrize("failing", FAILING)
async def test_a_failure_has_its_kind_and_its_server(failing):
    async with servers(FAILING[failing]) as (exchange, server):
        answer = await exchange.ask("a.org", A)
        assert isinstance(answer, Unavailable)
        assert (answer.kind, answer.server) == (KINDS[failing], str(server.server))
        assert answer.why.startswith(f"{server.server} says ")


async def test_a_server_that_fails_where_another_answers_is_asked_last():
    async with servers(FAILING["refused"], GOOD) as (exchange, first, second):
        for _ in range(3):
            await exchange.ask("a.org", A)
        assert (len(first.asked), len(second.asked)) == (1, 3)
        assert [seen.why for seen in exchange.servers()] == ["REFUSED", ""]


async def test_three_servfails_in_a_row_where_another_answers_are_the_servers_own():
    async with servers(FAILING["servfail"], GOOD) as (exchange, first, _):
        for _ in range(5):
            await exchange.ask("a.org", A)
        assert len(first.asked) == 3


async def test_a_question_that_nobody_answers_says_nothing_about_the_servers():
    async with servers(FAILING["servfail"], FAILING["refused"]) as (exchange, first, second):
        for _ in range(5):
            await exchange.ask("a.org", A)
        assert (len(first.asked), len(second.asked)) == (5, 5)
        assert [seen.why for seen in exchange.servers()] == ["", ""]


async def test_a_resting_server_is_probed_beside_a_question_and_comes_back():
    clock = FakeClock()
    async with servers(FAILING["refused"], GOOD, clock=clock) as (exchange, first, second):
        await exchange.ask("a.org", A)
        clock.advance(5)
        probed = asyncio.Event()
        first.udp = lambda query: (probed.set(), GOOD(query))[1]
        assert (await exchange.ask("a.org", A)).server == str(second.server)
        await probed.wait()
        await until(lambda: not exchange.servers()[0].why)
        assert (await exchange.ask("a.org", A)).server == str(first.server)


async def test_a_probe_in_vain_doubles_the_rest():
    clock = FakeClock()
    async with servers(FAILING["refused"], GOOD, clock=clock) as (exchange, first, _):
        await exchange.ask("a.org", A)
        clock.advance(5)
        await exchange.ask("a.org", A)
        await until(lambda: exchange.servers()[0].rests_seconds == 10)
        clock.advance(9)
        await exchange.ask("a.org", A)
        assert len(first.asked) == 2


async def test_a_silent_server_is_passed_over_and_then_asked_last():
    async with servers(silent, GOOD, patience=(0.05, 20.0)) as (exchange, first, second):
        for _ in range(2):
            assert (await exchange.ask("a.org", A)).server == str(second.server)
        assert len(first.asked) == 1


async def test_the_only_silent_server_is_asked_again_without_edns():
    async with servers(silent, patience=QUICK) as (exchange, server):
        answer = await exchange.ask("a.org", A)
        assert answer.kind is Trouble.TIMEOUT
        assert answer.why == f"{server.server}: no answer within 0.05 s"
        assert server.asked == ["udp a.org. A edns", "udp a.org. A"]


async def test_nobody_listening_is_heard_at_once():
    async with name_server(GOOD) as gone:
        pass
    exchange = NetworkExchange([gone.server], PATIENT, FakeClock())
    answer = await exchange.ask("a.org", A)
    assert (answer.kind, answer.server) == (Trouble.UNREACHABLE, str(gone.server))
    assert "refused" in answer.why.lower()


async def test_when_all_fail_the_kind_that_says_most_is_told_and_every_servers_words():
    async with servers(silent, FAILING["refused"], FAILING["servfail"], patience=QUICK) as (exchange, *fakes):
        answer = await exchange.ask("a.org", A)
        assert (answer.kind, answer.server) == (Trouble.SERVER_FAILURE, str(fakes[2].server))
        assert answer.why == (
            f"{fakes[0].server}: no answer within 0.05 s; {fakes[1].server} says REFUSED; "
            f"{fakes[2].server} says SERVFAIL"
        )


# -- extended errors --------------------------------------------------------------------------------------------------


def explained(rcode: str, code: int, text: str | None = None):
    return answering(rcode=rcode, edes=[dns.edns.EDEOption(code, text)])


async def test_bogus_is_told_from_servfail_in_words_and_no_other_server_is_believed():
    async with servers(explained("SERVFAIL", 7, "for a.org"), GOOD) as (exchange, first, second):
        answer = await exchange.ask("a.org", A)
        assert answer.kind is Trouble.BOGUS
        assert answer.why == f"{first.server} says SERVFAIL (signature expired: for a.org)"
        assert second.asked == []


@pytest.mark.parametrize(("code", "words"), [(22, "no reachable authority"), (49999, "extended error 49999")])
async def test_servfail_for_another_reason_is_no_bogus(code, words):
    async with servers(explained("SERVFAIL", code)) as (exchange, server):
        answer = await exchange.ask("a.org", A)
        assert answer.kind is Trouble.SERVER_FAILURE
        assert answer.why == f"{server.server} says SERVFAIL ({words})"


@pytest.mark.parametrize("code", [4, 15, 16, 17, 18])
@pytest.mark.parametrize("rcode", ["NXDOMAIN", "NOERROR", "REFUSED"])
async def test_what_a_server_blocks_is_not_the_domains_word(rcode, code):
    async with servers(explained(rcode, code)) as (exchange, _):
        assert (await exchange.ask("a.org", A)).kind is Trouble.BLOCKED


async def test_stale_nxdomain_fails_no_letter():
    async with servers(explained("NXDOMAIN", 19)) as (exchange, _):
        assert isinstance(await exchange.ask("a.org", A), Unavailable)


async def test_a_servers_words_are_printable_and_short():
    async with servers(explained("SERVFAIL", 0, "line\r\n\x1b[31m\u4e2d" + "x" * 400)) as (exchange, _):
        why = (await exchange.ask("a.org", A)).why
        assert why.isascii()
        assert why.isprintable()
        assert len(why) < 200


# -- forgeries --------------------------------------------------------------------------------------------------------

FORGED = answering("a.org. 300 IN A 203.0.113.66")


def changed(script, **changes):
    def forged(query: dns.message.Message) -> bytes:
        octets = bytearray(script(query))
        for position, value in changes.values():
            octets[position] = value(octets[position])
        return bytes(octets)

    return forged


def of_other_question(query: dns.message.Message) -> bytes:
    other = dns.message.make_query("b.org", "A", id=query.id)
    return answering("b.org. 300 IN A 203.0.113.66")(other)


STRAYS = {
    "wrong id": changed(FORGED, id=(0, lambda octet: octet ^ 1)),
    "a query": changed(FORGED, flags=(2, lambda octet: octet & 0x7F)),
    "an update": changed(FORGED, flags=(2, lambda octet: octet | 0x28)),
    "another name": of_other_question,
    "another type": changed(FORGED, qtype=(20, lambda octet: 28)),
    "two questions": changed(FORGED, count=(5, lambda octet: 2)),
    "no question": lambda query: FORGED(query)[:4] + bytes(8),
    "an octet": lambda query: b"\0",
}


@pytest.mark.parametrize("stray", STRAYS)
async def test_what_was_not_asked_for_is_passed_over_and_the_answer_awaited(stray):
    async with servers(lambda query: (STRAYS[stray](query), GOOD(query))) as (exchange, _):
        assert (await exchange.ask("a.org", A)).records == ("192.0.2.1",)


@pytest.mark.parametrize("stray", STRAYS)
async def test_strays_alone_are_a_time_out_that_tells_of_them(stray):
    async with servers(STRAYS[stray], patience=QUICK) as (exchange, _):
        answer = await exchange.ask("a.org", A)
        assert answer.kind is Trouble.TIMEOUT
        assert answer.why.endswith("no answer within 0.05 s, but 1 datagrams that answer something else")


async def test_a_datagram_from_another_address_is_not_heard():
    loop = asyncio.get_running_loop()
    stranger, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))

    def script(query: dns.message.Message) -> bytes:
        stranger.sendto(FORGED(query), server.peers[-1])
        return GOOD(query)

    async with servers(script) as (exchange, server):
        assert (await exchange.ask("a.org", A)).records == ("192.0.2.1",)
    stranger.close()


async def test_ids_and_ports_are_drawn_anew_for_each_question():
    async with servers(GOOD) as (exchange, server):
        await asyncio.gather(*(exchange.ask("a.org", A) for _ in range(40)))
        assert len({query.id for query in server.queries}) > 30
        ports = [port for _, port in server.peers]
        assert len(set(ports)) > 30
        steps = {second - first for first, second in itertools.pairwise(ports)}
        assert len(steps) > 20  # not one after the other


async def test_records_of_other_names_are_not_believed():
    lines = ("b.org. 300 IN A 203.0.113.66", ADDRESS_LINE, "org. 300 IN A 203.0.113.67")
    async with servers(answering(*lines)) as (exchange, _):
        assert (await exchange.ask("a.org", A)).records == ("192.0.2.1",)


# -- truncation -------------------------------------------------------------------------------------------------------


def truncated(query: dns.message.Message) -> bytes:
    message = dns.message.make_response(query)
    message.flags |= dns.flags.TC
    return message.to_wire() + b"\xc0"  # what follows is cut anywhere


async def test_a_truncated_answer_is_fetched_over_tcp():
    long = answering(*(f'a.org. 300 IN TXT "{number:0250}"' for number in range(60)))
    async with name_server(truncated, long) as server:
        answer = await NetworkExchange([server.server], PATIENT).ask("a.org", TXT)
        assert len(answer.records) == 60
        assert server.asked == ["udp a.org. TXT edns", "tcp a.org. TXT edns"]


@pytest.mark.parametrize(
    ("over_tcp", "kind", "words"),
    [
        (truncated, Trouble.MALFORMED, "over TCP to something else"),
        (of_other_question, Trouble.MALFORMED, "over TCP to something else"),
        (silent, Trouble.MALFORMED, "ends too early"),
        (lambda query: b"", Trouble.MALFORMED, "over TCP to something else"),
    ],
)
async def test_a_failure_over_tcp_is_the_servers(over_tcp, kind, words):
    async with name_server(truncated, over_tcp) as server:
        answer = await NetworkExchange([server.server], PATIENT).ask("a.org", A)
        assert answer.kind is kind
        assert words in answer.why


async def test_a_server_without_tcp_is_unreachable_for_large_answers_and_the_next_one_asked():
    async with name_server(truncated, without_tcp=True) as first, name_server(GOOD) as second:
        answer = await NetworkExchange([first.server, second.server], PATIENT).ask("a.org", A)
        assert answer.server == str(second.server)


async def test_a_server_that_says_nothing_over_tcp_is_a_time_out():
    closed = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        closed.set()

    async with name_server(truncated, without_tcp=True) as server:
        listener = await asyncio.start_server(mute, "127.0.0.1", server.server.port)
        answer = await NetworkExchange([server.server], (0.1,)).ask("a.org", A)
        assert (answer.kind, answer.why.partition(": ")[2]) == (Trouble.TIMEOUT, "no answer over TCP within 0.1 s")
        await closed.wait()
        listener.close()
        await listener.wait_closed()


# -- EDNS -------------------------------------------------------------------------------------------------------------


def choking(rcode: str, *, with_question: bool = True):
    def script(query: dns.message.Message) -> bytes:
        if query.edns < 0:
            return GOOD(query)
        octets = answering(rcode=rcode)(dns.message.make_query("a.org", "A", id=query.id))
        return octets if with_question else octets[:4] + bytes(8)

    return script


@pytest.mark.parametrize("rcode", ["FORMERR", "NOTIMP"])
@pytest.mark.parametrize("with_question", [True, False])
async def test_a_server_that_chokes_on_edns_is_asked_without_from_then_on(rcode, with_question):
    async with servers(choking(rcode, with_question=with_question)) as (exchange, server):
        for _ in range(2):
            assert isinstance(await exchange.ask("a.org", A), Found)
        assert server.asked == ["udp a.org. A edns", "udp a.org. A", "udp a.org. A"]


async def test_edns_is_tried_again_after_an_hour():
    clock = FakeClock()
    async with servers(choking("FORMERR"), clock=clock) as (exchange, server):
        await exchange.ask("a.org", A)
        clock.advance(3600)
        server.udp = GOOD
        await exchange.ask("a.org", A)
        assert server.asked[-1] == "udp a.org. A edns"


async def test_a_server_that_drops_edns_is_reached_at_the_second_try():
    async with servers(lambda query: None if query.edns >= 0 else GOOD(query), patience=(0.05, 20.0)) as (exchange, _):
        assert isinstance(await exchange.ask("a.org", A), Found)


async def test_formerr_without_edns_too_is_a_refusal():
    async with servers(answering(rcode="FORMERR")) as (exchange, server):
        answer = await exchange.ask("a.org", A)
        assert answer.kind is Trouble.REFUSED
        assert len(server.asked) == 2


# -- many at once -----------------------------------------------------------------------------------------------------


async def test_no_more_than_the_bound_travel_at_once():
    held: list[dns.message.Message] = []
    async with servers(held.append) as (exchange, _):
        asking = [asyncio.create_task(exchange.ask(f"n{number}.org", A)) for number in range(MAX_IN_FLIGHT + 50)]
        await until(lambda: len(held) == MAX_IN_FLIGHT)
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(held) == MAX_IN_FLIGHT
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


# -- any octets -------------------------------------------------------------------------------------------------------

SEEDS = (
    answering(ADDRESS_LINE),
    answering("a.org. 60 IN CNAME b.org.", "b.org. 30 IN A 192.0.2.1"),
    answering(authority=["org. 900 IN SOA a. b. 1 2 3 4 120"], rcode="NXDOMAIN"),
    answering(rcode="SERVFAIL", edes=[dns.edns.EDEOption(6, "no")]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(st.tuples(st.integers(2, 150), st.integers(0, 255)), max_size=6),
    cut=st.integers(0, 60),
    tail=st.binary(max_size=20),
)
def test_any_octets_over_the_network_give_an_answer_or_a_typed_failure(seed, edits, cut, tail):
    def mangled(query: dns.message.Message) -> bytes:
        octets = bytearray(seed(query))
        for position, value in edits:
            octets[position % len(octets)] = value
        return bytes(octets[: len(octets) - cut]) + tail

    async def ask() -> None:
        async with servers(mangled, patience=(0.02,)) as (exchange, _):
            answer = await exchange.ask("a.org", A)
            assert isinstance(answer, Found | NoSuchName | NoData | Unavailable | Alias)
            if isinstance(answer, Unavailable):
                assert answer.why.isascii()
                assert answer.server

    asyncio.run(ask())


def test_the_loop_of_the_server_process_asks_as_well():
    uvloop = pytest.importorskip("uvloop")

    async def ask() -> None:
        async with servers(truncated, GOOD, silent, patience=(0.05, 20.0)) as (exchange, _, second, _silent):
            async with name_server(GOOD) as gone:
                pass
            for _ in range(3):
                assert (await exchange.ask("a.org", A)).server == str(second.server)
            alone = NetworkExchange([gone.server], PATIENT)
            assert (await alone.ask("a.org", A)).kind is Trouble.UNREACHABLE

    uvloop.run(ask())


def test_an_exchange_over_a_server_of_another_family_says_so():
    async def ask():
        return await NetworkExchange([NameServer("2001:db8::1")], (0.05,)).ask("a.org", MX)

    assert asyncio.run(ask()).kind in {Trouble.UNREACHABLE, Trouble.TIMEOUT}
