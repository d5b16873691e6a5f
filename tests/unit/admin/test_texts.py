"""The catalogue: every text of the code is translated, none is left over, and placeholders survive."""

import re
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from youtong.admin import extraction
from youtong.admin.cli.click_texts import MSGIDS
from youtong.admin.texts import CHINESE, ENGLISH, catalogue, language_of

_CJK = re.compile(r"[\u4e00-\u9fff]")
# Words that are the same in Chinese: options of a command line, names of protocols.
_COMMAND = re.compile(r"youtong [a-z]+(?: [a-z]+)*|--[a-z-]+")


def forms(text: object) -> list[str]:
    return [str(one) for one in text] if isinstance(text, list | tuple) else [str(text)]  # pyright: ignore


def translated() -> Iterator[Message]:
    return (message for message in extraction.read() if message.id)


def placeholders(text: str) -> set[str]:
    return {f"{name}!{conversion}" for _, name, _, conversion in string.Formatter().parse(text) if name is not None}


def test_every_text_of_the_code_is_in_the_catalogue_and_none_is_left_over() -> None:
    said = {forms(message.id)[0] for message in extraction.extract() if message.id}
    known = {forms(message.id)[0] for message in translated()}
    assert sorted(said - known) == [], "new: run python -m youtong.admin.extraction, and translate"
    assert sorted(known - said) == [], "left over: run python -m youtong.admin.extraction"


def test_every_text_is_translated() -> None:
    missing = [forms(message.id)[0] for message in translated() if message.fuzzy or not all(forms(message.string))]
    assert missing == []


def test_a_translation_has_the_same_placeholders() -> None:
    for message in translated():
        wanted = placeholders(forms(message.id)[-1])  # of a plural: Chinese says every number in that form
        for text in forms(message.string):
            assert placeholders(text) == wanted, message.id


def test_a_translation_names_the_same_commands_and_options() -> None:
    for message in translated():
        wanted = set(_COMMAND.findall(forms(message.id)[-1]))
        assert set(_COMMAND.findall(forms(message.string)[0])) == wanted, message.id


def test_a_translation_is_chinese() -> None:
    for message in translated():
        words = re.sub(r"\{[^}]*\}", "", forms(message.id)[0])
        if re.search(r"[a-z]{2} [a-z]{2}", words):
            assert _CJK.search(forms(message.string)[0]), message.id


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, ENGLISH),
        ({"LANG": "C"}, ENGLISH),
        ({"LANG": "de_DE.UTF-8"}, ENGLISH),
        ({"LANG": "zh_CN.UTF-8"}, CHINESE),
        ({"LANG": "zh_TW"}, CHINESE),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, ENGLISH),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, CHINESE),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, CHINESE),
    ],
)
def test_the_language_follows_the_environment(environment: dict[str, str], language: str) -> None:
    assert language_of(environment) == language


def test_an_unknown_text_is_shown_as_it_is() -> None:
    assert catalogue(CHINESE).gettext("Not in the catalogue.") == "Not in the catalogue."
    assert catalogue(CHINESE).ngettext("{n} thing", "{n} things", 1) == "{n} thing"


def test_english_counts_and_chinese_has_one_form() -> None:
    fault = ("{path} has {n} fault:", "{path} has {n} faults:")
    assert [catalogue(ENGLISH).ngettext(*fault, n) for n in (1, 2)] == list(fault)
    assert len({catalogue(CHINESE).ngettext(*fault, n) for n in (1, 2)}) == 1


def test_the_command_line_speaks_chinese_to_the_last_word() -> None:
    """Its own words and click's: nothing but names of options and commands is English."""
    command = [sys.executable, "-m", "youtong.admin.cli.main", "account", "add", "--help"]
    shown = subprocess.run(command, capture_output=True, check=True, env={"LANG": "zh_CN.UTF-8"}).stdout.decode()
    prose = re.sub(r"\S*@\S*|--?[a-z-]+|\[[^\]]*\]|\becho .*|\byoutong\b.*|[A-Z_$]{2,}|（[^）]*）", "", shown)
    assert re.findall(r"[A-Za-z]{2,}", prose) == []


def test_the_words_said_by_click_are_still_the_ones_it_says() -> None:
    said = {
        forms(msgid)[0] for _, _, msgid, _, _ in extract_from_dir(Path(click.__file__).parent, [("**.py", "python")])
    }
    assert set(MSGIDS) - said - {"required", "Did you mean {possibility}?"} == set()
