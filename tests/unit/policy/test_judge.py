"""What becomes of an attempt by a receiver's words. Which rule takes which text: test_bounces_shipped."""

import time

import pytest
from youtong.mta.outcome import Deferred, Delivered, Failed, Outcome, Scope, Stage
from youtong.mta.reply import Reply, from_text_lines, reply
from youtong.policy.hints import hint_seconds
from youtong.policy.judge import RuleJudge
from youtong.queue.classes import MailClass
from youtong.queue.judging import AttemptFacts

JUDGE = RuleJudge()
PEOPLE, BULK, API = MailClass.PEOPLE, MailClass.BULK, MailClass.TRANSACTIONAL


def heard(text: str) -> tuple[Reply, Stage]:
    stage = Stage.RCPT
    if text.startswith("@"):
        name, _, text = text[1:].partition(" ")
        stage = Stage(name)
    return from_text_lines(int(text[:3]), [text[4:]]), stage


def outcome_of(text: str) -> Deferred | Failed:
    words, stage = heard(text)
    if words.is_permanent:
        return Failed(stage, Scope.RECIPIENT, words)
    return Deferred(stage, Scope.RECIPIENT, words)


def judged(text: str, mail_class: MailClass = PEOPLE) -> Outcome:
    return JUDGE.judge(outcome_of(text), AttemptFacts("p", "s", "example.net", mail_class))


@pytest.mark.parametrize(
    ("text", "people", "bulk", "api"),
    [
        ("550 Connection frequency limited", Deferred, Deferred, Deferred),
        ("552 5.2.2 Mailbox full", Failed, Deferred, Failed),
        ("452 4.2.2 Mailbox full", Deferred, Deferred, Deferred),
        ("552 recipients exceeded", Deferred, Deferred, Deferred),
        ("550 5.7.606 Access denied, banned sending IP", Failed, Deferred, Deferred),
        ("550 5.7.515 Access denied", Failed, Deferred, Deferred),
        ("550 5.4.1 Recipient address rejected: Access denied", Failed, Failed, Failed),
        ("554 DT:SPM mx1", Failed, Failed, Failed),
        ("550 5.1.1 User unknown", Failed, Failed, Failed),
        ("550 something nobody knows", Failed, Failed, Failed),
        ("450 something nobody knows", Deferred, Deferred, Deferred),
        ("@greeting 554 5.7.1 go away", Deferred, Deferred, Deferred),
        ("@ehlo 550 no such user", Deferred, Deferred, Deferred),
        ("@greeting 554 HL:IPB mx1", Deferred, Deferred, Deferred),
    ],
)
def test_disposition_by_class(text: str, people: type, bulk: type, api: type) -> None:
    assert [type(judged(text, mail_class)) for mail_class in (PEOPLE, BULK, API)] == [people, bulk, api]


def test_a_refusal_of_our_address_speaks_about_the_provider_and_never_about_the_recipient() -> None:
    outcome = judged("550 5.7.606 Access denied, banned sending IP [192.0.2.1]")
    assert isinstance(outcome, Failed)
    assert (outcome.scope, outcome.category) == (Scope.PROVIDER, "our-ip")


@pytest.mark.parametrize(
    ("counted", "scope"),
    [
        ("Domain", Scope.MESSAGE),
        ("Sender", Scope.MESSAGE),
        ("Ip", Scope.PROVIDER),
        ("Connection", Scope.PROVIDER),
    ],
)
def test_qq_frequency_is_the_providers_rate_of_what_qq_counts(counted: str, scope: Scope) -> None:
    outcome = judged(f"550 {counted} frequency limited")
    assert isinstance(outcome, Deferred)
    assert (outcome.scope, outcome.category) == (scope, "rate")
    assert outcome.reply == reply(550, "", f"{counted} frequency limited")


def test_an_unknown_refusal_is_final_without_a_kind() -> None:
    before = outcome_of("550 nobody knows this")
    assert JUDGE.judge(before, AttemptFacts("p", "s", "d", PEOPLE)) is before


@pytest.mark.parametrize(
    "outcome",
    [
        Delivered(reply(250, "2.0.0", "greylisted no more")),
        Deferred(Stage.FINAL_DOT, Scope.MESSAGE, None, "connection lost", ambiguous=True),
        Failed(Stage.ROUTE, Scope.RECIPIENT, None, "5.1.2 no such domain", category="no-such-domain"),
        Failed(Stage.RCPT, Scope.RECIPIENT, reply(550, "5.1.1", "greylisted"), category="already-judged"),
    ],
)
def test_what_is_known_or_silent_stays_as_it_is(outcome: Outcome) -> None:
    assert JUDGE.judge(outcome, AttemptFacts("p", "s", "d", BULK)) is outcome


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Greylisted, please try again in 300 seconds", 300),
        ("Greylisting in action, please come back in 00:05:00", 300),
        ("Greylisted for 5 minutes (4)", 300),
        ("Service busy, retry after 2 min", 120),
        ("try again in 1 hour", 3600),
        ("please try again later from 192.0.2.1", None),
        ("Please try again later", None),
        ("again 5 apples", None),
        ("retry 30 things in 9 hearts", None),
    ],
)
def test_hints(text: str, seconds: int | None) -> None:
    assert hint_seconds(text) == seconds


def test_a_hint_comes_with_the_outcome_also_where_no_rule_knows_the_text() -> None:
    for text in ("451 4.3.2 try again in 10 minutes", "450 4.7.1 Greylisted, try again in 600 seconds"):
        outcome = judged(text)
        assert isinstance(outcome, Deferred)
        assert outcome.retry_after_seconds == 600


HOSTILE = [
    "a" * 100_000,
    "user " * 20_000,
    "exceeded " * 10_000,
    "mailbox (" * 10_000,
    "again in " * 10_000,
    "ip " * 30_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:9])
def test_a_hostile_reply_costs_little(text: str) -> None:
    """Judged by the CPU time of this thread against a plain reply's: no expression may grow faster than its text."""
    before = time.thread_time()
    judged(f"450 {text}")
    judged(f"550 {text}")
    assert time.thread_time() - before < 0.5


@pytest.mark.parametrize("said", ["451 4.7.1 Try later", "450 4.7.1 Please try again later", "451 try again later"])
def test_who_asks_to_come_back_later_without_a_reason_is_given_none_by_us(said: str) -> None:
    outcome = judged(said)
    assert isinstance(outcome, Deferred)
    assert outcome.category == ""
