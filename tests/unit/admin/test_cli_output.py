"""Tables: folded in a terminal, whole in a pipe."""

import re

import pytest
from youtong.admin.cli.output import print_facts, print_json, print_table


def test_a_pipe_gets_whole_lines_without_colours_or_padding(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("A", "B"), [("x" * 300, "[red]not markup[/red] :smile:"), ("y", "")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "x" * 300 + "   [red]not markup[/red] :smile:"
    assert lines[3] == "y"


def test_an_empty_table_is_its_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("A",), [], empty="There is nothing.")
    assert capsys.readouterr().out == "There is nothing.\n"


def test_a_terminal_gets_every_character_of_a_long_value_folded(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    print_facts([("邮件", "x" * 100)])
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert sum(line.count("x") for line in lines) == 100
    assert max(len(line) for line in lines) <= 40


def test_json_is_one_value_in_utf8(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"名": ["中"], "n": None})
    assert capsys.readouterr().out == '{\n  "名": [\n    "中"\n  ],\n  "n": null\n}\n'
