"""What receivers' words mean. Each rule: texts that it must know, and a text close by that it must not take."""

import time

import pytest
from youtong.mta.outcome import Deferred, Delivered, Failed, Outcome, Scope, Stage
from youtong.mta.reply import Reply, from_text_lines, reply
from youtong.policy.bounces.rules import RULES
from youtong.policy.hints import hint_seconds
from youtong.policy.judge import RuleJudge
from youtong.queue.classes import MailClass
from youtong.queue.judging import AttemptFacts

JUDGE = RuleJudge()
PEOPLE, BULK, API = MailClass.PEOPLE, MailClass.BULK, MailClass.TRANSACTIONAL

# rule: (texts it must know, texts close by that it must not take). "@stage " in front says where it was heard.
CASES: dict[str, tuple[list[str], list[str]]] = {
    "qq-frequency": (
        [
            "550 Connection frequency limited. https://service.mail.qq.com/detail/122/53",
            "550 Domain frequency limited",
            "550 Mailbox frequency is limited",
        ],
        ["550 Mailbox not found", "550 5.7.1 limited to frequent senders"],
    ),
    "gmail-recipient-rate": (
        [
            "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional "
            "messages from being delivered. Please resend your message at a later time.",
            "450 4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend later.",
        ],
        ["550 5.2.1 The email account that you tried to reach is inactive."],
    ),
    "gmail-one-domain": (
        [
            "451 4.3.0 Multiple destination domains per transaction is unsupported. Please try again.",
            "451-4.3.0 Multiple destination domains per transaction is unsupported",
        ],
        ["451 4.3.0 Temporary system problem with multiple destinations"],
    ),
    "netease-spam-later": (
        ["451 DT:SPM mx29,2023,please try again later", "451 4.7.1 DT:SPM 163 smtp8"],
        ["451 ADT:SPMX please try again"],
    ),
    "netease-spam": (
        ["@final-dot 554 DT:SPM 126 smtp7,DsmowAD", "@final-dot 550 DT:SPM mx1"],
        ["@final-dot 451 DT:SPM mx1", "@final-dot 554 DT:XYZ mx1"],
    ),
    "netease-sender-quota": (
        ["550 MI:STC 163 mx1,too many mails from this sender", "550 RP:TRC 126 mx2", "554 MI:STC mx3"],
        ["451 MI:STC mx1", "550 MI:SPF mx1"],
    ),
    "netease-sender-setup": (
        ["550 MI:SPF mx14,SPF check failed", "550 MI:DMA mx3,policy"],
        ["550 MI:STC mx1", "450 MI:SPF mx1"],
    ),
    "netease-from-differs": (
        ["554 DT:SUM 163 smtp1,envelope and header differ", "550 DT:SUM mx2"],
        ["554 DT:SPM mx1"],
    ),
    "netease-our-ip": (
        ["554 HL:IPB 163 mx1,192.0.2.1", "@greeting 554 HL:REP mx1"],
        ["421 HL:IPB mx1", "554 XHL:IPBX mx1"],
    ),
    "netease-pace": (
        ["421 HL:IFC mx1,too many", "451 MI:SFQ mx2", "450 RP:RCL mx1", "@greeting 421 HL:ICC mx1"],
        ["550 MI:SFQ mx2", "451 RIP: overload"],
    ),
    "microsoft-no-such-user": (
        [
            "550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [AM5EUR02FT017.example]",
            "550 5.4.1 [bob@example.net]: Recipient address rejected: Access denied",
        ],
        ["550 5.4.1 Relay access denied", "550 5.7.1 Recipient address rejected: Access denied"],
    ),
    "microsoft-sender-setup": (
        [
            "550 5.7.515 Access denied, sending domain example.org doesn't meet the required authentication level.",
            "550 5.7.515 Access denied",
        ],
        ["550 5.7.516 Access denied", "550 15.7.5150 Access denied"],
    ),
    "microsoft-banned-ip": (
        [
            "550 5.7.606 Access denied, banned sending IP [192.0.2.1]. To request removal visit the delist portal.",
            "550 5.7.649 Access denied, banned sending IP [192.0.2.1]",
            "550 5.7.511 Access denied, banned sender; see 5.7.612",
        ],
        ["550 5.7.605 Access denied", "550 5.7.650 Access denied", "450 5.7.606 x"],
    ),
    "outlook-block-list": (
        [
            "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service "
            "provider since part of their network is on our block list (S3140).",
            "550 5.7.1 Unfortunately, messages from [192.0.2.1] were not sent (S3150)",
        ],
        ["550 5.7.1 Something else (S3160)", "550 5.7.1 error S3140x"],
    ),
    "provider-rate": (
        [
            "451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation. (S775)",
            "451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77719)",
            "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume",
            "@greeting 421 4.7.0 Too many connections from your IP address",
        ],
        ["550 5.7.1 Server busy", "450 4.2.0 The rate of your loan was limited"],
    ),
    "netease-daily-limit": (
        ["550 RP:ORQ 163 mx29,U8CowEBJ 1416554119,please see http://mail.163.com/help/help_spam_16.htm", "550 RP:ORQ"],
        ["550 RP:QRC 163 mx29,U8CowEBJ 1416554119", "421 XRP:ORQX mx1"],
    ),
    "our-ip-by-provider": (
        [
            "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.7, because the ip is in Spamhaus's list",
            "550 csi.mimecast.org Poor Reputation Sender. - https://community.mimecast.com/docs/DOC-1369#550",
        ],
        ["554 5.7.5 (AU01) Message not accepted for policy reasons", "550 Rejected by header: user@example.com"],
    ),
    "sender-reputation": (
        [
            "550 5.7.1 this message is likely suspicious due to the very low reputation of the sending domain",
            "554 5.7.1 [CS01] Message rejected due to local policy: domain present in the Spamhaus DBL",
        ],
        ["550 5.7.1 very low quality of the sending system", "554 5.7.1 domain not present in our records"],
    ),
    "greylisted": (
        [
            "450 4.2.0 <bob@example.net>: Recipient address rejected: Greylisted, see help",
            "451 4.7.1 Greylisting in action, please come back in 00:05:00",
            "450 4.7.1 Grey-listed, try again",
        ],
        ["550 5.7.1 Greylisted forever", "450 4.2.0 The sky is grey"],
    ),
    "mailbox-full": (
        [
            "552 5.2.2 Mailbox full",
            "452 4.2.2 The recipient's inbox is out of storage space.",
            "550 Mailbox is full",
            "552 <bob@example.net> exceeded storage quota",
        ],
        ["552 5.3.4 Message too large", "450 4.2.1 Mailbox busy"],
    ),
    "too-large": (
        [
            "552 5.3.4 Message size exceeds fixed limit",
            "@mail 552 Message too large",
            "@final-dot 552 5.2.3 Your message exceeded our limits",
        ],
        ["552 5.2.2 Mailbox size limit exceeded", "452 4.3.4 Message size exceeds what is free", "552 Too many"],
    ),
    "demands-tls": (
        [
            "@mail 530 5.7.0 Must issue a STARTTLS command first",
            "@mail 451 5.7.3 STARTTLS is required to send mail",
            "@mail 550 5.7.10 Encryption needed",
        ],
        ["@mail 530 5.7.0 Authentication required", "@final-dot 554 5.7.1 required TLSA record is missing"],
    ),
    "too-many-recipients": (
        ["552 Too many", "552 5.5.3 Recipient limit"],
        ["552 5.2.2 Over quota", "@final-dot 552 Too many", "550 too many hops"],
    ),
    "too-many-recipients-in-words": (
        ["452 4.5.3 Error: too many recipients", "550 5.5.3 Too many recipients"],
        ["@final-dot 452 4.5.3 too many recipients", "450 4.2.0 too many hops"],
    ),
    "listed-ip": (
        [
            "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using a block list",
            "550 5.7.1 Your IP 192.0.2.1 is listed on our list",
        ],
        ["550 5.7.1 Your request is listed nowhere", "550 Client error: blocked"],
    ),
    "sender-unauthenticated": (
        [
            "550 5.7.26 This mail has been blocked because the sender is unauthenticated.",
            "550 SPF check failed",
            "550 5.7.1 DMARC validation failed",
        ],
        ["550 5.7.28 x", "451 4.7.24 SPF check failed"],
    ),
    "inactive": (
        [
            "550 5.2.1 The email account that you tried to reach is inactive.",
            "554 delivery error: This user's mailbox is disabled",
            "550 User suspended",
        ],
        ["450 4.2.1 mailbox disabled", "550 5.7.1 disabled feature"],
    ),
    "no-such-user": (
        [
            "550 5.1.1 The email account that you tried to reach does not exist.",
            "550 User not found: bob@example.net",
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
            "550 Mailbox not found. https://service.mail.qq.com/",
            "550 No such user here",
        ],
        [
            "@mail 550 5.1.1 sender unknown user",
            "450 4.1.1 User unknown in relay table",
            "550 5.7.1 Relaying denied",
            "550 5.1.100 strange",
        ],
    ),
    "content": (
        [
            "@final-dot 550 Mail content denied. https://service.mail.qq.com/",
            "@final-dot 550 5.7.1 Our system has detected that this message is likely unsolicited mail.",
            "@final-dot 552 5.7.0 This message was blocked because its content presents a potential security issue.",
        ],
        ["@final-dot 550 5.7.1 Contents may have settled", "@final-dot 451 Mail content denied for now"],
    ),
}  # fmt: skip


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


def rule_name(text: str) -> str:
    words, stage = heard(text)
    rule = JUDGE.rule_for(words, str(words), stage)
    return rule.name if rule else ""


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, (texts, _) in CASES.items() for text in texts])
def test_a_rule_knows_its_texts(rule: str, text: str) -> None:
    assert rule_name(text) == rule


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, (_, texts) in CASES.items() for text in texts])
def test_a_rule_leaves_what_only_looks_like_it(rule: str, text: str) -> None:
    assert rule_name(text) != rule


def test_every_rule_has_two_texts_a_near_miss_and_a_source() -> None:
    assert list(CASES) == [rule.name for rule in RULES]
    assert all(len(known) >= 2 and missed for known, missed in CASES.values())
    assert all(rule.source for rule in RULES)


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


def test_qq_frequency_is_the_providers_rate() -> None:
    outcome = judged("550 Domain frequency limited")
    assert isinstance(outcome, Deferred)
    assert (outcome.scope, outcome.category) == (Scope.PROVIDER, "rate")
    assert outcome.reply == reply(550, "", "Domain frequency limited")


def test_an_unknown_refusal_is_final_without_a_kind() -> None:
    before = outcome_of("550 5.7.1 nobody knows this")
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
