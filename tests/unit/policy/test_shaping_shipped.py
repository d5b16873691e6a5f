"""conf/shaping.toml: every text finds exactly its rule, every number has a fact, nothing is dead or slow."""

import re
import tomllib
from collections.abc import Iterator

import pytest
from fakes.clock import FakeClock
from youtong.mta.delivery.egress import TlsLevel
from youtong.mta.outcome import Deferred, Failed, Scope, Stage
from youtong.policy.judge import RuleJudge
from youtong.policy.limits import DEFAULTS
from youtong.policy.rulefiles.patterns import quoted
from youtong.policy.shaping import file, lint
from youtong.policy.shaping.layers import rules_of
from youtong.policy.shaping.reply_rule import ReplyRule
from youtong.policy.shaping.rule_table import RuleTable
from youtong.policy.shaping.shaping import Shaping
from youtong.queue.classes import MailClass
from youtong.queue.judging import AttemptFacts
from youtong.queue.reactions import ReactionScope

RULES = file.load(file.SHIPPED)
SHAPING = Shaping(RULES, FakeClock())
OWNED = [(name, rule) for name, section in RULES.providers.items() for rule in section.rules]
OWNED += [("", rule) for rule in RULES.any_rules]

# Asked for by the operators of the world's mailboxes; the numbers of the shipped file must cover at least these.
WANTED = [
    "google",
    "outlook",
    "microsoft365",
    "microsoft365-dane",
    "yahoo",
    "yahoo-japan",
    "apple",
    "qq",
    "tencent-exmail",
    "netease",
    "netease-enterprise",
    "alibaba",
    "alibaba-enterprise",
    "sina",
    "sohu",
    "china-mobile",
    "china-telecom",
    "netvigator",
    "naver",
    "daum",
    "gmx",
    "mail-com",
    "t-online",
    "kpn",
    "ziggo",
    "telenet",
    "orange",
    "free",
    "sfr",
    "laposte",
    "italiaonline",
    "mailru",
    "yandex",
    "comcast",
    "spectrum",
    "cox",
    "att",
    "zoho",
    "proton",
    "fastmail",
    "mimecast",
    "proofpoint",
    "barracuda",
    "cisco",
]


def texts(kind: str) -> list[tuple[str, ReplyRule, str]]:
    return [(provider, rule, text) for provider, rule in OWNED for text in getattr(rule, kind)]


@pytest.mark.parametrize(
    ("provider", "rule", "text"), texts("examples"), ids=lambda each: str(getattr(each, "name", ""))
)
def test_of_all_rules_of_its_provider_and_of_any_a_text_finds_exactly_its_own(
    provider: str, rule: ReplyRule, text: str
) -> None:
    stage = rule.stages[0] if rule.stages else Stage.MAIL
    assert SHAPING.rule_for(provider, quoted(text), stage) is rule


@pytest.mark.parametrize(
    ("provider", "rule", "text"), texts("near_misses"), ids=lambda each: str(getattr(each, "name", ""))
)
def test_a_near_miss_does_not_find_the_rule_that_it_is_near(provider: str, rule: ReplyRule, text: str) -> None:
    stage = rule.stages[0] if rule.stages else Stage.MAIL
    assert SHAPING.rule_for(provider, quoted(text), stage) is not rule
    assert RuleTable([rule]).rule_for(quoted(text), stage) is None


def test_every_rule_has_two_texts_a_near_miss_and_the_source_of_its_fact() -> None:
    scarce = [rule.name for _, rule in OWNED if len(rule.examples) < 2 or not rule.near_misses or not rule.fact]
    assert scarce == []


def test_names_of_rules_are_unique_over_the_file() -> None:
    names = [rule.name for _, rule in OWNED]
    assert sorted(names) == sorted(set(names))


def test_nothing_is_dead_shadowed_or_slow() -> None:
    assert [fault.with_file() for fault in lint.warnings(RULES)] == []


def test_the_providers_that_people_write_to_are_there() -> None:
    assert [name for name in WANTED if name not in RULES.providers] == []


def test_no_number_without_a_fact_and_no_fact_without_a_number() -> None:
    for section in RULES.providers.values():
        has_numbers = bool(section.limits or section.site)
        assert section.fact, section.name
        assert has_numbers == (section.fact != "default"), section.name


def test_the_defaults_in_comments_are_those_that_hold() -> None:
    text = file.SHIPPED.read_text(encoding="utf-8")
    document = tomllib.loads(
        re.sub(r"^# (?=\w+ = )", "", text[text.index("\n[default]") : text.index("# ----")], flags=re.M)
    )
    shown = document["default"]
    assert shown["connections"] == DEFAULTS.connections.value
    assert shown["messages_per_connection"] == DEFAULTS.messages_per_connection.value
    assert shown["recipients_per_transaction"] == DEFAULTS.recipients_per_transaction.value
    assert shown["idle"] == f"{DEFAULTS.idle_seconds.value} s"
    assert shown["reserved_percent"] == DEFAULTS.reserved_percent.value
    assert shown["tls"] == DEFAULTS.tls.level
    assert shown["message_rate"] == f"{DEFAULTS.message_rates[0].count}/s"
    assert shown["connection_rate"] == f"{DEFAULTS.connection_rates[0].count}/min"
    assert len(shown) == 8
    assert RULES.default == {}


