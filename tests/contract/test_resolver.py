"""The port `Resolver`: the fake of the tests and the real one over a real server keep the same contract."""

import asyncio

import pytest
from fakes.clock import FakeClock
from fakes.resolver import FakeResolver
from youtong.mta.dns.answers import Family, Found, MxRecord, NoData, NoSuchName, Unavailable
from youtong.mta.dns.exchange import NetworkExchange
from youtong.mta.dns.resolver import CachingResolver
from youtong.mta.dns.server import serve_dns
from youtong.mta.dns.servers import NameServer
from youtong.mta.dns.zones import Record, ServerFailure, Zones


class HalfBrokenZones(Zones):
    def answer(self, qname: str, qtype: str):
        return ServerFailure() if qname == "broken.example" else super().answer(qname, qtype)


@pytest.fixture(params=["fake", "real"])
async def resolver(request):
    if request.param == "fake":
        fake = FakeResolver().has_mx("good.example", (10, "mx.good.example")).fails("broken.example")
        yield (
            fake.has_addresses("good.example", "192.0.2.1", "2001:db8::1")
            .has_txt("mx.good.example", b"x")
            .has_txt("good.example", b"a b")
        )
        return
    zones = HalfBrokenZones(["example"])
    texts = [("MX", "10 MX.good.example."), ("A", "192.0.2.1"), ("AAAA", "2001:DB8:0::1"), ("TXT", '"a " "b"')]
    for rdtype, text in texts:
        zones.add(Record("good.example", rdtype, text))
    zones.add(Record("mx.good.example", "TXT", "x"))
    server = await serve_dns(zones, "127.0.0.1", 0)
    yield CachingResolver(NetworkExchange([NameServer(*server.address)]), FakeClock())
    await server.stop()


async def test_found_records_have_one_form(resolver):
    found = await resolver.mx("good.example")
    assert (found.records, found.ttl_seconds) == ((MxRecord(10, "mx.good.example"),), 300)
    assert (await resolver.addresses("good.example", Family.IPV4)).records == ("192.0.2.1",)
    assert (await resolver.addresses("good.example", Family.IPV6)).records == ("2001:db8::1",)
    assert (await resolver.txt("good.example")).records == (b"a b",)


async def test_the_three_ways_of_having_nothing_differ(resolver):
    assert isinstance(await resolver.mx("nothing.example"), NoSuchName)
    assert isinstance(await resolver.mx("broken.example"), Unavailable)
    assert isinstance(await resolver.mx("mx.good.example"), NoData)


async def test_many_askers_all_get_the_answer(resolver):
    answers = await asyncio.gather(*(resolver.mx("good.example") for _ in range(20)))
    assert all(isinstance(answer, Found) for answer in answers)
