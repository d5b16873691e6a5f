"""docs/crash-matrix.md names every crash point as the table has it, and only tests that exist."""

import re

import pytest
from house.crash_matrix import MATRIX, drawn
from house.source_tree import ROOT

TEXT = MATRIX.read_text("utf-8")
TESTS = sorted(set(re.findall(r"`(test_\w+)`", TEXT)))


def test_the_table_of_crash_points_is_that_of_today() -> None:
    assert drawn(TEXT) == TEXT, "PYTHONPATH=tests python -P -m house.crash_matrix draws it anew"


def test_the_matrix_names_tests() -> None:
    assert len(TESTS) > 20


@pytest.mark.parametrize("name", TESTS)
def test_a_test_named_in_the_matrix_exists(name: str) -> None:
    assert any(f"def {name}(" in path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))


def test_every_fault_names_its_test() -> None:
    faults = TEXT.partition("## Faults")[2].partition("##")[0]
    rows = [line for line in faults.splitlines() if line.startswith("| ") and not line.startswith("| fault")]
    assert rows
    assert [row for row in rows if "`test_" not in row] == []
