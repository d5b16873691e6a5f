"""Q4: windows that are exact while permits are out, against a count by brute force."""

from bisect import bisect_left, bisect_right
from collections import Counter

import pytest
from hypothesis import given, strategies as st
from youtong.queue.limits import RateLimit
from youtong.queue.pace.permits import MAX_STEPS, Window


def worst(events: list[float], seconds: float) -> int:
    """The most events in any half-open window of that length."""
    events = sorted(events)
    return max((bisect_left(events, at + seconds) - bisect_left(events, at) for at in events), default=0)


@st.composite
def histories(draw: st.DrawFn) -> tuple[int, float, list[tuple[str, float, int]]]:
    count = draw(st.integers(1, 6))
    seconds = draw(st.sampled_from([0.5, 1.0, 10.0]))
    step = st.tuples(
        st.sampled_from(["take", "take", "take", "use", "report", "return"]),
        st.floats(0, seconds * 0.7, allow_nan=False),
        st.integers(0, 20),
    )
    return count, seconds, draw(st.lists(step, max_size=80))


@given(histories())
def test_no_sliding_window_ever_has_more_than_the_limit_whenever_permits_are_used(
    history: tuple[int, float, list[tuple[str, float, int]]],
) -> None:
    count, seconds, steps = history
    window, now = Window(RateLimit(count, seconds, "test")), 100.0
    out: list[float | None] = []  # permits in other hands, and when each was used
    events: list[float] = []
    for what, later, pick in steps:
        now += later
        if what == "take":
            if window.take(now):
                out.append(None)
        elif out and what == "use":
            if out[pick % len(out)] is None:
                out[pick % len(out)] = now
                events.append(now)
        elif out:
            used = out.pop(pick % len(out))
            window.give_back([] if used is None else [used])
        assert window.out == len(out)
        assert window.free(now) <= count
        assert worst(events, seconds) <= count


@given(
    st.integers(4, 40),
    st.sampled_from([1.0, 60.0, 3600.0]),
    st.lists(st.tuples(st.floats(0, 0.2), st.integers(1, 8)), max_size=60),
    st.floats(0, 1),
)
def test_a_window_in_steps_keeps_the_limit_in_every_sliding_and_every_fixed_window(
    count: int, seconds: float, bursts: list[tuple[float, int]], offset: float
) -> None:
    window, now = Window(RateLimit(count, seconds, "test"), steps=3), 100.0
    events: list[float] = []
    for later, wanted in bursts:
        now += later * seconds
        for _ in range(wanted):
            if window.take(now):
                window.give_back([now])
                events.append(now)
    assert worst(events, seconds) <= count
    fixed = Counter((at + offset * seconds) // seconds for at in events)
    assert max(fixed.values(), default=0) <= count


@given(st.lists(st.floats(0, 400), min_size=1, max_size=300))
def test_a_window_of_a_large_count_remembers_few_moments_and_frees_at_most_a_step_late(pauses: list[float]) -> None:
    window, now = Window(RateLimit(100_000, 86_400.0, "test")), 0.0
    for pause in pauses:
        now += pause
        window.record(now, 50)
    assert len(list(window.events())) <= MAX_STEPS + 2
    assert window.free(now + 86_400.0 + 86_400.0 / MAX_STEPS + 0.1) == 100_000


def test_a_window_that_nobody_asks_forgets_all_the_same() -> None:
    window = Window(RateLimit(500, 1.0, "test"))
    for at in range(10_000):
        window.record(float(at))
    assert len(list(window.events())) <= 2 * MAX_STEPS + 1


def test_a_lowered_limit_waits_until_enough_events_are_over() -> None:
    window = Window(RateLimit(2, 10.0, "test"))
    for moment in (100.0, 101.0, 102.0, 103.0):
        window.record(moment)
    assert window.next_free_seconds(104.0) == pytest.approx(102.0 + 10.05 - 104.0)
    assert window.next_free_seconds(104.0, wanted=3) is None


@given(st.integers(1, 5), st.lists(st.floats(0, 3, allow_nan=False), max_size=60))
def test_the_whole_limit_can_be_used(count: int, pauses: list[float]) -> None:
    window, now, mine = Window(RateLimit(count, 1.0, "test")), 0.0, []
    for pause in pauses:
        now += pause
        recent = [at for at in mine if at > now - 1.05]
        assert window.take(now) == (len(recent) < count)
        if len(recent) < count:
            window.give_back([now])
            mine.append(now)


@given(st.lists(st.floats(0, 10, allow_nan=False), max_size=30), st.floats(10, 12, allow_nan=False))
def test_events_may_be_recorded_in_any_order(moments: list[float], now: float) -> None:
    window = Window(RateLimit(100, 5.0, "test"))
    for moment in moments:
        window.record(moment)
    assert window.free(now) == 100 - (len(moments) - bisect_right(sorted(moments), now - 5.05))


def test_an_unused_permit_is_free_again_at_once() -> None:
    window = Window(RateLimit(1, 60.0, "test"))
    assert window.take(0)
    assert not window.take(0)
    window.give_back([])
    assert window.take(0)


@pytest.mark.parametrize(("used", "out", "wait"), [([], 0, 0.0), ([], 1, None), ([10.0], 0, 50.05)])
def test_the_wait_is_known_when_time_alone_frees_a_permit(used: list[float], out: int, wait: float | None) -> None:
    window = Window(RateLimit(1, 60.0, "test"))
    for moment in used:
        window.record(moment)
    for _ in range(out):
        assert window.take(20.0)
    assert window.next_free_seconds(20.0) == (wait if wait is None else pytest.approx(wait))


def test_a_permit_comes_free_exactly_when_it_was_announced() -> None:
    window = Window(RateLimit(2, 10.0, "test"))
    window.record(100.0)
    window.record(101.0)
    wait = window.next_free_seconds(103.0)
    assert wait is not None
    assert not window.take(103.0 + wait - 0.001)
    assert window.take(103.0 + wait + 0.001)
