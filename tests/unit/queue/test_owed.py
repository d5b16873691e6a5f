"""What a sender is owed: every class, NOTIFY and ending."""

from itertools import product

import msgspec
import pytest
from youtong.queue.notices.owed import may_hear_of_delay, owes_notice
from youtong.queue.signed_address import TOKEN_LETTERS, VERP_PREFIX
from youtong.queue.states import Event


class Row(msgspec.Struct, frozen=True):
    mail_class: str = "people"
    notify: str = ""
    reverse_path: str = "a@example.org"
    is_notice: int = 0


FAILURES = (Event.BOUNCE, Event.EXPIRE, Event.SKIP)
EXPECTED = {  # (class, NOTIFY) → what is told
    ("people", ""): "failure delay",
    ("people", "NEVER"): "",
    ("people", "SUCCESS"): "success",
    ("people", "FAILURE"): "failure",
    ("people", "DELAY"): "delay",
    ("people", "success,failure"): "success failure",
    ("people", "SUCCESS,FAILURE,DELAY"): "success failure delay",
    ("transactional", ""): "",
    ("transactional", "NEVER"): "",
    ("transactional", "SUCCESS,FAILURE,DELAY"): "success failure",
    ("bulk", ""): "",
    ("bulk", "SUCCESS,FAILURE,DELAY"): "",
}


@pytest.mark.parametrize(("mail_class", "notify"), list(EXPECTED))
def test_each_class_is_told_what_notify_says_and_bulk_nothing(mail_class: str, notify: str) -> None:
    row, told = Row(mail_class, notify), EXPECTED[mail_class, notify].split()
    assert {owes_notice(event, row) for event in FAILURES} == {"failure" in told}
    assert owes_notice(Event.DELIVER, row) is ("success" in told)
    assert may_hear_of_delay(row) is ("delay" in told)


def test_a_next_hop_that_took_notify_over_owes_the_notice_of_success() -> None:
    assert not owes_notice(Event.DELIVER, Row(notify="SUCCESS"), next_hop_owes=True)
    assert owes_notice(Event.BOUNCE, Row(notify="FAILURE"), next_hop_owes=True)


@pytest.mark.parametrize(
    "row",
    [
        Row(reverse_path="", notify="SUCCESS"),
        Row(reverse_path=f"{VERP_PREFIX}{'a' * TOKEN_LETTERS}@example.org", notify="SUCCESS,FAILURE,DELAY"),
        Row(is_notice=1),
        Row(is_notice=1, notify="FAILURE,DELAY"),
    ],
)
def test_nothing_is_told_to_nobody_or_to_a_verp_address_or_about_a_notice(row: Row) -> None:
    assert not any(owes_notice(event, row) for event in Event)
    assert not may_hear_of_delay(row)


def test_only_an_end_is_told() -> None:
    ends = {*FAILURES, Event.DELIVER}
    for event, notify in product(set(Event) - ends, ("", "SUCCESS,FAILURE,DELAY")):
        assert not owes_notice(event, Row(notify=notify))
