"""Bounce rules: which words of a receiver mean what. A table and nothing else.

Owns   RULES, tried from top to bottom; the first that matches decides. Each rule names where its words were seen.
Knows  nothing of outcomes or classes beyond the names of its dispositions; applying a rule is policy.judge.

Invariants
    Text decides before code: several providers say "slow down" with 550 and "no such user" with 5.4.1.
    A pattern has no repetition inside a repetition and no unbounded gap, so its time is linear.

The rows are plain values, so that they can move into conf/bounces.toml as they are.
"""

from enum import StrEnum

import msgspec

from ...mta.outcome import Scope, Stage
from . import categories


class Disposition(StrEnum):
    """What becomes of the attempt."""

    AS_REPLIED = "as-replied"  # 4yz retry, 5yz final
    RETRY = "retry"  # whatever the code says
    BULK_RETRIES = "bulk-retries"  # 5yz is final but for bulk mail
    PEOPLE_FINAL = "people-final"  # 5yz is final for people only; bulk and API mail wait for us to mend it
    FINAL = "final"


class BounceRule(msgspec.Struct, frozen=True):
    """One row. `text` is searched, ignoring case, in code, enhanced code and words in one line."""

    name: str
    source: str
    text: str
    kind: str
    disposition: Disposition = Disposition.AS_REPLIED
    codes: tuple[int, ...] = ()  # first one or three digits of the code; () = any
    stages: tuple[Stage, ...] = ()  # () = any
    scope: Scope | None = None  # None: as the dialog says
    retry_after_seconds: int | None = None


