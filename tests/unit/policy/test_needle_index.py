"""The index of needles finds what a plain search finds."""

from hypothesis import given, strategies as st
from youtong.policy.rulefiles.needle_index import NeedleIndex

WORDS = st.text(alphabet="abé满 ", min_size=1, max_size=9)


@given(st.lists(WORDS, max_size=20), st.text(alphabet="abé满 ", max_size=40))
def test_exactly_the_needles_in_the_text_are_found(needles: list[str], text: str) -> None:
    numbered = [(needle, at) for at, needle in enumerate(needles)]
    assert NeedleIndex(numbered).found(text) == {at for needle, at in numbered if needle in text}


def test_one_rule_may_have_many_needles() -> None:
    index = NeedleIndex([("mailbox full", 7), ("quota", 7), ("no", 3), ("unknown user", 1)])
    assert index.found("the mailbox full of news") == {7}
    assert index.found("no unknown user over quota") == {1, 3, 7}
    assert index.found("") == set()
