"""Several rates at once, and limits that change while permits are out and events count (Q4)."""

import pytest
from hypothesis import given, strategies as st
from youtong.queue.limits import RateLimit
from youtong.queue.pace.windows import PLENTY, Windows

RATES = st.lists(
    st.builds(RateLimit, st.integers(1, 12), st.sampled_from([1.0, 5.0, 30.0, 120.0]), st.just("test")),
    min_size=1,
    max_size=3,
)
STEPS = st.lists(st.tuples(st.sampled_from(["take", "take", "use", "report", "unused"]), st.floats(0, 2)), max_size=70)


class Driven:
    """Windows with everything that left, counted by brute force."""

    def __init__(self, rates: list[RateLimit]) -> None:
        self.rates, self.windows, self.now = rates, Windows(rates), 1000.0
        self.unused: list[object] = []
        self.used: list[float] = []
        self.left: list[float] = []

    def do(self, what: str, later: float) -> None:
        self.now += later
        if what == "take" and self.windows.take(self.now):
            self.check_taken()
            self.unused.append(object())
        elif what == "use" and self.unused:
            self.unused.pop()
            self.left.append(self.now)
            self.used.append(self.now)
        elif what == "report" and self.used:
            self.windows.give_back([self.used.pop(0)])
        elif what == "unused" and self.unused:
            self.unused.pop()
            self.windows.give_back([])

    def check_taken(self) -> None:
        """One permit more: were all used now, no window would have more than it may."""
        for rate in self.rates:
            recent = sum(at > self.now - rate.seconds for at in self.left)
            assert recent + len(self.unused) + 1 <= rate.count

    def check_left(self) -> None:
        for rate in self.rates:
            for at in self.left:
                assert sum(at <= each < at + rate.seconds for each in self.left) <= rate.count


@given(RATES, STEPS)
def test_every_rate_holds_in_every_sliding_window(rates: list[RateLimit], steps: list[tuple[str, float]]) -> None:
    driven = Driven(rates)
    for step in steps:
        driven.do(*step)
    driven.check_left()


@given(RATES, STEPS, RATES, STEPS, RATES, STEPS)
def test_limits_that_change_forget_no_event_and_no_permit(
    first: list[RateLimit],
    before: list[tuple[str, float]],
    second: list[RateLimit],
    between: list[tuple[str, float]],
    third: list[RateLimit],
    after: list[tuple[str, float]],
) -> None:
    driven = Driven(first)
    for step in before:
        driven.do(*step)
    for rates, steps in ((second, between), (third, after)):
        driven.windows.apply(rates, driven.now)
        driven.rates = rates
        for step in steps:
            driven.do(*step)


@given(RATES, STEPS, RATES, STEPS)
def test_an_heir_counts_what_left_before(
    first: list[RateLimit], before: list[tuple[str, float]], second: list[RateLimit], after: list[tuple[str, float]]
) -> None:
    old = Driven(first)
    for step in before:
        old.do(*step)
    old.windows.give_back(old.used)
    heir = Driven(second)
    heir.now, heir.left = old.now, list(old.left)
    heir.windows.take_over(old.windows, old.now)
    for step in after:
        heir.do(*step)


def test_without_rates_there_is_no_bound() -> None:
    windows = Windows(())
    assert (windows.free(0.0), windows.next_free_seconds(0.0), windows.binding(0.0)) == (PLENTY, 0.0, None)
    assert windows.take(0.0)
    assert windows.is_quiet(0.0)


def test_the_wait_is_that_of_the_window_that_frees_last() -> None:
    minute, hour = RateLimit(2, 60.0, "minute"), RateLimit(2, 3600.0, "hour")
    windows = Windows((minute, hour))
    windows.record(100.0)
    windows.record(110.0)
    binding = windows.binding(120.0)
    assert binding is not None
    assert binding.limit == hour
    assert windows.next_free_seconds(120.0) == pytest.approx(3580.05)


def test_permits_that_are_out_may_be_what_is_waited_for() -> None:
    windows = Windows((RateLimit(1, 60.0, "a"), RateLimit(5, 3600.0, "b")))
    assert windows.take(0.0)
    assert windows.next_free_seconds(0.0) is None


def test_a_longer_window_begins_with_what_the_last_hour_is_known_to_have_been() -> None:
    windows = Windows((RateLimit(100, 1.0, "test"),))
    for at in range(40):
        windows.record(float(at * 60))
    windows.apply((RateLimit(50, 7200.0, "test"),), 2400.0)
    assert windows.free(2400.0) == 10


def test_the_ledger_of_a_busy_day_is_small() -> None:
    windows = Windows((RateLimit(10, 1.0, "test"),))
    for at in range(0, 86_400, 7):
        windows.record(float(at))
    assert len(list(windows._ledger.events())) < 1300
