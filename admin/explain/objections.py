"""What a receiver objects to, as a clause of its own: the same whether the letter waits, has failed or came back.

Owns   a clause for every category of failure (policy.bounces.categories), and for each Blame that is not its usual one.
       Of a domain that no mail can go to, {who} is the domain.
Knows  neither what comes next nor what to do (sentences, advice). The receiver's own words are quoted elsewhere.
"""

from ...mta.outcome import Scope
from ...policy.bounces import categories
from ...policy.bounces.meaning import Blame
from ..texts import N_, _
from .receivers import phrase

OF_DOMAIN = frozenset(
    {
        categories.NO_SUCH_DOMAIN,
        categories.TAKES_NO_MAIL,
        categories.NO_ROUTE,
        categories.OTHER_FAMILY,
        categories.LOOPS_TO_US,
    }
)
"""Said of the domain, whoever found it out."""
_CLAUSES = {
    categories.NO_SUCH_DOMAIN: N_("the domain {who} does not exist"),
    categories.TAKES_NO_MAIL: N_("the domain {who} says that it accepts no mail"),
    categories.NO_ROUTE: N_("the domain {who} names no mail host that can be found"),
    categories.OTHER_FAMILY: N_(
        "the mail hosts of {who} have no address of the kind (IPv4 or IPv6) that this system sends over"
    ),
    categories.LOOPS_TO_US: N_("the MX of {who} points to this system, which has no such domain"),
    categories.NO_SUCH_USER: N_("{who} says that this mailbox does not exist"),
    categories.BAD_ADDRESS: N_("{who} says that the address is malformed"),
    categories.MOVED: N_("{who} says that the person has moved to another address"),
    categories.INACTIVE: N_("{who} says that the mailbox is closed or accepts nothing at present"),
    categories.MAILBOX_FULL: N_("{who} says that the recipient's mailbox is full"),
    categories.RESTRICTED: N_("{who} says that this mailbox accepts mail from chosen senders only"),
    categories.LIST: N_("{who} could not serve the mailing list that the address stands for"),
    categories.CONTENT: N_("{who} considers the content spam"),
    categories.ATTACHMENT: N_("{who} accepts no attachment of this kind"),
    categories.VIRUS: N_("{who} says that the message contains a virus"),
    categories.FORMAT: N_("{who} objects to the format of the message (header fields, long lines or encoding)"),
    categories.FILTERED: N_(
        "a filter at {who} rejected the message for its content or its sender, without saying which"
    ),
    categories.TOO_LARGE: N_("the message is larger than {who} accepts"),
    categories.NEEDS_SMTPUTF8: N_("the addresses need SMTPUTF8, which {who} does not offer"),
    categories.NEEDS_8BIT: N_("the message needs 8BITMIME, which {who} does not offer, and it cannot be converted"),
    categories.RATE: N_("{who} accepts no more mail from this system for now, and wants it sent more slowly"),
    categories.TOO_MANY_RECIPIENTS: N_("{who} accepts the message for fewer recipients at a time"),
    categories.GREYLISTED: N_("{who} lets new senders wait a while (greylisting), which is normal"),
    categories.OUR_IP: N_("{who} refuses mail from this system's IP address; this has nothing to do with the message"),
    categories.SENDER_SETUP: N_("{who} does not trust the sender's domain (its SPF, DKIM, DMARC or reputation)"),
    categories.SENDER_QUOTA: N_("this sender has used up the messages a day that {who} accepts from one sender"),
    categories.SENDER_REFUSED: N_("{who} blocks the sender's address or domain"),
    categories.POLICY: N_("{who} refuses mail from this system by a policy that it does not explain"),
    categories.AUTHENTICATION: N_("{who} requires a login, so it is not a host for mail from outside"),
    categories.NO_ANSWER: N_("{who} does not answer, or cannot be reached from here"),
    categories.NETWORK: N_("the network or the DNS on the way to {who} is disturbed"),
    categories.EXPIRED: N_("the mail hosts behind {who} tried for days without success"),
    categories.LOOP: N_("the message went in a loop between the mail hosts of {who}"),
    categories.RELAYING_DENIED: N_(
        "the recipient's domain names {who} as its mail host (MX), which accepts no mail for it"
    ),
    categories.DEMANDS_TLS: N_("{who} requires encryption (TLS) and offers none that works"),
    categories.SECURITY: N_("no encrypted connection to {who} could be made (encryption or certificate)"),
    categories.SYSTEM_FAILURE: N_("{who} has a technical fault of its own"),
    categories.PROTOCOL: N_("{who} and this system did not understand each other's commands"),
}
_BLAMES = {
    Blame.RECIPIENT: N_("the cause is the recipient's mailbox"),
    Blame.CONTENT: N_("the cause is the content of the message"),
    Blame.SENDER_DOMAIN: N_("the cause is the sender's domain"),
    Blame.OUR_IP: N_("the cause is this system's IP address"),
    Blame.NETWORK: N_("the cause is the network or the mail hosts on the way"),
    Blame.PROVIDER_RATE: N_("the cause is only the sending rate"),
}


def objection(category: str, who: str, scope: str = "") -> str:
    """ "" for a category that is not ours: an operator's hook may give any."""
    if category == categories.RATE and scope == Scope.RECIPIENT:
        return phrase(
            _("{who} accepts no more mail for this mailbox for now: too much came for it in a short time"), who
        )
    if category == categories.RATE and scope == Scope.MESSAGE:
        return phrase(_("{who} accepts no more mail from this sender's domain for now: mail came too fast"), who)
    clause = _CLAUSES.get(category)
    return phrase(_(clause), who) if clause is not None else ""


def blame_clause(blame: Blame) -> str:
    """Whose the fault is, where the category does not say so already."""
    return _(_BLAMES[blame]) if blame in _BLAMES else ""
