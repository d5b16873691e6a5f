"""One per cent of `make soak`: 18 seconds of its load with a kill every few seconds; what judges growth, by itself."""

from pathlib import Path

import pytest
from soak.plot import Line, svg
from soak.samples import Sample, faults_of
from soak.soaking import soak, write

pytestmark = pytest.mark.crash


async def test_eighteen_seconds_of_mixed_load_with_kills_lose_nothing_and_are_plotted(tmp_path: Path) -> None:
    result = await soak(tmp_path / "soak", 18, per_second=60, kill_every=5)
    write(result, tmp_path)
    assert result.faults == []
    assert len(result.deaths) >= 2
    assert result.accepted > 100
    assert result.enqueued > 100
    assert "polyline" in (tmp_path / "soak.svg").read_text("utf-8")


def sample(second: float, memory_mib: float = 100.0, descriptors: int = 50) -> Sample:
    return Sample(second, memory_mib, descriptors, 4.0, 10.0, 3.0, 20.0)


def test_memory_that_rises_steadily_is_a_fault_and_a_saw_tooth_is_none() -> None:
    rising = [sample(at, memory_mib=100 + at) for at in range(100)]
    saw = [sample(at, memory_mib=100 + at % 10) for at in range(100)]
    assert [each.partition(" ")[0] for each in faults_of(rising)] == ["memory_mib"]
    assert faults_of(saw) == []


def test_descriptors_that_leak_are_a_fault() -> None:
    assert faults_of([sample(at, descriptors=50 + at // 4) for at in range(100)]) != []


def test_a_plot_scales_each_line_by_itself() -> None:
    drawn = svg([0.0, 1.0], [Line("small", [1.0, 2.0]), Line("a & b", [1000.0, 0.0])], deaths=[0.5])
    assert "a &amp; b" in drawn
    assert drawn.count("polyline") == 2
    assert drawn.count('stroke="#d33"') == 2
