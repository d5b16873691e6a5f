"""What a report means for each of its recipients, and what a single reply means."""

from pathlib import Path

import pytest
from youtong.mta.reports.report import Report, ReportedRecipient, ReportSort, ReturnedLetter
from youtong.policy.bounces.answering import classify_reply
from youtong.policy.bounces.classifying import Bounced, classify
from youtong.policy.bounces.loading import load_rules
from youtong.policy.bounces.meaning import Action, Blame, BounceKind
from youtong.queue.classes import MailClass

RULES = load_rules()


def bounce(*recipients: ReportedRecipient, to: tuple[str, ...] = ()) -> Report:
    return Report(ReportSort.BOUNCE, recipients, ReturnedLetter(to=to))


def only(*recipients: ReportedRecipient, ours: str = "") -> Bounced:
    (one,) = classify(bounce(*recipients), RULES, ours)
    return one


def failed(diagnostic: str = "", status: str = "", code: int = 0, words: str = "", **more: str) -> ReportedRecipient:
    return ReportedRecipient(
        "bob@example.net", action="failed", diagnostic=diagnostic, status=status, code=code, words=words, **more
    )


@pytest.mark.parametrize("sort", [sort for sort in ReportSort if sort is not ReportSort.BOUNCE])
def test_what_is_no_bounce_gives_nothing(sort: ReportSort) -> None:
    assert classify(Report(sort, (failed("550 5.1.1 User unknown", "5.1.1", 550),)), RULES) == []


def test_only_those_who_failed_are_told_each_once() -> None:
    delayed, delivered = (ReportedRecipient(f"{word}@example.net", action=word) for word in ("delayed", "delivered"))
    one = only(delayed, failed("550 5.1.1 User unknown", "5.1.1", 550), delivered)
    assert (one.recipient, one.kind, one.category, one.action) == (
        "bob@example.net",
        BounceKind.HARD,
        "no-such-user",
        Action.SUPPRESS,
    )
    assert (one.disposition, one.blame, one.dsn_action) == ("final", Blame.RECIPIENT, "failed")


@pytest.mark.parametrize("status", ["5.0.0", "5.1.1", "5.2.1"])
def test_words_about_quota_win_over_any_status(status: str) -> None:
    one = only(failed("552 mailbox is full, over quota", status, 552))
    assert (one.category, one.kind, one.action) == ("mailbox-full", BounceKind.SOFT, Action.DROP)


def test_the_words_of_the_notice_count_where_the_host_said_none() -> None:
    assert only(failed("smtp; 550", "5.0.0", 550, words="The user is over quota.")).category == "mailbox-full"


def test_the_hosts_own_code_counts_before_the_notices() -> None:
    assert only(failed("452 4.2.2 xyzzy", "4.4.7", 452)).category == "mailbox-full"
    assert only(failed("xyzzy", "4.4.7")).category == "expired"


def test_no_failure_has_a_status_of_success() -> None:
    assert only(failed("Sent 2.0.12, not delivered", "2.0.12")).status == "5.0.0"


def test_a_failure_that_nobody_knows_is_soft_and_suppresses_nobody() -> None:
    one = only(failed("550 xyzzy", "", 550))
    assert (one.category, one.kind, one.status, one.action) == ("", BounceKind.SOFT, "5.0.0", Action.DROP)


def test_a_notice_about_an_address_that_ours_forwards_to_is_soft_and_suppresses_nobody() -> None:
    gone = {"status": "5.1.1", "code": 550, "original": "bob@example.net", "final": "robert@elsewhere.example"}
    one = only(ReportedRecipient("bob@example.net", action="failed", diagnostic="550 5.1.1 User unknown", **gone))
    assert (one.category, one.kind, one.action) == ("no-such-user", BounceKind.SOFT, Action.DROP)
    assert (one.recipient, one.forwarded_to) == ("bob@example.net", "robert@elsewhere.example")


def test_who_knows_better_than_the_notice_whose_it_is_may_say_so() -> None:
    gone = failed("550 5.1.1 User unknown", "5.1.1", 550, final="bob@example.net")
    assert only(gone, ours="robert@elsewhere.example").action is Action.DROP
    assert only(gone, ours="Bob@EXAMPLE.net").action is Action.SUPPRESS


@pytest.mark.parametrize("final", ["bob@mail.example.net", "BOB@example.net", "bob", ""])
def test_the_machine_within_the_domain_is_no_other_recipient(final: str) -> None:
    gone = failed("550 5.1.1 User unknown", "5.1.1", 550, original="bob@example.net", final=final)
    assert only(gone).action is Action.SUPPRESS


def test_the_provider_is_that_of_the_host_that_refused_else_of_the_one_that_tells(tmp_path: Path) -> None:
    rule = '[[rule]]\nname = "odd"\ntext = \'xyzzy\'\nprovider = ["qq"]\ncategory = "moved"\nexamples = ["550 xyzzy"]\n'
    (tmp_path / "bounces.toml").write_text(f'base = "shipped"\n{rule}', encoding="utf-8")
    rules = load_rules(tmp_path / "youtong.toml")

    def category(remote: str, reporting: str) -> str:
        said = failed("550 xyzzy", code=550, remote_mta=remote)
        (one,) = classify(Report(ReportSort.BOUNCE, (said,), reporting_mta=reporting), rules)
        return one.category

    assert category("mx3.qq.com", "relay.example.org") == "moved"
    assert category("", "mx3.qq.com") == "moved"
    assert category("mx.example.org", "mx3.qq.com") == ""


def test_a_bounce_that_names_nobody_is_about_the_only_one_we_wrote_to() -> None:
    (one,) = classify(bounce(to=("bob@example.net",)), RULES)
    assert one.recipient == "bob@example.net"
    (one,) = classify(bounce(to=("bob@example.net", "eve@example.net")), RULES)
    assert one.recipient == ""


@pytest.mark.parametrize(
    ("text", "people", "bulk"),
    [
        ("550 5.1.1 User unknown", ("final", "suppress"), ("final", "suppress")),
        ("450 4.1.1 User unknown", ("retry", "retry"), ("retry", "retry")),
        ("552 5.2.2 Mailbox full", ("final", "drop"), ("retry", "retry")),
        ("550 Domain frequency limited", ("retry", "slow"), ("retry", "slow")),
        ("550 5.7.606 Access denied, banned sending IP [192.0.2.1]", ("final", "stop"), ("retry", "stop")),
        ("554 DT:SPM mx1", ("final", "drop"), ("final", "drop")),
        ("550 xyzzy", ("final", "drop"), ("final", "drop")),
    ],
)
def test_a_reply_counts_as_for_mail_of_its_class(text: str, people: tuple[str, str], bulk: tuple[str, str]) -> None:
    def said(mail_class: MailClass) -> tuple[str, str]:
        one = classify_reply(text, RULES, mail_class)
        assert one is not None
        return one.disposition, one.action

    assert (said(MailClass.PEOPLE), said(MailClass.BULK)) == (people, bulk)


def test_a_reply_that_refuses_nothing_is_nothing() -> None:
    assert classify_reply("250 2.0.0 Ok", RULES) is None


def test_what_is_no_reply_is_refused() -> None:
    with pytest.raises(ValueError, match="starts with a code"):
        classify_reply("mailbox full", RULES)
