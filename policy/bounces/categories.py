"""Kinds: what a reply means, in one word that is kept in the journal.

Owns   the words. Each says what is the matter and so who must act; none says whether to retry, which is the rule's.
The kinds of a domain without a route are `mta.dns.route.UnroutableKind`, those of a message that a
host can never take `mta.smtp.client_fitting.Misfit`; they pass through unchanged.
"""

NO_SUCH_USER = "no-such-user"
INACTIVE = "inactive"  # the mailbox exists or existed, and takes nothing
MAILBOX_FULL = "mailbox-full"
GREYLISTED = "greylisted"
RATE = "rate"  # too fast for this provider, or too much at once
TOO_MANY_RECIPIENTS = "too-many-recipients"
OUR_IP = "our-ip"
SENDER_SETUP = "sender-setup"  # SPF, DKIM, DMARC or From of the sender's domain
SENDER_QUOTA = "sender-quota"  # that sender has sent enough for today
CONTENT = "content"
TOO_LARGE = "too-large"  # also ours, from SIZE: mta.smtp.client_fitting.Misfit
DEMANDS_TLS = "demands-tls"  # the host takes nothing unencrypted, and offers no TLS that works
