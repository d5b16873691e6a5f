"""Lists at the width of a terminal: whole where there is room, and never a key that is cut."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings, strategies as some
from rich.cells import cell_len
from youtong.admin.cli.fitted_rows import Fitting, print_rows, row_lines

TITLES = ("Number", "Address", "Why")
LONG = "firstname.lastname.of.somebody@sub.domain.example.com"


Terminal = Callable[[], None]


@pytest.fixture
def at_80_columns(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """To be called in the test: pytest gives each phase another stdout."""

    def begin() -> None:
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setenv("TERM", "xterm")

    return begin


def shown(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()


def test_a_pipe_gets_whole_rows(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(TITLES, [("1", LONG, "x" * 200)], Fitting(key=1))
    assert shown(capsys)[2].split() == ["1", LONG, "x" * 200]


def test_what_fits_is_a_table_as_everywhere(capsys: pytest.CaptureFixture[str], at_80_columns: Terminal) -> None:
    at_80_columns()
    print_rows(TITLES, [("1", "a@example.com", "block")], Fitting(key=1))
    assert shown(capsys)[2] == "1        a@example.com   block"


def test_the_widest_column_is_cut_and_the_key_is_whole(
    capsys: pytest.CaptureFixture[str], at_80_columns: Terminal
) -> None:
    at_80_columns()
    print_rows(TITLES, [("1", "a@example.com", "because " * 20), ("22", "b@example.com", "why")], Fitting(key=1))
    title, _rule, first, second = shown(capsys)
    assert title == "Number  Address        Why"
    assert first.startswith("1       a@example.com  because because")
    assert (first[-1], cell_len(first) <= 80) == ("…", True)
    assert second == "22      b@example.com  why"


def test_a_key_longer_than_its_column_stands_on_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str], at_80_columns: Terminal
) -> None:
    at_80_columns()
    rows = [("1", LONG, "because of it all"), ("2", "b@example.com", "x" * 40)]
    print_rows(TITLES, rows, Fitting(key=1))
    _title, _rule, first, second, third = shown(capsys)
    assert first == f"1       {LONG}"
    assert second.split() == ["because", "of", "it", "all"]
    assert second.index("because") == third.index("xxx")


def test_chinese_counts_two_columns_and_a_bracket_is_whole_or_away(
    capsys: pytest.CaptureFixture[str], at_80_columns: Terminal
) -> None:
    at_80_columns()
    print_rows(("编号", "类别"), [("x" * 60, "收件人过多 (too-many-recipients)")], Fitting(least=60))
    assert shown(capsys)[2] == f"{'x' * 60}  收件人过多"


def test_what_goes_beneath_has_a_line_in_its_order_and_none_when_empty(
    capsys: pytest.CaptureFixture[str], at_80_columns: Terminal
) -> None:
    at_80_columns()
    rows = [("1", "a" * 50, "b" * 40), ("2", "a", "")]
    print_rows(TITLES, rows, Fitting(beneath=(2,)))
    assert shown(capsys)[2:] == [f"1       {'a' * 50}", f"    {'b' * 40}", "2       a"]


def test_a_long_key_that_ends_in_spaces_brings_none_to_the_end_of_its_line() -> None:
    lines = [text.plain for text in row_lines(("A", "B"), [("a" * 20, "b" * 70 + " ")], Fitting(key=1), 80)]
    assert [line for line in lines if line != line.rstrip()] == []


@given(some.lists(some.tuples(*[some.text(alphabet="a文 (", max_size=90)] * 4), min_size=1, max_size=5), some.data())
@settings(max_examples=100, deadline=None)
def test_no_line_is_wider_than_the_terminal_but_for_a_whole_key(
    rows: list[tuple[str, ...]], data: some.DataObject
) -> None:
    key = data.draw(some.integers(0, 2))
    lines = [text.plain for text in row_lines(("A", "B", "C", "D"), rows, Fitting(key=key, beneath=(3,)), 80)]
    keys = {row[key].rstrip() for row in rows}
    assert [line for line in lines if cell_len(line) > 80 and not any(line.endswith(each) for each in keys)] == []
    assert all(any(row[key].rstrip() in line for line in lines) for row in rows)
