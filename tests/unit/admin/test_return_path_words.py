"""Where bounces go, in words."""

import pytest
from youtong.admin.return_path_words import kept_words, no_way_back_sentence
from youtong.queue.return_paths import WhyKept
from youtong.queue.streams.streams import NoWayBack

pytestmark = pytest.mark.usefixtures("in_english")


@pytest.mark.parametrize("why", [None, *WhyKept])
def test_a_stream_that_does_not_start_is_told_why_and_what_to_do(why: WhyKept | None) -> None:
    sentence = no_way_back_sentence(NoWayBack("shop.example", why))
    assert sentence.startswith("Bounces of this stream would be lost: ")
    assert "--reverse-path ADDRESS" in sentence
    assert "{" not in sentence


def test_each_reason_has_words_of_its_own_and_an_unknown_one_is_shown_as_it_is() -> None:
    assert len({kept_words(why.value, "shop.example") for why in WhyKept}) == len(WhyKept)
    assert kept_words("of-a-later-version", "shop.example") == "of-a-later-version"
