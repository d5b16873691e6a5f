"""A reply in one line: its codes are said once, whoever wrote them down."""

import pytest
from youtong.mta.reply import reply_line


@pytest.mark.parametrize(
    ("code", "enhanced", "text", "line"),
    [
        (550, "5.1.1", "No such user", "550 5.1.1 No such user"),
        (550, "5.1.1", "550 5.1.1 No such user", "550 5.1.1 No such user"),
        (550, "5.1.1", "550-5.1.1 No such user", "550 5.1.1 No such user"),
        (550, "5.1.1", "550 No such user", "550 5.1.1 No such user"),
        (550, "5.1.1", "#5.1.1 No such user", "550 5.1.1 No such user"),
        (550, "", "5.1.1.2 is blocked", "550 5.1.1.2 is blocked"),
        (0, "5.1.1", "550 5.1.1 No such user", "550 5.1.1 No such user"),
        (0, "", "connection refused", "connection refused"),
        (421, "", "", "421"),
    ],
)
def test_codes_that_the_words_begin_with_are_not_said_twice(code: int, enhanced: str, text: str, line: str) -> None:
    assert reply_line(code, enhanced, text) == line


def test_the_enhanced_code_of_the_words_themselves_is_kept_as_it_was_said() -> None:
    assert reply_line(550, "5.0.0", "550 5.7.1 blocked") == "550 5.7.1 blocked"


def test_another_reply_that_is_quoted_stays_whole() -> None:
    assert reply_line(550, "5.1.1", "554 5.7.1 blocked") == "550 5.1.1 554 5.7.1 blocked"


def test_saying_it_again_changes_nothing() -> None:
    line = reply_line(550, "5.1.1", "550-5.1.1 No such user")
    assert reply_line(550, "5.1.1", line) == line
