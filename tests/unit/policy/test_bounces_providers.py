"""What providers document and say: one line each, none of it an example of a rule."""

import re

import pytest
from youtong.policy.bounces.loading import load_rules
from youtong.policy.bounces.rule import Origin
from youtong.policy.bounces.said import Said

RULES = load_rules()
_CODES = re.compile(r"(\d{3})?[ -]?#?(\d\.\d{1,3}\.\d{1,3})?")

# category, text
TEXTS = """
restricted | 550 5.7.12 Sender was not authenticated by organization
restricted | 550 5.7.133 Sender not authenticated for group
restricted | 550 5.7.134 Sender was not authenticated for mailbox
restricted | 550 5.7.135 Sender was not authenticated for public folder
restricted | 550 5.7.136 Sender was not authenticated
restricted | 550 5.7.193 UserOrSharedMailboxOnlyAcceptsInternal
restricted | 550 5.7.129 RESOLVER.RST.RestrictedToRecipientsPermission; not authorized to send to the recipient because the sender isn't on the recipient's list of senders to accept mail from
our-ip | 550 5.7.501 Access denied, spam abuse detected from IP [192.0.2.7]
our-ip | 550 5.7.502 Access denied, banned sender
our-ip | 550 5.7.503 Access denied, banned sender
sender-setup | 550 5.7.509 Access denied, sending domain example.com does not pass DMARC verification
our-ip | 550 5.7.511 Access denied, banned sender [192.0.2.7]. To request removal from this list please forward this message to delist@microsoft.com
our-ip | 550 5.7.513 Service unavailable, Client host [192.0.2.7] blocked by example.com using Customer Block list (AS16012607)
sender-setup | 550 5.7.515 Access denied, sending domain example.com doesn't meet the required authentication level.
our-ip | 550 5.7.606 Access denied, banned sending IP [192.0.2.7]
our-ip | 550 5.7.708 Access denied, traffic not accepted from this IP
policy | 550 5.7.900 Delivery not authorized, message refused
sender-refused | 550 5.1.8 Access denied, bad outbound sender
sender-quota | 554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message due to a permanent exception with message The message can't be submitted because the sender's submission quota was exceeded.
rate | 550 5.2.121 RESOLVER.RST.RecipientRateLimit; Recipient's per hour message receive limit from specific sender exceeded
rate | 550 5.2.122 The recipient has exceeded their limit for the number of messages they can receive per hour
relaying-denied | 550 5.4.1 Relay Access Denied
relaying-denied | 550 5.7.64 TenantAttribution; Relay Access Denied
relaying-denied | 550 5.7.1 Unable to relay
loop | 554 5.4.14 Hop count exceeded - possible mail loop ATTR34
expired | 550 5.4.300 Message expired -> 421 4.4.2 Connection dropped
no-such-domain | 550 5.4.310 DNS domain example.com does not exist [Message=InfoDomainNonexistent]
no-answer | 550 5.4.316 Message expired, connection refused(Socket error code 10061)
no-answer | 550 5.4.318 Message expired, connection reset (SuspiciousRemoteServerError)
no-answer | 450 4.4.318 Connection was closed abruptly (SuspiciousRemoteServerError)
no-answer | 550 5.4.312 Message expired, DNS query failed
expired | 550 4.4.7 QUEUE.Expired; message expired
sender-refused | 550 5.1.0 Sender denied
sender-refused | 550 5.1.7 Invalid address
system-failure | 554 5.3.5 System incorrectly configured
system-failure | 452 4.3.1 Insufficient system resources
loop | 554 5.4.11 Agent generated message depth exceeded
rate | 451 4.7.500-699 (ASxxx) Access denied, please try again later
rate | 451 4.7.650 The mail server [192.0.2.7] has been temporarily rate limited due to IP reputation. (S775)
rate | 451 4.7.651 The mail server [192.0.2.7] has been temporarily rate limited due to IP reputation. For e-mail delivery information see https://postmaster.live.com (S775)
system-failure | 451 4.4.24 Message failed to be replicated: insufficient system resource:
security | 550 5.7.322 certificate-expired: Destination mail server's certificate is expired.
security | 550 5.7.323 tlsa-invalid: The domain failed DANE validation.
security | 550 5.7.324 dnssec-invalid: Destination domain returned invalid DNSSEC records
security | 550 5.7.325 certificate-host-mismatch: Remote certificate MUST have a common name or subject alternative name matching the hostname (DANE)
sender-setup | 450 4.7.26 Access denied, a message sent over IPv6 [2001:db8::1] must pass either SPF or DKIM validation, this message is not signed
too-many-recipients | 452 4.5.3 Too many recipients (AS780090)
our-ip | 550 5.7.1 Service unavailable, Client host [192.0.2.7] blocked using Spamhaus. To request removal from this list see https://www.spamhaus.org/query/ip/192.0.2.7 (AS16012609)
our-ip | 550 5.7.1 (S3140)
our-ip | 550 5.7.1 S3150
no-such-user | 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup
no-such-user | 550 5.1.1 RESOLVER.ADR.RecipNotFound; not found
no-such-user | 550 5.1.351 Remote server returned unknown recipient or mailbox unavailable -> 550 5.1.1 <user@example.com>: Recipient address rejected: User unknown in virtual mailbox table
content | 550 5.7.520 Message blocked because it contains content identified as spam. AS(4810)
restricted | 550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized
policy | 550 5.7.520 Access denied, Your organization does not allow external forwarding. Please contact your administrator for further assistance. AS(7555)
# Orange / La Poste
rate | 421 mwinf5c04 ME Trop de connexions, veuillez verifier votre configuration. Too many connections, slow down. OFR004_104 [104]
our-ip | 550 mwinf5c04 ME Adresse IP source bloquee pour incident de spam. Client host blocked for spamming issues. OFR006_102 Ref http://csi.cloudmark.com/reset-request/?ip=192.0.2.7 [102]
our-ip | 550 5.5.0 Service refuse. Veuillez essayer plus tard. service refused, please try later. LPN001_108
sender-setup | 550 5.5.0 SPF: example.com is not allowed to send mail. LPN004_401
sender-setup | 550 5.0.1 Emetteur invalide. Invalid Sender. LPN105_405
sender-setup | 550 5.1.0 Emetteur invalide. Invalid Sender. OFR_415
no-such-user | 550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. LPN416
mailbox-full | 552 5.1.1 Boite du destinataire pleine. Recipient overquota. OFR_417 [417]
our-ip | 421 4.2.0 Service refuse. Veuillez essayer plus tard. Service refused, please try later. OFR005_505 [505]
our-ip | 421 4.5.0 Veuillez essayer plus tard. service refused, please try later. LPN004_510
content | 550 5.2.0 Mail rejete. Mail rejected. OUK_513 [513]
# Cox
our-ip | 554 cox.net IP 192.0.2.7 blocked. Error Code: AUP#CXBL
our-ip | 421 4.7.1 DNS check failure - try again later AUP#CXDNS
our-ip | 554 Rejected - No rDNS: AUP#CXDNS
rate | 421 4.7.0 too many sessions from 192.0.2.7 AUP#CXCNCT
our-ip | 421 cox.net temporarily blocked AUP#CDRBL
our-ip | 554 IP 192.0.2.7 found on Spamhaus. AUP#IPBL0001
attachment | 552 5.7.0 Attachment extension is forbidden
protocol | 554 ESMTP no data before greeting
# Charter
our-ip | 550 5.1.0 IP 192.0.2.7 blocked AUP#In-1000
our-ip | 554 5.7.1 blocked AUP#I-1110
our-ip | 550 blocked by Cloudmark AUP#In-1200
our-ip | 550 AUP#In-1220 192.0.2.7 listed
rate | 421 too many connections AUP#In-1310
rate | 421 4.7.0 try again later AUP#In-1350
rate | 452 4.3.0 reconnect AUP#I-1540
# Yahoo
sender-setup | 550 5.7.9 This mail has been blocked because the sender is unauthenticated. Yahoo requires all senders to authenticate with either SPF or DKIM.
our-ip | 553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.25, because the ip is in Spamhaus's list; see http://postmaster.yahoo.com/550-bl23.html
our-ip | 553 5.7.1 [BL23] Connections not accepted from IP addresses on Spamhaus XBL; see http://postmaster.yahoo.com/errors/550-bl23.html [550]
content | 554 Message not allowed - [PH01] Email not accepted for policy reasons. Please visit https://postmaster.yahooinc.com/error-codes
content | 554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes
rate | 421 4.7.0 [TSS04] Messages from 192.0.2.25 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes
rate | 553 5.7.2 [TSS09] All messages from 192.0.2.25 will be permanently deferred; Retrying will NOT succeed. See https://postmaster.yahooinc.com/error-codes
rate | 450 User is receiving mail too quickly
inactive | 554 30 Sorry, your message to user@aol.jp cannot be delivered. This mailbox is disabled (554.30)
no-such-user | 554 delivery error: dd This user doesn't have a yahoo.com account (user@yahoo.com)
no-such-user | 552 1 Requested mail action aborted, mailbox not found
relaying-denied | 550 relaying denied for <user@yahoo.com>
format | 554 5.6.0 headers are not RFC compliant
# Zoho
sender-setup | 550 5.7.1 Email rejected per DMARC policy for zoho.com
greylisted | 451 4.7.1 Greylisted, try again after some time
content | 554 5.7.7 Email policy violation detected
no-such-user | 550 5.1.1 User does not exist - <user@zoho.com>
virus | 552 5.7.1 virus Win.Test detected by Zoho Mail
system-failure | 452 4.3.1 Temporary System Error
# Apple
sender-setup | 554 5.7.1 Your message was rejected due to example.jp's DMARC policy. See https://support.apple.com/en-us/HT204137 for
our-ip | 550 5.7.0 Blocked - see https://support.proofpoint.com/dnsbl-lookup.cgi?ip=192.0.1.2
our-ip | 550 5.7.1 Mail from IP 192.0.2.1 was rejected due to listing in Spamhaus SBL. For details please see http://www.spamhaus.org/query/bl?ip=192.0.2.1
our-ip | 554 mx-smtpin001.me.com ESMTP not accepting connections
mailbox-full | 552 5.2.2 <user@icloud.com>: user is over quota
relaying-denied | 554 5.7.1 <user@icloud.com>: Relay access denied
sender-refused | 450 4.1.8 <kijitora@example.jp>: Sender address rejected: Domain not found
no-such-user | 550 5.1.1 unknown or illegal alias: user@icloud.com
# docomo, au
too-many-recipients | 552 Too many recipients
no-such-user | 550 : User unknown
# QQ
our-ip | 550 Suspected bounce attacks. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022&&no=1000725
our-ip | 550 Suspected spam ip http://service.mail.qq.com/cgi-bin/help
our-ip | 550 Connection denied. http://service.mail.qq.com/detail/122/170
too-large | 552 Message too large. http://service.mail.qq.com/detail/122/168
content | 550 Suspected spam http://service.mail.qq.com/detail/122/71
filtered | 550 Mail is rejected by recipients http://service.mail.qq.com/detail/122/92
content | 550 The mail may contain inappropriate words or content, or spam is embedded in the email http://service.mail.qq.com/detail/122/59
content | 550 Mail content denied. http://service.mail.qq.com/detail/122/171
rate | 550 Mailbox unavailable or access denined http://service.mail.qq.com/detail/122/166
rate | 550 Ip frequency limited. http://service.mail.qq.com/detail/122/172
no-such-user | 550 Mailbox not found. http://service.mail.qq.com/detail/122/169
# GoDaddy
authentication | 535 Authentication not allowed on IBSMTP Servers. IB401
sender-refused | 550 user@example.com IP addresses are not allowed as a From: Address. Provide a valid From. IB502
content | 552 This message has been rejected due to content judged to be spam by the internet community. IB212
virus | 552 Virus infected message rejected. IB705
too-many-recipients | 452 This message contains too many recipients. Reduce the number of recipients and retry. IB605
system-failure | 421 Server temporarily unavailable. Try again later. IB101
our-ip | 554 This IP has been blocked for the day, for attempting to send too many messages containing content judged to be spam by the Internet community. IB111
our-ip | 554 This IP has been temporarily blocked for attempting to mail too many invalid recipients. IB112
rate | 550 This IP has sent too many to too many recipients this hour. IB607
our-ip | 554 Connection refused. This IP has a poor reputation on Cloudmark Sender Intelligence (CSI). IB103
our-ip | 554 Connection refused. This IP address is listed on the Exploits Block List (XBL). IB105
# Mimecast
sender-setup | 550 SPF Sender Invalid - envelope rejected
sender-setup | 550 DKIM Sender Invalid - envelope rejected
greylisted | 451 Internal resources are temporarily unavailable - https://community.mimecast.com/docs/DOC-1369#451
our-ip | 550 Local CT IP Reputation - (reject)
greylisted | 451 Recipient temporarily unavailable
rate | 451 IP Temporarily Blacklisted
too-large | 554 Maximum email size exceeded
loop | 554 Mail loop detected
relaying-denied | 451 Open relay not allowed
sender-setup | 550 Anti-Spoofing policy - Inbound not allowed
sender-setup | 550 Rejected by header-based Anti-Spoofing policy
filtered | 550 Administrative prohibition - envelope blocked
filtered | 550 Envelope blocked - User Entry
filtered | 550 Rejected by header-based Blocked Senders - Block policy for Header From
authentication | 535 Incorrect authentication data
demands-tls | 553 This route requires TLS version 1.2 or greater
system-failure | 451 Unable to process an email at this time
no-such-user | 550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550
# i.ua
no-such-user | 550 User is not found http://mail.i.ua/err/2/
mailbox-full | 550 Mailbox is full. http://mail.i.ua/err/4/
our-ip | 550 IP-address of the sender is blacklisted. http://mail.i.ua/err/9/
# Symantec/messagelabs
sender-setup | 553 DMARC domain authentication fail
our-ip | 501 Connection rejected by policy [7.7] 20805, please visit www.messagelabs.com/support for more details about this error message.
our-ip | 553 mail rejected because your IP is in the PBL. See http://www.spamhaus.org/pbl
demands-tls | 451 TLS/SSLv3 Connection required. (#4.7.1)
sender-refused | 553 Sorry, your domain has been blocked
rate | 460 too many messages (#4.3.0)
no-such-user | 550 Invalid recipient <user@example.com> (#5.1.1)
"""  # noqa: E501


def _case(line: str) -> tuple[str, str]:
    category, _, text = line.partition(" | ")
    return category, text


@pytest.mark.parametrize(("category", "text"), [_case(one) for one in TEXTS.strip().splitlines() if one[:1] != "#"])
def test_a_documented_reply_means_what_its_document_says(category: str, text: str) -> None:
    codes = _CODES.match(text)
    assert codes is not None
    said = Said(int(codes[1] or 0), codes[2] or "", text, origin=Origin.NOTICE)
    assert RULES.meaning(said).category == category
