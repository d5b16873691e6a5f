"""Mail for a domain whose MX is this system: to our own listener, when deliveries can reach it."""

import pytest
from youtong.admin.config.values import Endpoint
from youtong.admin.route_finders import ToOurselves, own_address
from youtong.mta.delivery.host import Host
from youtong.mta.dns.route import RouteAnswer, Routed, RouteUnavailable, Unroutable, UnroutableKind

ELSEWHERE = Routed("mx.elsewhere.example", ("mx.elsewhere.example",), (Host("mx", ("192.0.2.1",)),), 60)


class Answers:
    def __init__(self, answer: RouteAnswer) -> None:
        self._answer = answer

    async def find(self, domain: str) -> RouteAnswer:
        return self._answer


async def test_a_domain_that_leads_to_us_is_routed_to_our_listener() -> None:
    loops = Answers(Unroutable("5.4.6", UnroutableKind.LOOPS_TO_US, "it is us"))
    found = await ToOurselves(loops.find, "mx.house.example", "127.0.0.1").find("customer.example")
    assert isinstance(found, Routed)
    assert (found.site, found.hosts) == ("mx.house.example", (Host("mx.house.example", ("127.0.0.1",)),))


@pytest.mark.parametrize(
    "answer",
    [
        ELSEWHERE,
        RouteUnavailable("silence"),
        Unroutable("5.1.2", UnroutableKind.NO_SUCH_DOMAIN, "no such domain"),
        Unroutable("5.1.10", UnroutableKind.TAKES_NO_MAIL, "null MX"),
    ],
)
async def test_every_other_answer_stands(answer: RouteAnswer) -> None:
    assert await ToOurselves(Answers(answer).find, "mx.house.example", "127.0.0.1").find("x.example") is answer


@pytest.mark.parametrize(
    ("listening", "reached"),
    [
        ((), None),
        ((Endpoint("127.0.0.1", 5525),), None),
        ((Endpoint("192.0.2.25", 25),), "192.0.2.25"),
        ((Endpoint("::", 25), Endpoint("0.0.0.0", 25)), "127.0.0.1"),
        ((Endpoint("::", 25),), "::1"),
        ((Endpoint("127.0.0.1", 5525), Endpoint("localhost", 25)), "127.0.0.1"),
    ],
)
def test_the_listener_is_reached_where_it_listens_at_the_delivery_port(
    listening: tuple[Endpoint, ...], reached: str | None
) -> None:
    assert own_address(listening, 25) == reached
