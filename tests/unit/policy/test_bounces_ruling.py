"""The order in which bounce rules are asked, and what an answer means where it was said."""

from pathlib import Path

import pytest
from youtong.mta.outcome import Stage
from youtong.policy.bounces.bounce_file import BounceFile
from youtong.policy.bounces.loading import load_rules
from youtong.policy.bounces.meaning import Action, Blame, BounceKind
from youtong.policy.bounces.rule import Origin
from youtong.policy.bounces.ruling import UNKNOWN, BounceRules
from youtong.policy.bounces.said import MAX_TEXT, Said, heard, plain
from youtong.policy.rulefiles.patterns import quoted

SHIPPED = load_rules()
CATEGORIES = """
[category.no-such-user]
kind = "hard"
blame = "recipient"
action = "suppress"
status = "5.1.1"
[category.rate]
blame = "provider-rate"
action = "slow"
disposition = "retry"
[category.content]
kind = "hard"
blame = "content"
[category.moved]
kind = "hard"
blame = "recipient"
"""


def rules(folder: Path, text: str) -> BounceRules:
    (folder / "bounces.toml").write_text(f'base = "none"\n{CATEGORIES}{text}', encoding="utf-8")
    return load_rules(folder / "youtong.toml")


def rule(name: str, category: str, *keys: str) -> str:
    lines = "\n".join(keys)
    return f'[[rule]]\nname = "{name}"\ncategory = "{category}"\n{lines}\nexamples = ["550 x"]\n'


def reply(text: str, provider: str = "", stage: Stage = Stage.RCPT) -> Said:
    return heard(quoted(text), provider, stage)


def notice(text: str, code: int = 0, enhanced: str = "", provider: str = "") -> Said:
    return Said(code, enhanced, text, provider, origin=Origin.NOTICE)


def test_words_come_before_enhanced_codes_and_those_before_bare_codes(tmp_path: Path) -> None:
    known = rules(
        tmp_path,
        rule("bare", "content", "codes = [550]", 'origin = "reply"')
        + rule("enhanced", "rate", 'enhanced = ["5.1.1"]')
        + rule("words", "moved", "text = 'gone'")
        + '[enhanced]\n"x.1.6" = "moved"\n',
    )
    assert known.meaning(reply("550 5.1.1 gone")).rule == "words"
    assert known.meaning(reply("550 5.1.1 away")).rule == "enhanced"
    assert known.meaning(reply("550 5.1.6 away")).rule == "enhanced x.1.6"
    assert known.meaning(reply("550 5.9.9 away")).rule == "bare"
    assert known.meaning(reply("554 away")).category == ""


def test_a_providers_rules_come_first_for_it_and_never_for_another(tmp_path: Path) -> None:
    known = rules(
        tmp_path,
        rule("general", "moved", "text = 'unavailable'")
        + rule("qqs", "rate", "text = 'mailbox unavailable'", 'provider = ["qq"]')
        + rule("hosts", "content", "text = 'mailbox'", 'provider = ["relay.example"]'),
    )
    assert known.meaning(reply("550 mailbox unavailable", "qq")).rule == "qqs"
    assert known.meaning(reply("550 mailbox unavailable", "google")).rule == "general"
    assert known.meaning(reply("550 mailbox unavailable", "mx1.relay.example,mx2.relay.example")).rule == "hosts"
    assert known.meaning(reply("550 mailbox", "notrelay.example")).category == ""


def test_when_nobody_knows_the_provider_all_are_asked_but_last(tmp_path: Path) -> None:
    known = rules(
        tmp_path,
        rule("qqs", "rate", "text = 'mailbox'", 'provider = ["qq"]') + rule("general", "moved", "text = 'full'"),
    )
    assert known.meaning(reply("550 mailbox full")).rule == "general"
    assert known.meaning(reply("550 mailbox")).rule == "qqs"


def test_a_line_of_the_exact_code_comes_before_that_of_both_classes(tmp_path: Path) -> None:
    known = rules(tmp_path, '[enhanced]\n"x.1.1" = "no-such-user"\n"4.1.1" = ""\n')
    assert known.meaning(reply("550 5.1.1 x")).category == "no-such-user"
    assert known.meaning(reply("450 4.1.1 x")).category == ""


def test_what_is_about_a_recipient_counts_from_rcpt_on_only(tmp_path: Path) -> None:
    known = rules(tmp_path, rule("gone", "no-such-user", "text = 'unknown'") + '[enhanced]\n"x.1.1" = "no-such-user"\n')
    for text in ("550 5.1.1 x", "550 unknown"):
        for stage in (Stage.GREETING, Stage.EHLO, Stage.MAIL):
            assert known.meaning(reply(text, stage=stage)).category == ""
        for stage in (Stage.RCPT, Stage.DATA, Stage.FINAL_DOT):
            assert known.meaning(reply(text, stage=stage)).category == "no-such-user"


