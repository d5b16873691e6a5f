"""Facts of receivers that decisions were made about: what each reply means, and what follows for mail of each class."""

import pytest
from youtong.policy.bounces.answering import classify_reply
from youtong.policy.bounces.loading import load_rules
from youtong.queue.classes import MailClass

RULES = load_rules()
PEOPLE, BULK, API = MailClass.PEOPLE, MailClass.BULK, MailClass.TRANSACTIONAL

# reply, provider: category, kind, blame, then disposition for people, API and bulk
FACTS = [
    ("550 5.1.1 User unknown", "", "no-such-user", "hard", "recipient", "final final final"),
    ("550 5.1.2 Domain not found", "", "no-such-domain", "hard", "recipient", "final final final"),
    ("556 5.1.10 Recipient address has null MX", "", "takes-no-mail", "hard", "recipient", "final final final"),
    ("552 5.2.2 Mailbox full", "", "mailbox-full", "soft", "recipient", "final final retry"),
    ("452 4.2.2 Mailbox full", "", "mailbox-full", "soft", "recipient", "retry retry retry"),
    ("552 Too many", "", "too-many-recipients", "soft", "provider-rate", "retry retry retry"),
    ("552 Mailbox is full", "", "mailbox-full", "soft", "recipient", "final final retry"),
    ("550 5.2.1 The email account that you tried to reach is disabled.", "google", "inactive", "hard", "recipient",
     "final final final"),
    ("550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from "
     "being delivered.", "google", "rate", "soft", "provider-rate", "retry retry retry"),
    ("550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "microsoft365", "no-such-user", "hard",
     "recipient", "final final final"),
    ("550 5.7.606 Access denied, banned sending IP [192.0.2.1]", "microsoft365", "our-ip", "soft", "our-ip",
     "final retry retry"),
    ("550 5.7.649 Access denied, banned sending IP [192.0.2.1]", "microsoft365", "our-ip", "soft", "our-ip",
     "final retry retry"),
    ("550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. (S3140)", "outlook", "our-ip", "soft", "our-ip",
     "final retry retry"),
    ("550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. (S3150)", "outlook", "our-ip", "soft", "our-ip",
     "final retry retry"),
    ("550 5.7.515 Access denied, sending domain example.org does not meet the required authentication level", "outlook",
     "sender-setup", "soft", "sender-domain", "final retry retry"),
    ("451 DT:SPM 163 mx1", "netease", "rate", "soft", "provider-rate", "retry retry retry"),
    ("550 DT:SPM 163 mx1", "netease", "content", "hard", "content", "final final final"),
    ("554 DT:SPM 163 mx1", "netease", "content", "hard", "content", "final final final"),
    ("421 HL:IFC 163 mx1", "netease", "rate", "soft", "provider-rate", "retry retry retry"),
    ("450 MI:DMC 163 mx1", "netease", "rate", "soft", "provider-rate", "retry retry retry"),
    ("451 RP:DRC 163 mx1", "netease", "rate", "soft", "provider-rate", "retry retry retry"),
    ("554 HL:IPB 163 mx1", "netease", "our-ip", "soft", "our-ip", "final retry retry"),
    ("550 MI:STC 163 mx1", "netease", "sender-quota", "soft", "provider-rate", "retry retry retry"),
    ("550 RP:TRC 163 mx1", "netease", "sender-quota", "soft", "provider-rate", "retry retry retry"),
    ("550 MI:SPF 163 mx1", "netease", "sender-setup", "soft", "sender-domain", "final retry retry"),
    ("550 MI:DMA 163 mx1", "netease", "sender-setup", "soft", "sender-domain", "final retry retry"),
    ("554 DT:SUM 163 mx1", "netease", "sender-setup", "soft", "sender-domain", "final retry retry"),
    ("550 Domain frequency limited", "qq", "rate", "soft", "provider-rate", "retry retry retry"),
    ("550 Sender frequency limited", "qq", "rate", "soft", "provider-rate", "retry retry retry"),
    ("550 Connection frequency limited", "qq", "rate", "soft", "provider-rate", "retry retry retry"),
    ("450 4.7.1 Greylisted, try again later", "", "greylisted", "soft", "provider-rate", "retry retry retry"),
    ("550 xyzzy", "", "", "soft", "", "final final final"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "provider", "category", "kind", "blame", "ends"), FACTS, ids=[one[0] for one in FACTS]
)
def test_what_it_means(text: str, provider: str, category: str, kind: str, blame: str, ends: str) -> None:
    said = [classify_reply(text, RULES, mail_class, provider) for mail_class in (PEOPLE, API, BULK)]
    assert {(one.category, one.kind, one.blame) for one in said if one} == {(category, kind, blame)}
    assert " ".join(one.disposition for one in said if one) == ends


