"""Cells of CSV files: no formula goes out, and every text comes back as it was."""

import csv
import io

from hypothesis import given, strategies as st
from youtong.admin.csv_cells import as_meant, harmless

TEXTS = st.text(alphabet=st.one_of(st.sampled_from("'=+-@\t\r\n\",; a1"), st.characters(exclude_categories=["Cs"])))


@given(TEXTS)
def test_every_text_comes_back_as_it_was(text: str) -> None:
    assert as_meant(harmless(text)) == text


@given(TEXTS)
def test_no_cell_begins_as_a_formula_does(text: str) -> None:
    assert not harmless(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@given(st.lists(TEXTS, min_size=2, max_size=4))
def test_a_row_survives_a_file(row: list[str]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerow([harmless(cell) for cell in row])
    file.seek(0)
    assert [as_meant(cell) for [*cells] in csv.reader(file) for cell in cells] == row


def test_ordinary_text_is_left_alone() -> None:
    for text in ("jane@example.com", "O'Neill", "'quoted'", "", "1-2"):
        assert harmless(text) == text == as_meant(text)
