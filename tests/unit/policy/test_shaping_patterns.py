"""What a pattern may cost, which words it needs, and what the lint says about rules."""

import re
from pathlib import Path

import pytest
from fakes.shaping import write_shaping
from hypothesis import given, strategies as st
from youtong.policy.rulefiles import doubts
from youtong.policy.rulefiles.doubts import hard_texts
from youtong.policy.rulefiles.pattern_cost import MAX_TEXT, MAX_WAYS, needles, ways
from youtong.policy.shaping import file, lint


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+", "(a*)*b", "(?:a|aa)+$", "(.*)(.*)(.*)x", r"(\w+\s?)+$", r"\d+\.\d+\.\d+\.\d+ deferred",
        "(?:a{1,50}){1,50}", r"([a-z]+)*@", "a?" * 13 + "a" * 13, "(x)?(?(1)(?:a+)+|b)", "(?=(a+)+)b",
    ],
)  # fmt: skip
def test_a_pattern_that_can_take_very_long_is_seen_by_its_structure(pattern: str) -> None:
    assert ways(pattern) > MAX_WAYS


@pytest.mark.parametrize(
    "pattern",
    [
        "plain words", r"\[(?:TSS?|IPTS)04\]", r"\d{1,3}(?:\.\d{1,3}){3}", "from .{0,60} on our .{0,20}list", "a.*b",
        "too many (?:concurrent |open )?connections", r"\bHL:[A-Z]{3}\b", "(?:ab){0,200}",
    ],
)  # fmt: skip
def test_a_pattern_with_bounds_is_allowed(pattern: str) -> None:
    assert ways(pattern) <= MAX_WAYS


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("Server busy", ("server busy",)),
        (r"\[TS02\]", ("[ts02]",)),
        (r"(?:ip|connection) frequency (?:is )?limited", (" frequency ",)),
        (r"\[BS02\]|\[HCM1\] your mail", ("bs02]", "hcm1] your mail")),
        (r"\b5\.7\.6(?:0[6-9]|[1-4][0-9])\b", ("5.7.6",)),
        ("a|[0-9]", ()),
        ("(?:busy)?", ()),
        ("(?:busy){2}", ("busy",)),
        ("été", ("été",)),
        ("邮箱已满|Ящик", ("邮箱已满", "ящик")),
        ("", ()),
    ],
)
def test_words_that_a_match_cannot_do_without(pattern: str, expected: tuple[str, ...]) -> None:
    assert needles(pattern) == expected


PATTERNS = st.recursive(
    st.sampled_from(["a", "b", "ab ", "[ab]", ".", r"\b", "A", "É", "满"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        st.tuples(inner, st.sampled_from(["?", "{0,2}", "{1,2}", "{2}"])).map(lambda two: f"(?:{two[0]}){two[1]}"),
    ),
    max_leaves=6,
)


@given(PATTERNS, st.text(alphabet="abAB éÉ满", max_size=12))
def test_whatever_a_pattern_fits_has_one_of_its_words(pattern: str, text: str) -> None:
    words = needles(pattern)
    if words and re.search(pattern, text, re.IGNORECASE):
        assert any(word in text.lower() for word in words)


RULES = """base = "none"
[provider.one]
mx = ["one.example"]
[[provider.one.reply]]
name = "first"
text = 'busy'
do = "stop"
for = "5 min"
fact = "seen"
examples = ["421 busy", "421 so busy"]
near_misses = ["421 at rest"]
[[provider.one.reply]]
name = "second"
text = 'very busy'
do = "stop"
for = "5 min"
fact = "seen"
examples = ["421 very busy", "421 we are very busy"]
near_misses = ["421 at rest"]
"""


def told(folder: Path, text: str) -> list[str]:
    path = write_shaping(folder, text)
    return [fault.with_file().removeprefix(f"{path}:") for fault in lint.warnings(file.load(path))]


def test_a_rule_behind_one_that_takes_all_its_texts_never_wins(tmp_path: Path) -> None:
    expected = "12: [[provider.one.reply]] second: never wins: all its examples are taken by the earlier first"
    assert told(tmp_path, RULES) == [expected]


def test_an_example_that_an_earlier_rule_takes_is_named(tmp_path: Path) -> None:
    text = RULES.replace('"421 we are very busy"', '"421 very  much"').replace("'very busy'", "'very'")
    expected = '12: [[provider.one.reply]] second: its example "421 very busy" is taken by the earlier first'
    assert told(tmp_path, text) == [expected]


def test_a_rule_that_does_not_fit_its_own_example_is_dead(tmp_path: Path) -> None:
    text = RULES.replace("'very busy'", "'veri busy'").replace(
        '"421 very busy", "421 we are very busy"', '"421 x", "421 y"'
    )
    assert told(tmp_path, text) == [
        '12: [[provider.one.reply]] second: does not fit its own example "421 x"',
        '12: [[provider.one.reply]] second: does not fit its own example "421 y"',
    ]


def test_a_near_miss_that_fits_is_told(tmp_path: Path) -> None:
    text = RULES[: RULES.index('[[provider.one.reply]]\nname = "second"')].replace("421 at rest", "421 busybody")
    assert told(tmp_path, text) == ['4: [[provider.one.reply]] first: fits its near miss "421 busybody"']


def test_a_rule_with_one_text_no_near_miss_and_no_fact_is_told_what_is_missing(tmp_path: Path) -> None:
    text = RULES[: RULES.index('[[provider.one.reply]]\nname = "second"')]
    text = (
        text.replace(', "421 so busy"', "")
        .replace('near_misses = ["421 at rest"]\n', "")
        .replace('fact = "seen"\n', "")
    )
    assert [line.partition("first: ")[2] for line in told(tmp_path, text)] == [
        "has no fact: where was the reply seen?",
        "has no near_misses: a text that it must not fit shows where it ends",
        "has one example only: a second real text shows what may vary",
    ]


def test_a_file_that_replaces_the_shipped_one_without_a_word_is_told(tmp_path: Path) -> None:
    text = RULES[: RULES.index('[[provider.one.reply]]\nname = "second"')].replace('base = "none"\n', "")
    (line,) = told(tmp_path, text)
    assert line.startswith("1: base: is missing: this file replaces the shipped one")


def test_a_slow_pattern_is_told_with_what_it_took(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubts, "SLOW_SECONDS", -1.0)  # so that every pattern is slow, on any machine
    (line,) = told(tmp_path, RULES[: RULES.index('[[provider.one.reply]]\nname = "second"')])
    assert re.search(r"first: took \d+ ms for one text: make its gaps shorter$", line)


def test_texts_that_lead_a_pattern_on_are_as_long_as_what_is_looked_at(tmp_path: Path) -> None:
    (first, _) = file.load(write_shaping(tmp_path, RULES)).providers["one"].rules
    assert {len(text) for text in hard_texts(first)} == {MAX_TEXT}
