"""Figures of the owner: recent counts, and totals with bounded names."""

from hypothesis import given, strategies as st
from youtong.queue.figures import MAX_FLOWS, MAX_NAMED, NAMED_FROM, OTHER, Came, Figures, Recent
from youtong.queue.protocol import LaneKey


def test_recent_counts_whole_seconds_before_this_one() -> None:
    recent = Recent()
    recent.add(100.9, 3)
    assert recent.within(100.95, 10) == 0
    assert recent.within(101.0, 10) == 3
    assert recent.within(110.5, 10) == 3
    assert recent.within(111.0, 10) == 0
    assert recent.within(111.0, 59) == 3


def test_what_is_a_minute_old_is_forgotten_however_long_nobody_asked() -> None:
    recent = Recent()
    for second in range(60):
        recent.add(1000 + second)
    assert recent.within(1060, 59) == 59
    assert recent.within(5000, 59) == 0


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 5)), max_size=60), st.integers(1, 59))
def test_recent_is_the_count_of_a_list(events: list[tuple[int, int]], seconds: int) -> None:
    recent, ordered = Recent(), sorted(events)
    for at, n in ordered:
        recent.add(float(at), n)
    now = ordered[-1][0] + 1 if ordered else 1
    assert recent.within(now, seconds) == sum(n for at, n in ordered if now - seconds <= at < now)


def _come(figures: Figures, provider: str, site: str, times: int) -> None:
    for _ in range(times):
        figures.came(LaneKey(provider, "default"), site, "bulk", Came.DELIVERED, 10.0)


def test_a_provider_of_a_rule_is_named_at_once_and_a_lone_site_when_it_is_busy() -> None:
    figures = Figures()
    _come(figures, "google", "aspmx.l.google.com", 1)
    _come(figures, "mx.example.org", "mx.example.org", NAMED_FROM + 1)
    totals = {(each.provider, each.count) for each in figures.totals()}
    assert totals == {("google", 1), (OTHER, NAMED_FROM - 1), ("mx.example.org", 2)}


def test_names_are_bounded_and_nothing_is_lost_by_it() -> None:
    figures = Figures()
    for number in range(MAX_NAMED + 20):
        _come(figures, f"mx{number}.test", f"mx{number}.test", NAMED_FROM + 5)
    assert len(figures.names) == MAX_NAMED
    assert sum(each.count for each in figures.totals()) == (MAX_NAMED + 20) * (NAMED_FROM + 5)


def test_flows_are_told_while_they_move_and_bounded() -> None:
    figures, key = Figures(), LaneKey("google", "default")
    for flow_id in range(3 * MAX_FLOWS):
        figures.mailed(key, flow_id, 10.0 + flow_id / MAX_FLOWS, 2)
    assert len(figures.flows(14.0, 59)) <= MAX_FLOWS
    assert figures.flows(14.0, 59)[3 * MAX_FLOWS - 1] == 2
    assert figures.flows(100.0, 59) == {}


def test_a_forgotten_lane_keeps_its_totals() -> None:
    figures, key = Figures(), LaneKey("google", "default")
    _come(figures, "google", "aspmx.l.google.com", 3)
    figures.forget([key])
    assert figures.lane(key).delivered.within(11.0, 59) == 0
    assert [each.count for each in figures.totals()] == [3]
