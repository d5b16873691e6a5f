"""The simulated name system's ways to answer, asked without packets; and its silent name server, with them."""

import dns.asyncquery
import dns.exception
import dns.message
import pytest
from fakes.clock import FakeClock
from fakes.simulated import ANYWHERE, simulated
from youtong.mta.dns.zones import Records, ServerFailure
from youtong.mta.simulator.names import SimulatedNames
from youtong.mta.simulator.provider import Provider
from youtong.mta.simulator.reading import read_settings

HOST = '{ host = "mx.p.test", address = "127.0.0.1" }'


def names(mx: str = HOST, more: str = "", domain: str = "p.test") -> SimulatedNames:
    text = f'[[provider]]\nname = "p"\ndomains = ["{domain}"]\nmx = [{mx}]\n{more}'
    return SimulatedNames([Provider(each, FakeClock(), 10) for each in read_settings(text).provider])


def texts(source: SimulatedNames, name: str, rdtype: str) -> list[str]:
    answer = source.answer(name, rdtype)
    assert isinstance(answer, Records), answer
    return [f"{record.name} {record.rdtype} {record.text}" for record in answer.records]


def test_host_that_is_there_twice_has_two_addresses_and_one_mx_record():
    source = names('{ host = "mx.p.test", address = "127.0.0.1" }, { host = "mx.p.test", address = "127.0.0.2" }')
    assert texts(source, "p.test", "MX") == ["p.test MX 10 mx.p.test."]
    assert texts(source, "mx.p.test", "A") == ["mx.p.test A 127.0.0.1", "mx.p.test A 127.0.0.2"]


def test_range_of_hosts_is_many_names_of_one_address():
    source = names('{ host = "mx{00..29}.p.test", address = "127.0.0.1" }')
    assert len(texts(source, "p.test", "MX")) == 30
    assert texts(source, "mx29.p.test", "A") == ["mx29.p.test A 127.0.0.1"]


def test_each_domain_may_have_an_mx_name_of_its_own():
    source = names('{ host = "t{00..29}.mx.test", address = "127.0.0.1" }', "own_mx = true\n", "d{00..29}.test")
    assert texts(source, "d00.test", "MX") == ["d00.test MX 10 t00.mx.test."]
    assert texts(source, "d29.test", "MX") == ["d29.test MX 10 t29.mx.test."]
    assert texts(source, "t29.mx.test", "A") == ["t29.mx.test A 127.0.0.1"]


def test_host_may_be_an_alias():
    source = names('{ host = "mx.p.test", alias = "real.p.test", address = "127.0.0.1" }')
    assert texts(source, "mx.p.test", "A") == ["mx.p.test CNAME real.p.test.", "real.p.test A 127.0.0.1"]


def test_domain_may_be_an_alias_for_a_name_with_its_mx():
    source = names(more='dns = "cname"')
    assert texts(source, "p.test", "MX") == ["p.test CNAME alias.p.test.", "alias.p.test MX 10 mx.p.test."]
    assert texts(source, "alias.p.test", "MX") == ["alias.p.test MX 10 mx.p.test."]


def test_aliases_may_go_round_in_a_circle():
    source = names(more='dns = "cname-loop"')
    loop = ["p.test CNAME loop.p.test.", "loop.p.test CNAME p.test."]
    assert texts(source, "p.test", "MX") == loop
    assert texts(source, "loop.p.test", "MX") == loop[::-1]


def test_domain_and_host_may_be_written_in_their_own_letters():
    source = names('{ host = "mx.bücher.test", address = "127.0.0.1" }', domain="bücher.test")
    assert texts(source, "xn--bcher-kva.test", "MX") == ["xn--bcher-kva.test MX 10 mx.xn--bcher-kva.test."]
    assert texts(source, "mx.xn--bcher-kva.test", "A") == ["mx.xn--bcher-kva.test A 127.0.0.1"]


def test_trouble_ends_after_so_many_questions():
    source = names(more='dns = "servfail"\ndns_times = 2')
    assert [isinstance(source.answer("p.test", "MX"), ServerFailure) for _ in range(3)] == [True, True, False]


async def test_bogus_answer_says_why_to_whoever_speaks_edns():
    text = f'{ANYWHERE}[[provider]]\nname = "p"\ndomains = ["p.test"]\ndns = "bogus"\n'
    async with simulated(text) as simulator:
        address, port = simulator.dns_address
        for edns, codes in ((0, [6]), (-1, [])):
            query = dns.message.make_query("p.test", "MX", use_edns=edns)
            response = await dns.asyncquery.udp(query, address, port=port, timeout=5)
            assert response.rcode() == 2
            assert [int(each.code) for each in response.extended_errors()] == codes


async def test_silent_name_server_never_answers():
    async with simulated(ANYWHERE + 'silent_dns = "127.0.0.1:0"\n') as simulator:
        address, port = simulator.silent_dns_address
        with pytest.raises(dns.exception.Timeout):
            await dns.asyncquery.udp(dns.message.make_query("p.test", "MX"), address, port=port, timeout=0.05)
