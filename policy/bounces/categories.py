"""Categories: what a failure means, in one word that is kept in the journal.

Owns   the words. Each says what is the matter and so who must act; none says whether to retry: conf/bounces.toml says
       that, and kind, blame and action, for each of them.
The first five are `mta.dns.route.UnroutableKind`, the next three `mta.smtp.client_fitting.Misfit`; they pass through
unchanged.
"""

NO_SUCH_DOMAIN = "no-such-domain"
TAKES_NO_MAIL = "takes-no-mail"
NO_ROUTE = "no-route"  # the domain is there, its hosts have no address
OTHER_FAMILY = "other-family"
LOOPS_TO_US = "loops-to-us"

TOO_LARGE = "too-large"
NEEDS_SMTPUTF8 = "needs-smtputf8"
NEEDS_8BIT = "needs-8bit"

# the address
NO_SUCH_USER = "no-such-user"
BAD_ADDRESS = "bad-address"  # its syntax is refused
MOVED = "moved"
INACTIVE = "inactive"  # the mailbox exists or existed, and takes nothing
MAILBOX_FULL = "mailbox-full"
RESTRICTED = "restricted"  # it takes mail of some senders only
LIST = "list"  # a mailing list or group could not be served

# the letter
CONTENT = "content"  # taken for spam
ATTACHMENT = "attachment"
VIRUS = "virus"
FORMAT = "format"  # header fields, line lengths, encodings
FILTERED = "filtered"  # refused by a filter that does not say for what

# us
RATE = "rate"  # too fast for this provider, or too much at once
TOO_MANY_RECIPIENTS = "too-many-recipients"
GREYLISTED = "greylisted"
OUR_IP = "our-ip"
SENDER_SETUP = "sender-setup"  # SPF, DKIM, DMARC or From of the sender's domain
SENDER_QUOTA = "sender-quota"  # that sender has sent enough for today
SENDER_REFUSED = "sender-refused"  # the sender's address or domain is blocked, unknown or malformed there
POLICY = "policy"  # refused by policy, and nothing says of what
AUTHENTICATION = "authentication"  # asks for a login: no host that takes mail from strangers

# the way
NO_ANSWER = "no-answer"  # connection refused, lost, timed out
NETWORK = "network"  # name service and routing
EXPIRED = "expired"  # given up after days
LOOP = "loop"
RELAYING_DENIED = "relaying-denied"  # the host takes no mail for this domain
DEMANDS_TLS = "demands-tls"  # the host takes nothing unencrypted, and offers no TLS that works
SECURITY = "security"  # encryption, certificates, signatures
SYSTEM_FAILURE = "system-failure"
PROTOCOL = "protocol"  # commands or parameters that were not understood

ALL = frozenset(value for name, value in list(globals().items()) if name.isupper() and isinstance(value, str))
