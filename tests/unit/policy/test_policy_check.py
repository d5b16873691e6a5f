"""`youtong policy check`, as a person types it."""

import json
from pathlib import Path

from click.testing import CliRunner, Result
from fakes.policy import write_policy
from youtong.admin.cli.policy import policy


def check(*arguments: object) -> Result:
    return CliRunner().invoke(policy, ["check", *map(str, arguments)])


def test_a_good_file_is_shown_with_its_hooks(tmp_path: Path) -> None:
    result = check(write_policy(tmp_path, "def message(facts): return None\ndef outcome(facts): return None\n"))
    assert result.exit_code == 0
    assert "message, outcome" in result.output


def test_a_broken_file_is_one_clear_line_and_exit_code_1(tmp_path: Path) -> None:
    path = write_policy(tmp_path, "def message(facts) return None\n")
    result = check(path)
    assert result.exit_code == 1
    assert result.output.splitlines() == [f"Error: {path}:2: syntax error: expected ':'"]


def test_without_a_file_it_is_the_one_beside_the_configuration(tmp_path: Path) -> None:
    path = write_policy(tmp_path, "BUDGET_MS = 7\n")
    result = check("--config", tmp_path / "youtong.toml", "--json")
    shown = json.loads(result.output)
    assert shown["file"] == str(path)
    assert shown["settings"]["budget_ms"] == 7
