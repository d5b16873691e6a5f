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
