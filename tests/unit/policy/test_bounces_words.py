"""What common texts mean: words that stand in no rule's examples, as replies and as notices quote them."""

import re

import pytest
from youtong.policy.bounces.loading import load_rules
from youtong.policy.bounces.rule import Origin
from youtong.policy.bounces.said import Said

RULES = load_rules()
_CODES = re.compile(r"(\d{3})?[ -]?#?(\d\.\d{1,3}\.\d{1,3})?")

# kind, category, text
TEXTS = """
hard no-such-user | 550 5.1.1 <user@example.com> Recipient not found. Please check the address
hard no-such-user | 550 #5.1.0 Address rejected.
hard no-such-user | 550 RCPT TO:<user@example.com> User not known here
hard no-such-user | 550 5.1.1 Mailbox "user" does not exist
hard no-such-user | 511 5.1.1 unknown address or alias: user@example.com
hard no-such-user | 550 No such local user
hard no-such-user | 554 5.1.1 recipient not found
hard no-such-user | 550 5.1.1 Invalid recipient: user@example.com
hard no-such-user | 550 cuda_nsu 5.1.1 <user@example.com>... User unknown
hard no-such-user | 550 5.1.1 sorry, no mailbox here by that name (chkuser)
hard no-such-user | 550 5.1.1 <user@example.com>: Email address could not be found, or was misspelled (G8)
hard no-such-user | 550 5.4.1 Recipient address rejected: Access denied. AS(201806281)
hard no-such-user | 550 permanent failure for one or more recipients (user@example.com:550 5.1.1 user unknown)
hard no-such-user | 550 5.1.1 <user@example.com>: Recipient address rejected: User unknown in virtual mailbox table
hard no-such-user | 550 Address invalid: user@example.com
hard no-such-user | 550 5.1.1 This user does not have an account here
hard no-such-user | 550 user doesn't exist
hard no-such-user | 550 5.2.1 The email account that you tried to reach does not exist
hard no-such-user | 550 5.1.1 Unknown Local Part
hard no-such-user | 550 5.0.0 user@example.com... No such user here
soft mailbox-full | 550 5.1.1 <user@example.com>: mailbox full
soft mailbox-full | 552 5.2.2 user over quota
soft mailbox-full | 554 5.2.1 mailbox over quota
soft mailbox-full | 550 User's mailbox has exceeded storage limit
soft mailbox-full | 452 4.1.1 user@example.com 4.2.2 mailbox full
soft mailbox-full | 4.3.1 Insufficient disk space on user's mailbox: quota exceeded
soft mailbox-full | 552 5.7.0 The mailbox is over its size limit
soft mailbox-full | Delivery failed: Over quota
soft mailbox-full | 550 Mailbox has exceeded the limit
soft mailbox-full | 554 Mailbox full: not enough storage space in mailbox
hard inactive | 550 5.2.1 This mailbox has been deactivated due to inactivity
hard inactive | 550 5.1.1 Account disabled
hard inactive | 554 delivery error: This account is temporarily suspended
hard inactive | 550 5.7.1 Account inactive
soft too-large | 552 5.3.4 Message too big for system
soft too-large | 552 Message size exceeds maximum permitted
soft relaying-denied | 550 5.7.1 <user@example.com>... Relaying denied. Proper authentication required.
soft relaying-denied | 554 5.7.1 Relaying not allowed
soft our-ip | 554 5.7.1 Your IP is listed in our RBL
soft sender-setup | 550 5.7.1 SPF unauthorized mail is prohibited.
soft sender-setup | 550 SPF MAIL FROM check failed
soft sender-setup | 550 5.7.1 Email rejected per DMARC policy for example.com
soft sender-setup | 550 5.7.1 DKIM signature did not verify: invalid
soft sender-refused | 553 5.1.8 <user@example.com>... Domain of sender address user@example.com does not exist
soft sender-refused | 550 5.7.1 <user@example.com>... Access denied: sender blocked
hard content | 550 5.7.1 Message rejected as spam by Content Filtering.
hard content | 554 5.7.1 Spam message rejected
hard content | 550 This message was classified as SPAM and may not be delivered
hard content | 552 spam score (12.3) exceeded threshold
hard content | 554 Transaction failed : message content
hard virus | 550 5.7.1 Virus detected in message: Win.Worm
hard attachment | 552-5.7.0 This message was blocked because its content presents a potential security issue.
hard no-such-domain | 550 5.1.2 Host unknown (Name server: example.invalid: host not found)
hard no-such-domain | 550 Host unknown
hard no-such-domain | Unrouteable address: domain does not exist
hard takes-no-mail | 556 5.1.10 Domain does not accept mail (null MX)
soft expired | 4.4.7 Delivery time expired
soft no-answer | 441 4.4.1 connection timed out
soft loop | 554 5.4.6 too many hops, this message is looping (25 max)
soft system-failure | 554 5.3.0 System configuration error
soft system-failure | 451 4.3.0 Mail server temporarily rejected message
soft system-failure | 452 4.3.1 Out of disk space
soft system-failure | 550 5.3.5 Local configuration error
soft greylisted | 450 4.7.1 <user@example.com>: Recipient address rejected: Greylisted for 300 seconds
soft rate | 450 4.2.1 The user you are trying to contact is receiving mail too quickly
soft rate | 550 5.7.1 Too many messages from your domain per hour
soft policy | 550 5.7.1 Message rejected due to local policy
soft policy | 554 5.7.1 <unknown[192.0.2.7]>: Client host rejected: Access denied
soft policy | 571 5.7.1 Delivery not authorized, message refused
soft restricted | 550 5.7.1 Your message can't be delivered because delivery to this address is restricted
soft restricted | 550 5.2.0 recipient refuses mail from this sender
soft security | 550 5.7.1 TLS handshake failed
soft authentication | 530 Authentication required
hard bad-address | 501 5.1.3 Bad recipient address syntax
soft protocol | 503 5.5.1 Bad sequence of commands
hard moved | 551 5.1.6 Recipient has moved to <new@example.net>
hard no-such-user | 550 5.1.1 Adresse inconnue
soft demands-tls | 530 5.7.0 Must issue a STARTTLS command first
soft format | 550 5.6.0 Lone CR or LF in headers
soft our-ip | 550-Your host is listed at zen.spamhaus.org: see http://www.spamhaus.org/query/bl?ip=192.0.2.7
soft our-ip | 554 Refused. Your reverse DNS entry does not resolve
soft our-ip | 550 Blocked by sender reputation filter 192.0.2.7
soft our-ip | 421 4.7.0 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.7
soft our-ip | 553 5.3.0 <user@att.net>... 521 flph< 192.0.2.7 > blocked: DNSBL:RBL
soft no-answer | Connection dropped during message body delivery
hard no-such-user | host mx.example.com said: 550 5.1.1 unknown user
soft mailbox-full | host mx.example.com[192.0.2.1] said: 552 5.2.2 Over quota (in reply to RCPT TO command)
hard no-such-user | Remote host said: 550 5.1.1 user unknown
hard no-such-user | Sorry, we couldn't deliver your message to user@example.com: 550 No such person at this address
hard no-such-domain | Technical details of permanent failure: DNS Error: Domain name not found
hard no-such-user | 550 5.1.1 User Unknown (#5.1.1)
hard content | 550 5.7.1 Our system has detected that this message is likely unsolicited mail
hard no-such-user | 550 Requested action not taken: mailbox not found
hard no-such-user | 553 5.3.0 <user@example.com>... User unknown
hard no-such-user | 550 5.1.1 <user@example.com>... User is unknown {mx-in-1}
hard no-such-user | Failed: 5.1.1 Nobody with that name here
soft unknown | 550 5.0.0 Transaction failed
soft unknown | 554 Transaction failed
soft policy | 550 5.7.1 rejected
soft greylisted | 450 4.2.0 greylisted, try later
soft expired | This message has been in the mail queue for more than 3 days
"""


