"""Each word of the bounce rules has a word in both languages, and no two of a sort share one."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from youtong.admin import bounce_words
from youtong.admin.raw_words import named
from youtong.admin.suppression.entry import Entry, Lifted
from youtong.admin.suppression.words import because_words, lifter_words
from youtong.admin.texts import CHINESE, catalogue
from youtong.policy.bounces import categories
from youtong.policy.bounces.meaning import Action, Blame, BounceKind, Disposition
from youtong.policy.suppression import EntrySource, Lifter, Reason

SORTS: list[tuple[Callable[[Any], str], Iterable[str]]] = [
    (bounce_words.category_words, sorted(categories.ALL)),
    (bounce_words.kind_words, BounceKind),
    (bounce_words.blame_words, Blame),
    (bounce_words.action_words, Action),
    (bounce_words.disposition_words, Disposition),
]


@pytest.mark.parametrize(("words_of", "raw_words"), SORTS)
def test_each_has_its_own_word_in_english_and_in_chinese(
    words_of: Callable[[Any], str], raw_words: Iterable[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for language in ("C", "zh_CN.UTF-8"):
        monkeypatch.setenv("LC_ALL", language)
        said = {raw: words_of(raw) for raw in raw_words}
        assert [raw for raw, words in said.items() if raw and raw not in words] == []
        assert len({words.split(" (")[0] for words in said.values()}) == len(said)
    assert [raw for raw, words in said.items() if words == raw] == [], "no Chinese"


def test_every_category_has_a_word_in_both_languages() -> None:
    assert categories.ALL - bounce_words.CATEGORIES.keys() == set()
    assert [word for word in bounce_words.CATEGORIES.values() if word not in catalogue(CHINESE).texts] == []


def test_a_word_that_is_the_raw_word_is_said_once() -> None:
    assert named("no such user", "no-such-user") == "no-such-user"
    assert named("needs SMTPUTF8", "needs-smtputf8") == "needs-smtputf8"
    assert named("spam", "content") == "spam (content)"


def test_a_category_of_a_hook_is_shown_as_it_is_and_none_is_unknown() -> None:
    assert bounce_words.category_words("our-own") == "our-own"
    assert bounce_words.category_words("") == "unknown"


@pytest.mark.parametrize(
    ("how", "why", "behind"),
    [
        (Lifter.RULES, "their-rule mailbox-full", "：their-rule，邮箱已满 (mailbox-full)"),
        (Lifter.RULES, "unknown", "：不明"),
        (Lifter.PERSON, "by phone", "：by phone"),
        (Lifter.EXPIRY, "", ""),
    ],
)
def test_why_an_entry_was_lifted_has_the_categorys_word(
    how: Lifter, why: str, behind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    entry = Entry("a@example.com", Reason.HARD_BOUNCE, EntrySource.REPLY, 0, False, "", 0, None, None)
    assert because_words(Lifted(entry, 1, how, "", why)) == lifter_words(how) + behind
