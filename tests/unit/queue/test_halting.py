"""Halts: what was leased before its stream was paused, and who has heard of it."""

from youtong.queue.streams.render_faults import MOST_IN_A_ROW, RenderFaults
from youtong.queue.workers.halting import Halts


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
        faults.fault(7)
    faults.attempted(7)
    assert not faults
    for _ in range(MOST_IN_A_ROW - 1):
        faults.fault(7)
        faults.fault(8)
        faults.attempted(8)
    assert held == []
    faults.fault(7)
    assert held == [7]


def test_who_cannot_be_rendered_after_twenty_others_is_spared_and_a_resumed_stream_is_held_again() -> None:
    held: list[int] = []
    faults = RenderFaults(held.append)
    assert not any(faults.fault(7) for _ in range(MOST_IN_A_ROW))
    assert all(faults.fault(7) for _ in range(MOST_IN_A_ROW))
    assert held == [7, 7]
    faults.attempted(7)
    assert not faults.fault(7)
