"""What receivers of the world said, each as the one sentence that says who, what, what comes next, and what to do."""

import os
import re
import time
from collections.abc import Iterator

import pytest
from fakes.why_not_replies import Case, cases, said, shown, told
from msgspec.structs import replace
from youtong.admin.explain.why_not import sentence
from youtong.policy.bounces.meaning import Blame

CASES = cases()
NAMES = [each.name for each in CASES]
_NOT_AGAIN = {"en": "it will not be retried", "zh": "不再重试"}
_BY_ITSELF = {"en": "automatically", "zh": "自动"}
_WORDS_OF_PROTOCOLS = {
    "SPF", "DKIM", "DMARC", "TLS", "IP", "MX", "IPv4", "IPv6", "youtong", "dkim", "show", "SMTPUTF8", "8BITMIME",
}  # fmt: skip


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """What `said` changes is as it was afterwards."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)
    time.tzset()


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_a_letter_is_told_in_exactly_this_sentence_in_english_and_chinese(case: Case) -> None:
    assert said(case, "en") == case.en
    assert said(case, "zh") == case.zh


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_a_program_reads_who_is_to_blame_and_who_has_to_act(case: Case) -> None:
    fields = shown(case)
    assert fields["blame"] == (case.blame or None)
    assert (fields["do"]["by"] if fields["do"] else "") == case.by


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_who_and_what_comes_next_are_named(case: Case) -> None:
    english, chinese = said(case, "en"), said(case, "zh")
    assert case.provider in english
    for language, words in (("en", english), ("zh", chinese)):
        if case.state in ("waits", "stopped"):
            assert _BY_ITSELF[language] in words
            assert "06:06:00" in words or case.minutes != 6
        elif case.state != "complaint":
            assert _NOT_AGAIN[language] in words


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_chinese_has_no_english_words_but_names_and_codes(case: Case) -> None:
    names = {*re.findall(r"[\w-]+", f"{case.provider} {case.host} {case.address} shop.example {case.forwarded_to}")}
    foreign = set(re.findall(r"[A-Za-z][\w-]*", said(case, "zh"))) - names - _WORDS_OF_PROTOCOLS
    assert foreign <= {"mx"}


def test_there_are_more_than_sixty_of_more_than_fifteen_providers_and_every_blame() -> None:
    assert len(CASES) >= 60
    assert len({each.key for each in CASES if each.key}) >= 15
    assert {each.blame for each in CASES} >= {blame.value for blame in Blame}


def test_what_the_book_no_longer_says_is_not_said_either() -> None:
    case = next(each for each in CASES if each.name == "Gmail, no such user")
    explanation, around = told(case)
    assert "from now on this address gets no bulk or transactional mail" in sentence(explanation, around.now_ms)
    assert "from now on" not in sentence(replace(explanation, stopped_by=()), around.now_ms)
