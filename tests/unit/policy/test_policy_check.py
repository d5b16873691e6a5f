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


def test_a_function_that_is_nearly_a_hook_is_named_with_the_hook_it_may_be(tmp_path: Path) -> None:
    text = (
        "from os.path import basename as message_of\n"
        "def on_message(facts): return None\n"
        "def recipients(facts): return None\n"
        "def outcome(facts): return None\n"
        "def _mail_from(facts): return None\n"
        "def is_friday(facts): return True\n"
    )
    result = check(write_policy(tmp_path, text))
    assert result.exit_code == 0
    assert [line for line in result.output.splitlines() if line.startswith("Line")] == [
        "Line 3: on_message is no hook and is never called; did you mean message?",
        "Line 4: recipients is no hook and is never called; did you mean recipient?",
    ]


def test_beside_the_hook_itself_a_near_name_is_a_function_of_its_own(tmp_path: Path) -> None:
    result = check(write_policy(tmp_path, "def messages(): return []\ndef message(facts): return messages() or None\n"))
    assert "did you mean" not in result.output