def _case(line: str) -> tuple[str, str, str]:
    meant, _, text = line.partition(" | ")
    kind, _, category = meant.partition(" ")
    return kind, category, text


@pytest.mark.parametrize(("kind", "category", "text"), [_case(line) for line in TEXTS.strip().splitlines()])
def test_a_text_in_no_example_means_what_a_careful_reader_says(kind: str, category: str, text: str) -> None:
    codes = _CODES.match(text)
    assert codes is not None
    said = Said(int(codes[1] or 0), codes[2] or "", text, origin=Origin.NOTICE)
    meaning = RULES.meaning(said)
    assert (str(meaning.kind), meaning.category or "unknown") == (kind, category)


def test_the_returned_letter_below_a_notice_does_not_speak() -> None:
    for subject in ("How I stopped spam", "Virus in my mail", "Our new address is at the harbour"):
        text = f"Your message could not be delivered to user@example.com. Subject: {subject}"
        assert RULES.meaning(Said(0, "", text, origin=Origin.NOTICE)).category == ""


def test_boilerplate_of_common_mail_systems_says_nothing() -> None:
    for text in (
        "This is a permanent error; I've given up. Sorry it didn't work out.",
        "This is the mail system at host mx.example.com. I'm sorry to have to inform you that your message could not "
        "be delivered to one or more recipients. It's attached below. For further assistance, please send mail to "
        "postmaster. If you do so, please include this problem report.",
        "This message was created automatically by mail delivery software. A message that you sent could not be "
        "delivered to one or more of its recipients. This is a permanent error. The following address(es) failed:",
        "This is an automatically generated Delivery Status Notification. Delivery to the following recipients failed.",
        "Hi! This is the MAILER-DAEMON, please do not reply to this e-mail.",
        "The original message was received at Mon, 23 Nov 2026 09:01:00 +0100 from localhost [127.0.0.1]",
        "----- The following addresses had permanent fatal errors -----",
        "很抱歉，您的邮件被退回来了。",
        "Ihre Nachricht konnte nicht zugestellt werden.",
    ):
        assert RULES.meaning(Said(0, "", text, origin=Origin.NOTICE)).category == "", text
