"""mta.dns.server and zones: packets in, packets out, over real sockets."""

import asyncio
import struct

import dns.asyncquery
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import pytest
from hypothesis import example, given, strategies as st
from youtong.mta.dns.server import DnsServer, serve_dns
from youtong.mta.dns.zones import NameMissing, NotOurs, Record, Records, ServerFailure, TypeMissing, Zones


def zones() -> Zones:
    made = Zones(["example.org"])
    made.add(Record("example.org", "MX", "10 mx.example.org."))
    made.add(Record("deep.down.example.org", "A", "192.0.2.9"))
    made.add(Record("alias.example.org", "CNAME", "deep.down.example.org."))
    made.add(Record("loop.example.org", "CNAME", "loop.example.org."))
    for number in range(200):
        made.add(Record("big.example.org", "A", f"192.0.{number}.1"))
    return made


@pytest.fixture
async def server():
    running = await serve_dns(zones(), "127.0.0.1", 0)
    yield running
    await running.stop()


@pytest.mark.parametrize("transport", [dns.asyncquery.udp, dns.asyncquery.tcp])
async def test_records_are_answered_with_authority(server, transport):
    query = dns.message.make_query("Example.ORG", "MX")
    reply = await transport(query, server.address[0], port=server.address[1], timeout=5)
    assert reply.flags & dns.flags.AA
    assert str(reply.answer[0][0]).lower() == "10 mx.example.org."


async def test_two_questions_travel_over_one_tcp_connection(server):
    reader, writer = await asyncio.open_connection(*server.address)
    queries = [dns.message.make_query(name, "A") for name in ("deep.down.example.org", "alias.example.org")]
    for query in queries:
        wire = query.to_wire()
        writer.write(struct.pack("!H", len(wire)) + wire)
    for query in queries:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        assert query.is_response(dns.message.from_wire(await reader.readexactly(length)))
    writer.close()
    await writer.wait_closed()


async def test_an_answer_too_large_for_udp_is_truncated_and_whole_over_tcp(server):
    query = dns.message.make_query("big.example.org", "A", use_edns=0, payload=1232)
    reply, used_tcp = await dns.asyncquery.udp_with_fallback(query, server.address[0], 5, server.address[1])
    assert used_tcp
    assert len(reply.answer[0]) == 200


def test_name_below_which_records_exist_is_not_missing():
    assert isinstance(zones().answer("down.example.org", "A"), TypeMissing)


def test_name_without_records_below_is_missing():
    assert zones().answer("nothing.example.org", "A") == NameMissing("example.org")


def test_name_of_another_zone_is_not_ours():
    assert isinstance(zones().answer("example.net", "A"), NotOurs)
    assert isinstance(zones().answer("", "NS"), NotOurs)


def test_alias_is_answered_with_its_target():
    answer = zones().answer("alias.example.org", "A")
    assert isinstance(answer, Records)
    assert [record.rdtype for record in answer.records] == ["CNAME", "A"]


def test_alias_to_itself_ends():
    assert isinstance(zones().answer("loop.example.org", "A"), Records)


def test_record_outside_every_zone_is_refused():
    with pytest.raises(ValueError):
        zones().add(Record("example.net", "A", "192.0.2.1"))


def response(wire: bytes) -> dns.message.Message:
    answered = DnsServer(zones()).respond(wire, udp=True)
    assert answered is not None
    return dns.message.from_wire(answered)


def test_negative_answer_carries_the_soa_of_its_zone():
    reply = response(dns.message.make_query("nothing.example.org", "A").to_wire())
    assert reply.rcode() == dns.rcode.NXDOMAIN
    assert str(reply.authority[0].name) == "example.org."
    assert reply.authority[0].ttl == 60


def test_broken_query_is_a_format_error():
    query = dns.message.make_query("example.org", "A").to_wire()
    assert response(query[:-3]).rcode() == dns.rcode.FORMERR


def test_other_opcodes_are_not_implemented():
    query = dns.message.make_query("example.org", "A")
    query.set_opcode(dns.opcode.STATUS)
    assert response(query.to_wire()).rcode() == dns.rcode.NOTIMP


def test_answers_and_crumbs_are_not_answered():
    server = DnsServer(zones())
    query = dns.message.make_query("example.org", "A")
    assert server.respond(dns.message.make_response(query).to_wire(), udp=True) is None
    assert server.respond(b"short", udp=True) is None


def test_fault_in_a_zone_source_is_servfail(caplog):
    class Broken:
        def answer(self, qname: str, qtype: str):
            raise KeyError(qname)

    wire = DnsServer(Broken()).respond(dns.message.make_query("example.org", "A").to_wire(), udp=True)
    assert dns.message.from_wire(wire).rcode() == dns.rcode.SERVFAIL
    assert "zone source" in caplog.text


class Fixed:
    def __init__(self, answer) -> None:
        self._answer = answer

    def answer(self, qname: str, qtype: str):
        return self._answer


def said(answer, *, edns: int = 0) -> dns.message.Message:
    query = dns.message.make_query("a.org", "A", use_edns=edns)
    octets = DnsServer(Fixed(answer)).respond(query.to_wire(), udp=True)
    assert octets is not None
    message = dns.message.from_wire(octets)
    assert query.is_response(message)
    return message


def test_an_extended_error_is_told_to_those_who_speak_edns():
    failure = ServerFailure(6, "no signature")
    (option,) = said(failure).options
    assert (option.code, option.text) == (6, "no signature")
    assert said(failure, edns=-1).edns == -1


@pytest.mark.parametrize(
    ("rdtype", "text"),
    [
        ("MX", "10 mx.b.org."),
        ("AAAA", "2001:db8::1"),
        ("TXT", '"v=spf1 -all" "x"'),
        ("CNAME", "b.org."),
        ("NS", "ns.b.org."),
    ],
)
def test_records_of_any_kind_are_what_dnspython_reads(rdtype, text):
    records = (Record("a.org", rdtype, text), Record("a.org", rdtype, text), Record("b.org", "A", "192.0.2.1", 7))
    first, second = said(Records(records)).answer
    assert first.to_text() == f"a.org. 300 IN {rdtype} {text}"
    assert second.to_text() == "b.org. 7 IN A 192.0.2.1"


@given(st.binary(max_size=80))
@example(dns.message.make_query("example.org", "A", use_edns=0).to_wire()[:-1])
@example(struct.pack("!HHHHHH", 1, 0, 1, 0, 0, 65535) + b"\0\0\1\0\1")
def test_any_octets_are_answered_or_passed_over(octets):
    answered = DnsServer(zones()).respond(octets, udp=True)
    if answered is not None:
        assert answered[:2] == octets[:2]
        dns.message.from_wire(answered)
