"""Halts: what was leased before its stream was paused, and who has heard of it."""

from youtong.queue.halting import Halts
from youtong.queue.render_faults import MOST_IN_A_ROW, RenderFaults


async def test_a_halt_is_answered_when_every_worker_has_answered_or_ended() -> None:
    halts = Halts()
    said = halts.say([3, 5], [11, 12])
    assert said is not None
    assert said.flows == [3, 5]
    halts.heard(11, said.number)
    waiting = halts.answered()
    halts.gone(12)
    await waiting


async def test_an_answer_to_an_older_halt_does_not_count() -> None:
    halts = Halts()
    first = halts.say([3], [11])
    second = halts.say([], [11])
    assert first is not None
    assert second is not None
    halts.heard(11, first.number)
    assert halts._silent == {11}
    halts.heard(11, second.number)
    assert not halts._silent


def test_workers_are_not_told_what_they_know() -> None:
    halts = Halts()
    assert halts.say([], [11]) is None
    assert halts.say([3], [11]) is not None
    assert halts.say([3], [11]) is None


def test_a_stream_is_held_when_twenty_in_a_row_cannot_be_rendered_and_not_before() -> None:
    held: list[int] = []
    faults = RenderFaults(held.append)
    for _ in range(MOST_IN_A_ROW - 1):
        faults.skipped(7)
    faults.attempted(7)
    assert not faults
    for _ in range(MOST_IN_A_ROW - 1):
        faults.skipped(7)
        faults.skipped(8)
        faults.attempted(8)
    assert held == []
    faults.skipped(7)
    assert held == [7]