@pytest.mark.parametrize(
    ("hosts", "provider"),
    [
        ("gmail-smtp-in.l.google.com", "google"),
        ("aspmx.l.google.com", "google"),
        ("aspmx2.googlemail.com", "google"),
        ("hotmail-com.olc.protection.outlook.com", "outlook"),
        ("contoso-com.mail.protection.outlook.com", "microsoft365"),
        ("contoso-com.a-v1.mx.microsoft", "microsoft365-dane"),
        ("mta5.am0.yahoodns.net", "yahoo"),
        ("mx1.mail.yahoo.co.jp", "yahoo-japan"),
        ("mx01.mail.icloud.com", "apple"),
        ("mx3.qq.com", "qq"),
        ("mxbiz1.qq.com", "tencent-exmail"),
        ("163mx01.mxmail.netease.com", "netease"),
        ("qiye163mx01.mxmail.netease.com", "netease-enterprise"),
        ("mx2.mail.aliyun.com", "alibaba"),
        ("mxn.mxhichina.com", "alibaba-enterprise"),
        ("mx-ha02.web.de", "gmx"),
        ("smtp-in.orange.fr", "orange"),
        ("us-smtp-inbound-1.mimecast.com", "mimecast"),
        ("mx0a-00000000.pphosted.com", "proofpoint"),
        ("notgoogle.com", ""),
        ("google.com.example.net", ""),
        ("mx.microsoft.example", ""),
    ],
)
def test_mx_hosts_as_they_are_seen_belong_to_their_provider(hosts: str, provider: str) -> None:
    assert SHAPING.provider_of("example.com", [hosts]) == provider


def test_the_numbers_that_were_asked_for() -> None:
    def seen(name: str) -> tuple[int, int, TlsLevel]:
        limits = SHAPING.limits_for(name, "main")
        return limits.connections.value, limits.messages_per_connection.value, limits.tls.level

    some, must = TlsLevel.OPPORTUNISTIC, TlsLevel.REQUIRED
    assert seen("google") == (5, 50, must)
    assert seen("yahoo") == (10, 20, some)
    assert seen("outlook") == seen("microsoft365") == seen("microsoft365-dane") == (5, 50, some)
    assert seen("apple") == (10, 5, some)
    assert seen("comcast") == (25, 1000, must)
    assert seen("gmx") == (4, 20, must)
    assert seen("orange") == (2, 100, must)
    assert seen("yahoo-japan") == (2, 20, some)
    assert seen("qq") == seen("tencent-exmail") == (4, 8, must)
    assert seen("netease") == seen("netease-enterprise") == (4, 7, must)
    assert seen("kpn") == (10, 10, must)
    assert seen("barracuda") == (10, 15, must)
    assert seen("netvigator") == (5, 10, must)
    assert SHAPING.limits_for("mimecast", "main").site.connections is not None
    assert [(rate.count, rate.seconds) for rate in SHAPING.limits_for("yahoo-japan", "main").message_rates] == [(10, 1)]


# -- two readings of one reply: what it means for its recipient (policy.bounces), and what it does to our pace ---------

# These judge the text: final for the recipient is right, and a sender of such texts rests all the same.
ABOUT_CONTENT = {"qq-content"}


def outcomes(mail_class: MailClass, stage: Stage) -> Iterator[tuple[str, Deferred | Failed]]:
    judge = RuleJudge()
    for provider, rule, text in texts("examples"):
        reply = quoted(text)
        heard = (Failed if reply.is_permanent else Deferred)(stage, Scope.RECIPIENT, reply)
        judged = judge.judge(heard, AttemptFacts(provider, "site", "domain", mail_class))
        assert isinstance(judged, Deferred | Failed)
        yield rule.name, judged


def test_a_text_that_stops_us_leaves_bulk_mail_waiting() -> None:
    final = {name for name, outcome in outcomes(MailClass.BULK, Stage.MAIL) if isinstance(outcome, Failed)}
    assert final <= ABOUT_CONTENT


def test_a_text_that_stops_us_is_never_final_before_a_recipient_was_named() -> None:
    assert all(isinstance(outcome, Deferred) for _, outcome in outcomes(MailClass.PEOPLE, Stage.GREETING))


def test_too_fast_is_never_final_for_anybody() -> None:
    slowing = {rule.name for _, rule in OWNED if rule.reaction and not rule.reaction.stop}
    slowing |= {"qq-ip-frequency", "qq-sender-frequency", "netease-sender-quota"}
    for mail_class in MailClass:
        for name, outcome in outcomes(mail_class, Stage.MAIL):
            about_us = outcome.category in {"our-ip", "sender-setup"}  # people learn of it at once, whatever rests
            assert about_us or name not in slowing or isinstance(outcome, Deferred), name


def test_no_text_that_changes_the_pace_marks_an_address() -> None:
    for _, outcome in outcomes(MailClass.BULK, Stage.RCPT):
        assert outcome.category not in {"no-such-user", "inactive", "mailbox-full"}


def test_what_speaks_of_the_sender_slows_the_sender_only() -> None:
    by_name = {rule.name: rule for _, rule in OWNED}
    for name in ("google-sender-rate", "google-sender-setup", "netease-sender-quota", "qq-sender-frequency"):
        reaction = by_name[name].reaction
        assert reaction is not None
        assert reaction.scope is ReactionScope.SENDER


def test_five_frequency_limits_of_qq_within_an_hour_stop_it_for_an_hour() -> None:
    rule = next(rule for rule in rules_of(RULES, "tencent-exmail") if rule.name == "qq-ip-frequency")
    assert rule.reaction is not None
    found = rule.reaction
    assert (found.stop, found.seconds, found.after, found.within_seconds) == (True, 3600, 5, 3600)
