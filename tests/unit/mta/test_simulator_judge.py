"""The judge of limits, against logs made by hand and against counting by brute force."""

from fakes.clock import FakeClock
from hypothesis import given, strategies as st
from msgspec.structs import replace
from youtong.mta.simulator.behaviours import Counted, Per, WindowKind
from youtong.mta.simulator.judge import Bound, What, bounds_of, judge
from youtong.mta.simulator.settings import Limits, ProviderSettings, Window
from youtong.mta.simulator.traffic import TrafficLog

NOON_MS = 1_700_049_600_000  # 12:00 UTC, 20:00 in Shanghai


def log_of(*mails: float, reverse_path: str = "a@s.test") -> TrafficLog:
    log = TrafficLog(FakeClock(NOON_MS, 0.0), 1000)
    log.mails.extend((time, "127.0.0.1", reverse_path) for time in mails)
    return log


def test_sliding_window_is_judged_wherever_it_lies() -> None:
    finding = judge(log_of(0.0, 9.0, 10.5, 11.0), Bound(What.MAILS, 2, 10.0))
    assert (finding.worst, finding.at, finding.excess, finding.events) == (3, 11.0, 1, 4)


def test_an_event_exactly_one_window_later_is_in_the_next() -> None:
    assert judge(log_of(0.0, 10.0), Bound(What.MAILS, 1, 10.0)).excess == 0


def test_fixed_window_counts_only_its_own_stretch_of_the_clock() -> None:
    times = (58.0, 59.0, 61.0, 62.0)
    assert judge(log_of(*times), Bound(What.MAILS, 2, 60.0, WindowKind.FIXED)).excess == 0
    assert judge(log_of(*times), Bound(What.MAILS, 2, 60.0)).excess == 2


def test_fixed_window_of_a_day_ends_at_midnight_of_its_zone() -> None:
    before_and_after_midnight_in_shanghai = (4 * 3600 - 1.0, 4 * 3600 + 1.0)
    bound = Bound(What.MAILS, 1, 86400.0, WindowKind.FIXED)
    log = log_of(*before_and_after_midnight_in_shanghai)
    assert judge(log, bound).excess == 1
    assert judge(log, replace(bound, zone="Asia/Shanghai")).excess == 0


def test_what_left_under_a_greater_limit_counts_under_the_smaller_one() -> None:
    log = log_of(0.0, 1.0, 2.0, 5.0, 12.0)
    bound = Bound(What.MAILS, 2, 10.0)
    assert judge(log, replace(bound, since=5.0)).worst == 4
    assert judge(log, replace(bound, since=12.0)).worst == 2
    assert judge(log, replace(bound, until=2.0)).worst == 2


def test_sender_domains_have_windows_of_their_own() -> None:
    log = log_of(0.0, 1.0)
    log.mails.append((2.0, "127.0.0.1", "b@Other.test"))
    bound = Bound(What.MAILS, 2, 10.0)
    assert (judge(log, bound).worst, judge(log, replace(bound, per=Per.SENDER_DOMAIN)).worst) == (3, 2)


def test_connections_at_once_are_counted_from_connects_and_closes() -> None:
    log = TrafficLog(FakeClock(NOON_MS, 0.0), 1000)
    log.connects.extend([(0.0, "127.0.0.1"), (1.0, "127.0.0.1"), (2.0, "127.0.0.1")])
    log.closes.extend([(1.5, "127.0.0.1", 7), (2.01, "127.0.0.1", 3), (3.0, "127.0.0.1", 0)])
    assert judge(log, Bound(What.OPEN, 2)).excess == 0
    assert judge(log, Bound(What.MESSAGES, 5)).excess == 2
    assert judge(log, Bound(What.CONNECTS, 2, 10.0)).excess == 1


def test_an_end_that_is_seen_late_can_be_allowed_for() -> None:
    log = TrafficLog(FakeClock(NOON_MS, 0.0), 1000)
    log.connects.extend([(0.0, "127.0.0.1"), (2.0, "127.0.0.1")])
    log.closes.append((2.01, "127.0.0.1", 1))
    assert judge(log, Bound(What.OPEN, 1)).excess == 1
    assert judge(log, Bound(What.OPEN, 1, late_seconds=0.1)).excess == 0


def test_own_limits_are_judged_for_as_long_as_they_held() -> None:
    clock = FakeClock(NOON_MS, 100.0)
    log = TrafficLog(clock, 1000)
    window = Window(Counted.MESSAGES, 5, 10.0, "450 slow down")
    settings = ProviderSettings("p", ("p.test",), window=(window,), limits=Limits(connections_at_once=3))
    log.applied(settings)
    clock.advance(10)
    log.applied(replace(settings, window=(replace(window, most=2),)))
    bounds = {(each.what, each.most): (each.since, each.until) for each in bounds_of(log)}
    for_ever = float("inf")
    assert bounds == {
        (What.MAILS, 5): (100.0, 110.0), (What.MAILS, 2): (110.0, for_ever), (What.OPEN, 3): (100.0, for_ever),
    }  # fmt: skip


times = st.lists(st.integers(0, 60), max_size=40).map(sorted)


@given(times, st.integers(1, 20))
def test_no_window_holds_more_than_the_judge_says(moments: list[int], seconds: int) -> None:
    worst = judge(log_of(*map(float, moments)), Bound(What.MAILS, 1, float(seconds))).worst
    counted = [sum(start < t <= start + seconds for t in moments) for start in range(-seconds - 1, 61)]
    assert worst == max(counted)


@given(times, st.integers(1, 20))
def test_no_fixed_window_holds_more_than_the_sliding_one(moments: list[int], seconds: int) -> None:
    log, bound = log_of(*map(float, moments)), Bound(What.MAILS, 1, float(seconds))
    fixed = judge(log, replace(bound, kind=WindowKind.FIXED)).worst
    counted = [sum(t // seconds == each // seconds for t in moments) for each in moments]
    assert fixed == max(counted, default=0) if NOON_MS / 1000 % seconds == 0 else fixed <= judge(log, bound).worst
