"""The bounce rules of the jobs process: read again when their file is another, and only then."""

from pathlib import Path

import pytest
from youtong.admin.returns.rules_in_force import RulesInForce
from youtong.policy.bounces.said import Said

OURS = """base = "shipped"
[[rule]]
name = "mine"
text = 'elephants'
category = "moved"
fact = "us"
examples = ["550 elephants"]
near_misses = ["550 mice"]
"""


def rule_for(rules: RulesInForce, text: str) -> str:
    return rules.rules.meaning(Said(550, "", text)).rule


def test_rules_are_read_again_when_the_file_has_come_changed_or_gone(tmp_path: Path) -> None:
    rules = RulesInForce(tmp_path / "youtong.toml")
    assert not rules.have_changed()
    (path := tmp_path / "bounces.toml").write_text(OURS)
    assert (rules.have_changed(), rules.have_changed()) == (True, False)
    assert rule_for(rules, "550 elephants") == "mine"
    path.unlink()
    assert (rules.have_changed(), rules.have_changed()) == (True, False)
    assert rule_for(rules, "550 elephants") == ""


def test_a_file_that_goes_while_it_is_looked_at_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bounces.toml").write_text(OURS)
    rules = RulesInForce(tmp_path / "youtong.toml")
    (tmp_path / "bounces.toml").unlink()
    monkeypatch.setattr(Path, "exists", lambda _path: True)  # what a look just before would have said
    assert rules.have_changed()


def test_a_broken_file_leaves_the_shipped_rules(tmp_path: Path) -> None:
    (tmp_path / "bounces.toml").write_text("[[rule]]\nnonsense = 1\n")
    assert rule_for(RulesInForce(tmp_path / "youtong.toml"), "550 5.1.1 User unknown") == "no-such-user-unknown"
