"""Windows of what credentials sent: never more than the limit in any span, never much less, and bounded in size."""

from collections.abc import Iterable

import pytest
from fakes.clock import FakeClock
from hypothesis import given, strategies as st
from youtong.queue.people.allowances import Allowance, Counted, Exceeded, Span
from youtong.queue.people.usage import Recent, Tally, Usage, usage_reader

# Gaps between events: some much shorter and some much longer than a step or a span.
GAPS = st.one_of(st.floats(0, 3), st.floats(0, 90), st.sampled_from([0.0, 1.0, 59.0, 60.0, 61.0]))
EVENTS = st.lists(st.tuples(GAPS, st.integers(1, 5)), max_size=120)


def moments(events: Iterable[tuple[float, int]]) -> list[tuple[float, int]]:
    now, found = 1000.0, []
    for gap, count in events:
        now += gap
        found.append((now, count))
    return found


@given(EVENTS, st.integers(1, 12))
def test_no_span_holds_more_than_the_limit_and_nothing_is_refused_that_a_slightly_longer_span_would_allow(
    events: list[tuple[float, int]], limit: int
) -> None:
    tally, passed = Tally(Span.MINUTE), list[tuple[float, int]]()
    for now, count in moments(events):
        within = sum(n for moment, n in passed if moment > now - Span.MINUTE)
        within_longer = sum(n for moment, n in passed if moment > now - Span.MINUTE * 61 / 60)
        fits = tally.total(now) + count <= limit
        if fits:
            assert within + count <= limit
            tally.add(now, count)
            passed.append((now, count))
        else:
            assert within_longer + count > limit


@given(EVENTS, st.integers(0, 12))
def test_what_is_said_about_when_is_when(events: list[tuple[float, int]], most: int) -> None:
    tally, now = Tally(Span.MINUTE), 1000.0
    for now, count in moments(events):
        tally.add(now, count)
    seconds = tally.seconds_until(now, most)
    assert 0 <= seconds <= Span.MINUTE * 61 / 60
    if seconds:
        assert tally.total(now + seconds * 0.999 - 0.001) > most
    assert tally.total(now + seconds + 1e-6) <= most


def test_a_tally_is_bounded_whatever_is_counted() -> None:
    tally = Tally(Span.DAY)
    for moment in range(0, 3 * Span.DAY, 7):
        tally.add(moment, 1)
        tally.total(moment)
    assert len(tally._steps) <= 62


def test_of_several_limits_the_one_that_lasts_longest_is_said() -> None:
    usage = Usage()
    usage.add(10_000.0, 3)
    allowance = Allowance(messages_per_minute=1, recipients_per_hour=4, recipients_per_day=100)
    found = usage.exceeded(allowance, 10_001.0, 2)
    assert found is not None
    assert (found.counted, found.span, found.limit, found.room) == (Counted.RECIPIENTS, Span.HOUR, 4, 1)
    assert usage.exceeded(allowance, 10_001.0 + Span.MINUTE + 1, 1) is None


def test_what_is_being_accepted_counts_until_it_is_refused() -> None:
    usage, allowance = Usage(), Allowance(messages_per_day=1)
    usage.begin(1)
    found = usage.exceeded(allowance, 5.0, 1)
    assert found is not None
    assert found.again_seconds == Span.DAY
    usage.end(5.0, 1, accepted=False)
    assert usage.exceeded(allowance, 5.0, 1) is None
    usage.begin(1)
    usage.end(6.0, 1, accepted=True)
    assert usage.exceeded(allowance, 7.0, 1) is not None


def test_a_message_to_more_than_the_limit_never_passes() -> None:
    found = Usage().exceeded(Allowance(recipients_per_minute=2), 5.0, 3)
    assert found == Exceeded(Counted.RECIPIENTS, Span.MINUTE, 2, 2, None)


@pytest.mark.parametrize(
    ("found", "taken", "said"),
    [
        (
            Exceeded(Counted.MESSAGES, Span.DAY, 500, 0, 11_520.0),
            0,
            "450 4.7.1 This login may send 500 messages within 24 hours, and has done so; "
            "try again in 3 h 12 min (at 01:25 UTC)",
        ),
        (
            Exceeded(Counted.RECIPIENTS, Span.HOUR, 1000, 60, 61.0),
            0,
            "450 4.7.1 This login may write to 1000 recipients within an hour, and 60 more now; "
            "try again in 2 min (at 22:15 UTC)",
        ),
        (
            Exceeded(Counted.RECIPIENTS, Span.MINUTE, 1, 0, 0.2),
            60,
            "452 4.5.3 This login may write to 1 recipient within a minute, and this message has the last of them; "
            "try again in 1 s",
        ),
        (
            Exceeded(Counted.RECIPIENTS, Span.MINUTE, 100, 100, None),
            100,
            "452 4.5.3 This login may write to 100 recipients within a minute, so one message cannot have more; "
            "send the rest later",
        ),
    ],
)
def test_a_reply_names_the_limit_and_when_to_come_back(found: Exceeded, taken: int, said: str) -> None:
    assert str(found.reply(1_700_000_000_000, taken=taken)) == said  # 22:13:20 UTC


class Sent:
    def __init__(self, *rows: tuple[int, int]) -> None:
        self.rows = rows

    def sent_since(self, credential_id: int, since_ms: int) -> list[tuple[int, int]]:
        return [row for row in self.rows if row[0] >= since_ms]


def test_usage_is_read_from_rows_and_a_row_from_the_future_is_from_now() -> None:
    clock = FakeClock()
    now = clock.now_ms()
    store = Sent((now - 1000 * Span.DAY - 1, 50), (now - 1000 * Span.HOUR // 2, 3), (now + 1000 * Span.DAY, 2))
    usage = usage_reader(store, clock)(1)
    allowance = Allowance(recipients_per_hour=5, recipients_per_day=6)
    found = usage.exceeded(allowance, clock.monotonic(), 1)
    assert found is not None
    assert (found.span, found.room) == (Span.HOUR, 0)
    assert found.again_seconds is not None
    assert Span.HOUR / 2 <= found.again_seconds <= Span.HOUR / 2 + Span.MINUTE


class Kept:
    def __init__(self, number: int) -> None:
        self.number, self.is_busy = number, number == 1


def test_only_the_idle_are_dropped_the_oldest_first() -> None:
    read: list[int] = []

    def reading(number: int) -> Kept:
        read.append(number)
        return Kept(number)

    recent = Recent(reading, capacity=2)
    busy = recent.of(1)
    for number in (2, 3, 2, 4):
        recent.of(number)
    assert recent.of(1) is busy
    assert recent.of(4).number == 4
    assert len(recent._kept) == 2
    assert read == [1, 2, 3, 2, 4]