@pytest.mark.parametrize(("text", "provider", "category"), [(one[0], one[1], one[2]) for one in FACTS])
def test_only_a_user_or_domain_that_does_not_exist_is_suppressed(text: str, provider: str, category: str) -> None:
    one = classify_reply(text, RULES, BULK, provider)
    assert one is not None
    assert (one.action == "suppress") == (category in ("no-such-user", "no-such-domain"))


# The answers of receivers that have to be known (campaigns' facts): the rule that is theirs, and its category.
ANSWERS = [
    ("netease-pace", "netease", "rate", "421 HL:REP 163 mx1"),
    ("netease-pace", "netease", "rate", "421 HL:ICC 163 mx1"),
    ("netease-pace", "netease", "rate", "421 HL:MEP 163 mx1"),
    ("netease-pace", "netease", "rate", "450 MI:CEL 163 mx1"),
    ("netease-pace", "netease", "rate", "450 MI:CCL 163 mx1"),
    ("netease-listed", "netease", "our-ip", "450 DT:RBL 163 mx1"),
    ("netease-listed", "netease", "our-ip", "554 DT:RBL 163 mx1"),
    ("netease-pace", "netease", "rate", "451 MI:SFQ 163 mx1"),
    ("alibaba-behaviour-later", "alibaba", "rate",
     "454 Transient reject by behaviour spam at Rcpt State: currently unexpected sending"),
    ("alibaba-behaviour", "alibaba", "our-ip", "554 Reject by behaviour spam at Rcpt State: list on rbl sites"),
    ("alibaba-behaviour-later", "alibaba-enterprise", "rate", "454 Transient reject by behaviour spam at Rcpt State"),
    ("qq-recipient-flooded", "qq", "rate", "550 Mailbox unavailable or access denied"),
    ("gmail-ip-rate", "google", "rate",
     "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP address"),
    ("gmail-unauthenticated", "google", "sender-setup",
     "421-4.7.26 This mail has been rate limited because it is unauthenticated"),
    ("gmail-unauthenticated", "google", "sender-setup",
     "550 5.7.26 This mail has been blocked because the sender is unauthenticated."),
    ("sender-authentication-by", "google", "sender-setup",
     "550 5.7.27 This mail has been blocked because SPF did not pass"),
    ("sender-authentication-by", "google", "sender-setup",
     "550 5.7.30 This mail has been blocked because DKIM does not pass"),
    ("yahoo-deferred", "yahoo", "rate",
     "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints"),
    ("yahoo-block-list", "yahoo", "our-ip", "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1"),
    ("yahoo-no-such-user", "yahoo", "no-such-user",
     "554 delivery error: dd This user doesn't have a yahoo.com account (x@yahoo.com) [0]"),
    ("apple-content", "apple", "content",
     "550 5.7.1 Your email was rejected due to having a domain present in the Spamhaus DBL [CS01]"),
    ("apple-content", "apple", "content", "554 5.7.1 [HM08] Message rejected due to local policy."),
    ("no-such-user-not-found", "apple", "no-such-user", "550 5.1.1 <x@icloud.com>: user does not exist"),
    ("quota-exceeded", "apple", "mailbox-full", "452 4.2.2 <x@me.com>: user is over quota"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "provider", "category", "text"), ANSWERS, ids=[one[3][:60] for one in ANSWERS])
def test_an_answer_that_has_to_be_known_has_its_own_rule(rule: str, provider: str, category: str, text: str) -> None:
    one = classify_reply(text, RULES, BULK, provider)
    assert one is not None
    assert (one.rule, one.category) == (rule, category)
