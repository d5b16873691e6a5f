"""Faults of rule files, in the language of who reads them; logs keep the English."""

from pathlib import Path

import pytest
from youtong.admin.rule_faults import rule_file_words
from youtong.admin.texts import CHINESE, ENGLISH, speaking
from youtong.policy.bounces.loading import BouncesError, load
from youtong.policy.rulefiles.phrases import Phrase
from youtong.policy.shaping import file as shaping_file
from youtong.policy.shaping.faults import ShapingError

BOUNCES = '[[rule]]\nname = "x"\ntext = "y"\ncategory = "no-such-usr"\nodd = 1\n'
SHAPING = '[provider.shop]\nconnections = "many"\n'


def faults_of(path: Path, text: str) -> BouncesError | ShapingError:
    path.write_text(text)
    with pytest.raises((BouncesError, ShapingError)) as caught:
        load(path) if path.name == "bounces.toml" else shaping_file.load(path)
    return caught.value


def test_each_fault_is_told_with_its_line_in_either_language(tmp_path: Path) -> None:
    path = tmp_path / "bounces.toml"
    error = faults_of(path, 'base = "none"\n' + BOUNCES)
    with speaking(ENGLISH):
        assert rule_file_words(error) == str(error)
        assert f"{path}:5: [[rule]] category: is no category, did you mean no-such-user?" in rule_file_words(error)
    with speaking(CHINESE):
        assert rule_file_words(error).splitlines() == [
            f"{path}:2：[[rule]] examples：缺失",
            f"{path}:5：[[rule]] category：不是类别，是不是想写 no-such-user？",
            f"{path}:6：[[rule]] odd：不是这个小节的键",
        ]


@pytest.mark.parametrize(("name", "text"), [("bounces.toml", BOUNCES), ("shaping.toml", SHAPING)])
def test_every_sentence_can_be_said_in_another_language(tmp_path: Path, name: str, text: str) -> None:
    error = faults_of(tmp_path / name, text)
    assert error.faults
    assert all(isinstance(fault.sentence, Phrase) for fault in error.faults)


def test_what_is_no_fault_of_a_rule_file_is_said_as_it_is() -> None:
    assert rule_file_words(ValueError("so it is")) == "so it is"
