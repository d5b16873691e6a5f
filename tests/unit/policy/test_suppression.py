"""Whom we do not write to: the table of reasons, who may lift, and when two addresses are the same mailbox."""

import pytest
from hypothesis import given, strategies as st
from youtong.policy.suppression import (
    LIFTS,
    REACH,
    Lifter,
    Reason,
    Suppressed,
    gravest,
    may_lift,
    read_skip_reason,
    same_mailbox,
    skip_reason,
)
from youtong.queue.classes import MailClass

PEOPLE, API, BULK = MailClass.PEOPLE, MailClass.TRANSACTIONAL, MailClass.BULK


def test_what_each_reason_stops_is_this_table() -> None:
    assert {(reason, each): each in REACH[reason] for reason in Reason for each in MailClass} == {
        (Reason.BLOCK, PEOPLE): True,
        (Reason.BLOCK, API): True,
        (Reason.BLOCK, BULK): True,
        (Reason.COMPLAINT, PEOPLE): False,
        (Reason.COMPLAINT, API): False,
        (Reason.COMPLAINT, BULK): True,
        (Reason.UNSUBSCRIBE, PEOPLE): False,
        (Reason.UNSUBSCRIBE, API): False,
        (Reason.UNSUBSCRIBE, BULK): True,
        (Reason.HARD_BOUNCE, PEOPLE): False,
        (Reason.HARD_BOUNCE, API): True,
        (Reason.HARD_BOUNCE, BULK): True,
        (Reason.MANUAL, PEOPLE): False,
        (Reason.MANUAL, API): True,
        (Reason.MANUAL, BULK): True,
    }


def test_what_a_reader_said_is_lifted_only_by_a_person_who_insists_or_its_own_expiry() -> None:
    for said in (Reason.COMPLAINT, Reason.UNSUBSCRIBE):
        assert {lifter for lifter in Lifter if may_lift(lifter, said)} == {Lifter.FORCED, Lifter.EXPIRY}


def test_an_import_lifts_nothing_and_a_delivery_or_new_rules_lift_hard_bounces_alone() -> None:
    assert LIFTS[Lifter.IMPORT] == frozenset()
    assert LIFTS[Lifter.DELIVERY] == LIFTS[Lifter.RULES] == {Reason.HARD_BOUNCE}


def test_the_gravest_reason_is_told() -> None:
    assert gravest([Reason.MANUAL, Reason.HARD_BOUNCE, Reason.COMPLAINT]) is Reason.COMPLAINT
    assert gravest([]) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jane@Example.COM", "jane@example.com"),
        ('"jane"@example.com', "jane@example.com"),
        ("jane@example.com.", "jane@example.com"),
        ("jane@bücher.example", "jane@xn--bcher-kva.example"),
        ("Re\u0301mi@example.com", "r\u00e9mi@example.com"),
    ],
)
def test_two_spellings_of_one_mailbox_have_one_form(one: str, other: str) -> None:
    assert same_mailbox(one) == same_mailbox(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("jane+shop@example.com", "jane@example.com"),
        ("jane.doe@example.com", "janedoe@example.com"),
        ('"a b"@example.com', "ab@example.com"),
        ('"a..b"@example.com', "a..b@example.com"),
    ],
)
def test_what_only_its_host_can_tell_stays_two_mailboxes(one: str, other: str) -> None:
    assert same_mailbox(one) != same_mailbox(other)


@given(st.text())
def test_every_text_has_a_form_which_is_its_own_form(text: str) -> None:
    form = same_mailbox(f"a{text}@example.com")
    assert same_mailbox(form) == form
    form.encode("utf-8")


@pytest.mark.parametrize("reason", list(Reason))
def test_the_journals_word_names_reason_and_entry(reason: Reason) -> None:
    assert read_skip_reason(skip_reason(reason, 17)) == Suppressed(reason, 17)


@pytest.mark.parametrize(
    "text", ["", "suppressed", "suppressed:nonsense:1", "suppressed:block:x", "a hook's own words"]
)
def test_other_reasons_are_nobodys_entry(text: str) -> None:
    assert read_skip_reason(text) is None
