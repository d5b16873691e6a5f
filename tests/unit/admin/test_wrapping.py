"""Help texts fold at the terminal's width in English and Chinese, and lose no word."""

import io

from hypothesis import given, strategies as st
from rich.console import Console
from rich.table import Table
from rich.text import Text
from youtong.admin.cli.folded import foldable
from youtong.admin.cli.wrapping import term_len, wrap_text


def test_chinese_folds_between_characters_and_counts_two_columns() -> None:
    folded = wrap_text("邮件客户端和程序接收邮件，安全地存入队列", width=20).splitlines()
    assert folded == ["邮件客户端和程序接收", "邮件，安全地存入队列"]


def test_no_line_begins_with_a_closing_mark() -> None:
    assert wrap_text("一二三四五，六七", width=10).splitlines() == ["一二三四", "五，六七"]


def test_words_and_options_are_not_broken() -> None:
    folded = wrap_text("加上 --password-stdin 则从（transactional，如订单）读取", width=24).splitlines()
    assert any("--password-stdin" in line for line in folded)
    assert any("transactional" in line for line in folded)
    assert wrap_text("its mail client logs in with", width=16).splitlines() == ["its mail client", "logs in with"]


def test_paragraphs_stay_apart_and_marked_ones_stay_as_they_are() -> None:
    text = "one two\nthree\n\n\b\nExamples:\n  a   b\n\nlast"
    folded = wrap_text(text, 80, "  ", "  ", preserve_paragraphs=True)
    assert folded == "  one two three\n\n  Examples:\n    a   b\n\n  last"


@given(st.lists(st.text("abc-，。（）邮件[]=", min_size=1, max_size=8)), st.integers(20, 60))
def test_nothing_is_lost_and_no_line_is_too_long(words: list[str], width: int) -> None:
    text = " ".join(words)
    folded = wrap_text(text, width, "  ", "    ")
    assert "".join(folded.split()) == "".join(text.split())
    assert all(term_len(line) <= width for line in folded.splitlines() if len(line.split()) > 1)


def test_a_chinese_value_folds_beneath_itself_and_not_only_at_its_spaces() -> None:
    grid = Table.grid(padding=(0, 2))
    grid.add_row("状态", foldable("等待：QQ 邮箱暂时不再接收本系统的信，要求放慢发信速度"))
    console = Console(width=30, file=io.StringIO())
    with console.capture() as captured:
        console.print(grid)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    assert lines == ["状态  等待：QQ 邮箱暂时不再接", "      收本系统的信，要求放慢发", "      信速度"]


def test_what_has_lines_colours_or_no_chinese_is_left_to_itself() -> None:
    for value in ("plain", "一\n二", Text.assemble(("一", "bold"))):
        assert foldable(value) is value
