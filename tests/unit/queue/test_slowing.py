"""Slowed limits: never larger than the full ones, never nothing, and each says whose slowing it is."""

from hypothesis import given, strategies as st
from youtong.queue.limits import EgressLimits, Limit, RateLimit, SiteLimits
from youtong.queue.pace.slowing import because, slowed, slowed_sender, slowed_site
from youtong.queue.pace.suspensions import Suspension, SuspensionScope

counts = st.integers(1, 100_000)
rates = st.builds(RateLimit, counts, st.sampled_from([1.0, 60.0, 3600.0, 86400.0]), st.just("default"))
some_rates = st.lists(rates, max_size=3, unique_by=lambda rate: rate.seconds).map(tuple)
slowings = st.lists(
    st.builds(
        Suspension,
        id=st.integers(1, 9),
        scope=st.just(SuspensionScope.PROVIDER),
        subject=st.just("p"),
        stop=st.just(False),
        share=st.floats(0.0001, 1.0),
        message_rate=st.none() | rates,
        connections=st.integers(0, 20),
    ),
    max_size=4,
)


def limits_of(
    connections: int, mails: tuple[RateLimit, ...], connects: tuple[RateLimit, ...], site: SiteLimits | None = None
) -> EgressLimits:
    number = Limit(100, "default")
    return EgressLimits(
        Limit(connections, "default"), number, number, mails, connects, number, site=site or SiteLimits()
    )


def per_second(rate: RateLimit) -> float:
    return rate.count / rate.seconds


@given(counts, some_rates, some_rates, slowings)
def test_a_slowed_limit_is_never_larger_and_never_nothing(
    connections: int, mails: tuple[RateLimit, ...], connects: tuple[RateLimit, ...], slow: list[Suspension]
) -> None:
    full = limits_of(connections, mails, connects)
    less = slowed(full, slow)
    assert 1 <= less.connections.value <= connections
    assert all(rate.count >= 1 for rate in (*less.message_rates, *less.connection_rates))
    for before, after in ((mails, less.message_rates), (connects, less.connection_rates)):
        for rate in before:  # something in force is at least as strict, over any length of time
            assert any(
                each.count <= rate.count and per_second(each) <= per_second(rate) * 1.000001 for each in after
            ), (rate, after)


@given(counts, some_rates, slowings, slowings)
def test_more_slowings_never_let_more_through(
    connections: int, mails: tuple[RateLimit, ...], some: list[Suspension], others: list[Suspension]
) -> None:
    full = limits_of(connections, mails, ())
    less, least = slowed(full, some), slowed(full, [*some, *others])
    assert least.connections.value <= less.connections.value
    for rate in less.message_rates:
        assert any(per_second(each) <= per_second(rate) * 1.000001 for each in least.message_rates)


def test_one_percent_of_ten_a_second_is_one_in_ten_seconds() -> None:
    full = limits_of(10, (RateLimit(10, 1.0, "default"), RateLimit(1000, 3600.0, "default")), ())
    less = slowed(full, [slow(share=0.01)])
    assert [(rate.count, rate.seconds) for rate in less.message_rates] == [(1, 10.0), (10, 3600.0)]
    assert less.connections.value == 1


def test_the_smallest_of_several_numbers_counts_and_says_whose_it_is() -> None:
    full = limits_of(10, (RateLimit(600, 60.0, "default"),), (RateLimit(10, 60.0, "default"),))
    by_rule = slow(share=0.5, rule="google-too-fast", number=7, until_ms=1_700_000_000_000)
    by_person = slow(rate=RateLimit(10, 60.0, ""), connections=2, who="ann", number=8)
    less = slowed(full, [by_rule, by_person])
    assert less.message_rates == (RateLimit(10, 60.0, "operator ann, until resumed (suspension 8)"),)
    assert less.connections == Limit(2, because(by_person))
    assert less.connection_rates == (RateLimit(5, 60.0, "google-too-fast, until 2023-11-14 22:13:20Z (suspension 7)"),)


def test_without_slowings_the_limits_are_the_very_same() -> None:
    full = limits_of(10, (RateLimit(600, 60.0, "default"),), ())
    assert slowed(full, []) is full
    assert slowed_site(full, []) is full.site
    assert slowed_sender(full, []) == ()


def test_a_site_is_slowed_from_its_own_numbers_or_the_lanes() -> None:
    lane = limits_of(10, (RateLimit(600, 60.0, "default"),), ())
    assert [(rate.count, rate.seconds) for rate in slowed_site(lane, [slow(share=0.1)]).message_rates] == [(60, 60.0)]
    own = limits_of(10, lane.message_rates, (), SiteLimits(Limit(4, "rule"), (RateLimit(20, 60.0, "rule"),)))
    less = slowed_site(own, [slow(share=0.5)])
    assert less.connections is not None
    assert (less.connections.value, less.message_rates[0].count) == (2, 10)
    fewer = slowed_site(lane, [slow(connections=1)])
    assert (fewer.connections, fewer.message_rates) == (Limit(1, because(slow(connections=1))), ())


def slow(
    *,
    share: float = 1.0,
    rate: RateLimit | None = None,
    connections: int = 0,
    rule: str = "",
    who: str = "",
    number: int = 1,
    until_ms: int | None = None,
) -> Suspension:
    return Suspension(
        number, SuspensionScope.PROVIDER, "p", stop=False, share=share, message_rate=rate, connections=connections,
        rule=rule, who=who, until_ms=until_ms,
    )  # fmt: skip