def test_what_is_said_for_the_time_being_is_soft_and_tried_again() -> None:
    meaning = SHIPPED.meaning(reply("450 4.1.1 whoever"))
    assert (meaning.category, meaning.kind, meaning.action) == ("no-such-user", BounceKind.SOFT, Action.RETRY)


def test_a_notice_tells_of_an_end_and_nothing_temporary_suppresses() -> None:
    full = SHIPPED.meaning(notice("452 4.2.2 x", 452, "4.2.2"))
    assert (full.category, full.kind, full.action) == ("mailbox-full", BounceKind.SOFT, Action.DROP)
    gone = SHIPPED.meaning(notice("450 4.1.1 x", 450, "4.1.1"))
    assert (gone.category, gone.action) == ("no-such-user", Action.DROP)
    assert SHIPPED.meaning(notice("550 5.1.1 x", 550, "5.1.1")).action is Action.SUPPRESS


def test_a_notice_without_a_code_contradicts_no_code_of_its_class(tmp_path: Path) -> None:
    known = rules(tmp_path, rule("final", "content", "text = 'spam'", "codes = [554]"))
    assert known.meaning(notice("spam")).category == "content"
    assert known.meaning(notice("spam", enhanced="5.7.1")).category == "content"
    assert known.meaning(notice("spam", enhanced="4.7.1")).category == ""
    assert known.meaning(notice("spam", 550)).category == ""


def test_a_rule_for_replies_hears_no_notice_and_the_other_way_round(tmp_path: Path) -> None:
    known = rules(
        tmp_path,
        rule("heard", "rate", "text = 'later'", 'origin = "reply"')
        + rule("told", "moved", "text = 'later on'", 'origin = "notice"'),
    )
    assert known.meaning(reply("550 later on")).rule == "heard"
    assert known.meaning(notice("later on")).rule == "told"


def test_a_status_that_says_nothing_gives_way_to_the_one_that_words_imply() -> None:
    assert SHIPPED.meaning(notice("User unknown", 550, "5.0.0")).status == "5.1.1"
    assert SHIPPED.meaning(notice("User unknown", 550, "5.7.1")).status == "5.7.1"
    assert SHIPPED.meaning(reply("450 mailbox is full")).status == "4.2.2"


def test_an_unknown_failure_is_soft_and_ends_only_its_letter() -> None:
    meaning = SHIPPED.meaning(reply("550 xyzzy"))
    assert (meaning.category, meaning.kind, meaning.blame, meaning.action) == (
        "",
        BounceKind.SOFT,
        Blame.NOBODY,
        Action.DROP,
    )
    assert SHIPPED.meaning(reply("450 xyzzy")).action is Action.RETRY


def test_a_rule_may_differ_from_its_category(tmp_path: Path) -> None:
    keys = ["text = 'x'", 'kind = "soft"', 'blame = ""', 'action = "stop"', 'disposition = "final"', 'scope = "site"']
    known = rules(tmp_path, rule("odd", "no-such-user", *keys, 'status = "5.7.7"', 'retry_after = "2 h"'))
    meaning = known.meaning(notice("x"))
    assert (meaning.kind, meaning.blame, meaning.action) == (BounceKind.SOFT, Blame.NOBODY, Action.STOP)
    assert (meaning.disposition, meaning.scope, meaning.status, meaning.retry_after_seconds) == (
        "final",
        "site",
        "5.7.7",
        7200,
    )


@pytest.mark.parametrize(
    "text",
    ["550 邮箱已满", "550  邮箱已满", "550 （邮箱已满）"],
)
def test_words_of_every_script_are_found(tmp_path: Path, text: str) -> None:
    known = rules(tmp_path, rule("full", "rate", r"text = '\(?邮箱已满'"))
    assert known.meaning(reply(text)).rule == "full"


def test_texts_are_searched_in_plain_form_and_not_beyond_a_bound() -> None:
    assert plain("User\r\n  doesn’t ｅｘｉｓｔ") == "User doesn't exist"
    assert len(plain("a" * 100_000)) == MAX_TEXT
    assert SHIPPED.meaning(notice("x" * MAX_TEXT + " user unknown")).category == ""


def test_the_words_that_made_a_rule_fit_are_told() -> None:
    assert SHIPPED.meaning(reply("550 sorry, user unknown here")).words == "user unknown"


def test_a_host_belongs_to_the_provider_of_the_shaping_rules() -> None:
    assert SHIPPED.provider_at("gmail-smtp-in.l.google.com") == "google"
    assert SHIPPED.provider_at("MX.example.org") == "mx.example.org"


def test_what_is_no_category_of_ours_means_nothing() -> None:
    assert SHIPPED.of_category("said-by-a-hook") == UNKNOWN
    assert BounceRules(BounceFile(Path("none"))).meaning(reply("550 5.1.1 x")).category == ""
