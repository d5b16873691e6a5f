"""Loading policy.py: what is refused, with which line; and what stays in force."""

import re
from pathlib import Path

import pytest
from fakes.policy import active_policy, write_policy
from youtong.policy.deadline import Deadline
from youtong.policy.policy_file import SHIPPED, OnFault, PolicyError, PolicyFile, beside


def load(folder: Path, source: str) -> PolicyFile:
    return PolicyFile.load(write_policy(folder, source), Deadline())


def test_the_shipped_file_defines_nothing() -> None:
    assert PolicyFile.load(SHIPPED, Deadline()).defined() == ()


def test_every_example_in_the_shipped_file_works_when_its_comment_signs_are_taken_away(tmp_path: Path) -> None:
    shipped = SHIPPED.read_text(encoding="utf-8")
    path = tmp_path / "policy.py"
    path.write_text(
        re.sub(r"^# ?(?=[a-zA-Z@)\n ]|$)(?!What|\"|Time|Below)", "", _examples(shipped), flags=re.MULTILINE)
    )
    loaded = PolicyFile.load(path, Deadline())
    assert loaded.defined() == ("connection", "mail_from", "recipient", "message", "outcome")


def _examples(shipped: str) -> str:
    return shipped[shipped.index("# from datetime") :]


def test_the_settings_named_in_the_shipped_file_are_the_defaults() -> None:
    shipped = dict(re.findall(r"^# ([A-Z_]{5,}) = (\S+)$", SHIPPED.read_text(encoding="utf-8"), re.MULTILINE))
    settings = PolicyFile(SHIPPED).settings
    assert shipped.pop("ON_FAULT") == f'"{settings.on_fault}"'
    assert shipped == {
        "BUDGET_MS": str(settings.budget_ms),
        "MESSAGE_BUDGET_MS": str(settings.message_budget_ms),
        "FAULTS_UNTIL_OFF": str(settings.faults_until_off),
    }


def test_settings_are_read(tmp_path: Path) -> None:
    settings = load(tmp_path, 'ON_FAULT = "accept"\nBUDGET_MS = 10\n').settings
    assert (settings.on_fault, settings.budget_ms) == (OnFault.ACCEPT, 10)


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("def message(:\n", 2, "syntax error"),
        ("\nx = 1 // 0\n", 3, "ZeroDivisionError"),
        ("import nothing_of_that_name\n", 2, "ModuleNotFoundError"),
        ("raise SystemExit(3)\n", 2, "SystemExit"),
        ("message = 5\n", 0, "must be a function"),
        ("message = print\n", 0, "must be a function"),
        ("async def message(facts): pass\n", 2, "no async"),
        ("def message(facts): yield\n", 2, "no yield"),
        ("def message(): pass\n", 2, "takes one argument"),
        ("def message(facts, more): pass\n", 2, "takes one argument"),
        ("def f():\n  try:\n    g()\n  except:\n    pass\n", 5, "end of the time budget"),
        ("def f():\n  try:\n    g()\n  except (OSError, BaseException):\n    pass\n", 5, "end of the time budget"),
        ("def f():\n  try:\n    g()\n  finally:\n    return 1\n", 6, "jump out of `finally`"),
        ('ON_FAULT = "explode"\n', 0, "ON_FAULT"),
        ('BUDGET_MS = "soon"\n', 0, "BUDGET_MS"),
        ("BUDGET_MS = 0\n", 0, "at least 1"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(tmp_path: Path, source: str, line: int, words: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(words)) as caught:
        load(tmp_path, source)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"{tmp_path / 'policy.py'}:{line}" if line else str(tmp_path / "policy.py"))


def test_a_handler_that_raises_again_is_allowed(tmp_path: Path) -> None:
    load(tmp_path, "def f():\n  try:\n    g()\n  except BaseException:\n    h()\n    raise\n")


def test_a_file_that_loops_while_it_is_loaded_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("youtong.policy.policy_file.LOAD_SECONDS", 0.02)
    with pytest.raises(PolicyError, match="time budget"):
        load(tmp_path, "while True: pass\n")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read"):
        PolicyFile.load(tmp_path / "none.py", Deadline())


def test_the_file_beside_the_configuration_wins_over_the_shipped_one(tmp_path: Path) -> None:
    assert beside(tmp_path / "youtong.toml") == SHIPPED
    own = write_policy(tmp_path, "")
    assert beside(tmp_path / "youtong.toml") == own


def test_a_broken_new_generation_leaves_the_old_one_in_force(tmp_path: Path) -> None:
    active = active_policy(tmp_path, "def connection(facts): return None\n")
    old = active.current
    write_policy(tmp_path, "def connection(facts) return\n")
    with pytest.raises(PolicyError):
        active.reload()
    assert active.current is old
    assert active.number == 1


def test_a_reload_takes_the_new_file_and_counts_the_generation(tmp_path: Path) -> None:
    active = active_policy(tmp_path, "def connection(facts): return None\n")
    write_policy(tmp_path, "def recipient(facts): return None\n")
    active.reload()
    assert active.current.file.defined() == ("recipient",)
    assert active.number == 2


def test_dataclasses_work_in_a_policy_file(tmp_path: Path) -> None:
    load(tmp_path, "from dataclasses import dataclass\n@dataclass\nclass Rule:\n    name: 'str' = ''\n")