RULES: tuple[BounceRule, ...] = (
    # Providers whose words mislead come first.
    BounceRule(
        "qq-frequency",
        "service.mail.qq.com, reply codes: 550 with which QQ says slow down",
        r"\b(?:ip|connection|domain|sender|mailbox|user)? ?frequency (?:is )?limited",
        categories.RATE, Disposition.RETRY, scope=Scope.PROVIDER,
    ),
    BounceRule(
        "gmail-recipient-rate",
        "support.google.com/a/answer/3726730: 450 4.2.1 and 550 5.2.1, the same code as a disabled mailbox",
        r"receiving mail (?:at a rate that|too quickly)",
        categories.RATE, Disposition.RETRY, scope=Scope.RECIPIENT,
    ),
    BounceRule(
        "gmail-one-domain",
        "seen from Gmail: recipients of two domains in one transaction",
        r"multiple destination domains per transaction",
        categories.TOO_MANY_RECIPIENTS, Disposition.RETRY, scope=Scope.RECIPIENT,
    ),
    BounceRule(
        "netease-spam-later",
        "help.mail.163.com, codes of rejected mail: 451 DT:SPM asks for a new try after a while",
        r"\bDT:SPM\b",
        categories.RATE, Disposition.RETRY, codes=(4,), scope=Scope.PROVIDER, retry_after_seconds=150,
    ),
    BounceRule(
        "netease-spam",
        "help.mail.163.com: 550 and 554 DT:SPM judge the text",
        r"\bDT:SPM\b",
        categories.CONTENT, Disposition.FINAL, codes=(550, 554), scope=Scope.MESSAGE,
    ),
    BounceRule(
        "netease-sender-quota",
        "help.mail.163.com: MI:STC too many mails of one sender today, RP:TRC too many recipients of one sender today",
        r"\b(?:MI:STC|RP:TRC)\b",
        categories.SENDER_QUOTA, Disposition.RETRY, codes=(550, 554), scope=Scope.MESSAGE, retry_after_seconds=4 * 3600,
    ),
    BounceRule(
        "netease-sender-setup",
        "help.mail.163.com: MI:SPF and MI:DMA, the sender's SPF or DMARC",
        r"\bMI:(?:SPF|DMA)\b",
        categories.SENDER_SETUP, Disposition.PEOPLE_FINAL, codes=(5,), scope=Scope.MESSAGE,
    ),
    BounceRule(
        "netease-from-differs",
        "help.mail.163.com: DT:SUM, envelope and From name different senders",
        r"\bDT:SUM\b",
        categories.SENDER_SETUP, Disposition.PEOPLE_FINAL, codes=(5,), scope=Scope.MESSAGE,
    ),
    BounceRule(
        "netease-our-ip",
        "help.mail.163.com: 554 HL:, the address is on a list there",
        r"\bHL:[A-Z]{3}\b",
        categories.OUR_IP, Disposition.PEOPLE_FINAL, codes=(554,), scope=Scope.PROVIDER,
    ),
    BounceRule(
        "netease-pace",
        "help.mail.163.com: 421, 450 and 451 with HL:, MI: or RP: count connections and mails",
        r"\b(?:HL|MI|RP):[A-Z]{3}\b",
        categories.RATE, Disposition.RETRY, codes=(421, 450, 451), scope=Scope.PROVIDER,
    ),
    BounceRule(
        "microsoft-no-such-user",
        "learn.microsoft.com, NDR 5.4.1: recipient does not exist in a tenant with directory blocking",
        r"\b5\.4\.1\b.{0,40}recipient address rejected: access denied",
        categories.NO_SUCH_USER, Disposition.FINAL, codes=(550,), scope=Scope.RECIPIENT,
    ),
    BounceRule(
        "microsoft-sender-setup",
        "learn.microsoft.com, NDR 5.7.515: the domain does not meet the authentication level",
        r"\b5\.7\.515\b",
        categories.SENDER_SETUP, Disposition.PEOPLE_FINAL, codes=(550,), scope=Scope.MESSAGE,
    ),
    BounceRule(
        "microsoft-banned-ip",
        "learn.microsoft.com, NDR 5.7.606 to 5.7.649: banned sending IP",
        r"\b5\.7\.6(?:0[6-9]|[1-4]\d)\b",
        categories.OUR_IP, Disposition.PEOPLE_FINAL, codes=(550, 554), scope=Scope.PROVIDER,
    ),
    BounceRule(
        "outlook-block-list",
        "postmaster.live.com, S3140 and S3150: the network of the address is on the block list",
        r"\(S31[45]0\)",
        categories.OUR_IP, Disposition.PEOPLE_FINAL, codes=(550,), scope=Scope.PROVIDER,
    ),
    BounceRule(
        "provider-rate",
        "Outlook S775 and 4.7.500, Gmail 421 4.7.0 and 4.7.28, Yahoo TS codes: 4yz about pace or reputation",
        r"rate.limited|unusual rate|server busy|too many (?:connections|messages)|\[TSS?0[1-9]\]",
        categories.RATE, codes=(4,), scope=Scope.PROVIDER,
    ),
    BounceRule(
        "netease-daily-limit",
        "help.mail.163.com: RP:ORQ, more recipients from this address today than it may have",
        r"\bRP:ORQ\b",
        categories.RATE, Disposition.RETRY, codes=(550,), scope=Scope.PROVIDER, retry_after_seconds=4 * 3600,
    ),
    BounceRule(
        "our-ip-by-provider",
        "Words of conf/shaping.toml: Gmail, Yahoo TSS07, Comcast BL, AT&T DNSBL, T-Online, GMX, Mimecast, Proofpoint",
        r"very low reputation of the sending IP|\[(?:BL\d\d|TSS07)\]|\bBL\d{6}\b|DNSBL:(?:ATT)?RBL"
        r"|csi\.mimecast\.org poor reputation|\b(?:ipcheck|support)\.proofpoint\.com/|sending MTA's poor reputation"
        r"|\bIP[=:].{1,60}(?:bad reputation|a problem occurred)|^554 .{0,120}reject due to policy restrictions",
        categories.OUR_IP, Disposition.PEOPLE_FINAL, codes=(5,), scope=Scope.PROVIDER,
    ),
    BounceRule(
        "sender-reputation",
        "Gmail 5.7.1 about the sending domain; Apple about a domain on the Spamhaus DBL: words of conf/shaping.toml",
        r"very low reputation of the sending domain|domain present in the Spamhaus DBL",
        categories.SENDER_SETUP, Disposition.PEOPLE_FINAL, codes=(5,), scope=Scope.MESSAGE,
    ),
    # Words that many systems share.
    BounceRule(
        "greylisted",
        "Postgrey, milter-greylist, SQLgrey, Exim and rspamd say so in these words",
        r"gr[ea]y.?list|come back in \d",
        categories.GREYLISTED, codes=(4,), scope=Scope.RECIPIENT,
    ),
    BounceRule(
        "mailbox-full",
        "RFC 3463 §3.3 X.2.2; Gmail, Dovecot, Exchange, QQ and NetEase write it out",
        r"\b[45]\.2\.2\b|over ?quota|quota (?:is )?exceeded|exceeded.{0,40}quota"
        r"|(?:mailbox|inbox) (?:is )?(?:full|out of storage)|mailbox size limit exceeded",
        categories.MAILBOX_FULL, Disposition.BULK_RETRIES, scope=Scope.RECIPIENT,
    ),
    BounceRule(
        "too-large",
        "RFC 3463 §3.4 X.3.4 and §3.3 X.2.3; Postfix, Exim, Exchange and Gmail write it out",
        r"\b5\.(?:3\.4|2\.3)\b|message (?:size|length) exceeds|message (?:is )?too (?:large|big|long)"
        r"|exceeds? (?:the )?(?:fixed )?maximum (?:message )?size",
        categories.TOO_LARGE, codes=(5,), scope=Scope.MESSAGE,
    ),
    BounceRule(
        "demands-tls",
        "RFC 3207 §4: 530 where STARTTLS must come first; RFC 3463 §3.8 X.7.10; Exchange says 451 5.7.3",
        r"must issue (?:a )?STARTTLS|STARTTLS (?:command )?(?:is )?(?:required|first)|\b5\.7\.10\b"
        r"|\bTLS (?:encryption )?(?:is )?required|requires? (?:\w+ )?TLS\b",
        categories.DEMANDS_TLS, stages=(Stage.MAIL, Stage.RCPT),
    ),
    BounceRule(
        "too-many-recipients",
        "RFC 5321 §4.5.3.1.10: 452, and from old servers 552, at RCPT mean one recipient too many",
        r"",
        categories.TOO_MANY_RECIPIENTS, Disposition.RETRY, codes=(552,), stages=(Stage.RCPT,), scope=Scope.RECIPIENT,
    ),
    BounceRule(
        "too-many-recipients-in-words",
        "RFC 3463 §3.6 X.5.3; Postfix and Exchange write it out",
        r"\b[45]\.5\.3\b|too many recipients",
        categories.TOO_MANY_RECIPIENTS, Disposition.RETRY, stages=(Stage.RCPT,), scope=Scope.RECIPIENT,
    ),
    BounceRule(
        "listed-ip",
        "Postfix with a DNS block list, Spamhaus and Proofpoint name our address as the reason",
        r"(?:client host|ip(?: address)?|your (?:ip|server|host)) .{0,60}"
        r"(?:blocked|blacklisted|block ?listed|listed (?:at|in|on|by)|poor reputation)",
        categories.OUR_IP, Disposition.PEOPLE_FINAL, scope=Scope.PROVIDER,
    ),
    BounceRule(
        "sender-unauthenticated",
        "RFC 7372 §3 5.7.20 to 5.7.27; Gmail 5.7.26 writes it out",
        r"\b5\.7\.(?:2[0-7])\b|sender is unauthenticated|(?:spf|dkim|dmarc) (?:check|validation|verification)? ?failed",
        categories.SENDER_SETUP, Disposition.PEOPLE_FINAL, codes=(5,), scope=Scope.MESSAGE,
    ),
    BounceRule(
        "inactive",
        "RFC 3463 §3.3 X.2.1; Gmail and Yahoo write it out",
        r"(?:account|mailbox|user)\b.{0,60}\b(?:inactive|disabled|suspended)",
        categories.INACTIVE, codes=(5,), scope=Scope.RECIPIENT,
    ),
    BounceRule(
        "no-such-user",
        "RFC 3463 §3.2 X.1.1; Postfix, Exchange 5.1.10, Exim, Gmail, QQ and NetEase write it out",
        r"\b5\.1\.(?:1|10)\b|user unknown|unknown user|(?:no such|unknown) (?:user|recipient|mailbox|address)"
        r"|(?:user|mailbox|recipient|account)\b.{0,40}(?:not found|does ?n[o']t exist|does not exist)",
        categories.NO_SUCH_USER, codes=(5,), stages=(Stage.RCPT, Stage.DATA, Stage.FINAL_DOT), scope=Scope.RECIPIENT,
    ),
    BounceRule(
        "content",
        "Gmail 5.7.1 and 552 5.7.0, QQ and Exchange refuse the text or an attachment",
        r"mail content denied|message content rejected|unsolicited mail"
        r"|(?:spam|virus) (?:message )?(?:detected|rejected)|blocked because its content"
        r"|message (?:was )?(?:rejected|blocked) .{0,30}(?:spam|virus|content)",
        categories.CONTENT, codes=(5,), scope=Scope.MESSAGE,
    ),
)  # fmt: skip
