"""Suppression: whom we do not write to, and which mail that stops.

Owns   the reasons, the table reason × mail class, who may lift what, the form of an address in which two are the same
       mailbox, patterns, and the word that a skipped recipient's journal row has (DECISIONS, "Suppression").
Knows  no row and no account. Pure.

Invariants
    A person's own letter is stopped by the operator's block alone.
    What a reader said (complaint, unsubscribe) is lifted by nobody's import, and by a person only who insists.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from ..mta.address import AddressError, normalise_domain
from ..queue.classes import MailClass

_QUOTED_IN_VAIN = re.compile(r'"[\w!#$%&\'*+/=?^`{|}~-]+(?:\.[\w!#$%&\'*+/=?^`{|}~-]+)*"')
INSTALLATION = 0
"""The scope of an entry that holds for every account; any other scope is a master account's number."""


class Reason(StrEnum):
    """Why an address is not written to; the gravest first, and that one is told."""

    BLOCK = "block"  # the operator's
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    HARD_BOUNCE = "hard-bounce"  # no such user, no such domain
    MANUAL = "manual"  # an account's own, by hand or from a file


class EntrySource(StrEnum):
    """What an entry was made from."""

    REPLY = "reply"  # a receiver's, to RCPT or the final dot
    NOTICE = "notice"  # a late bounce
    LOOK_UP = "look-up"  # the domain was still missing a day later
    FEEDBACK = "feedback"  # a feedback loop's complaint
    READER = "reader"  # unsubscribed
    PERSON = "person"
    IMPORT = "import"


class Lifter(StrEnum):
    """Who takes an entry away."""

    PERSON = "person"
    FORCED = "forced"  # a person who was told what it is, and insists
    DELIVERY = "delivery"  # a person's own letter reached the address
    RULES = "rules"  # the bounce rules no longer say so of the words that were kept
    EXPIRY = "expiry"
    IMPORT = "import"  # a file or a synchronisation that has the address as a good one


_PEOPLE, _API, _BULK = MailClass.PEOPLE, MailClass.TRANSACTIONAL, MailClass.BULK

REACH: Mapping[Reason, frozenset[MailClass]] = MappingProxyType(
    {
        Reason.BLOCK: frozenset({_PEOPLE, _API, _BULK}),
        Reason.COMPLAINT: frozenset({_BULK}),
        Reason.UNSUBSCRIBE: frozenset({_BULK}),
        Reason.HARD_BOUNCE: frozenset({_API, _BULK}),
        Reason.MANUAL: frozenset({_API, _BULK}),
    }
)

LIFTS: Mapping[Lifter, frozenset[Reason]] = MappingProxyType(
    {
        Lifter.PERSON: frozenset({Reason.BLOCK, Reason.HARD_BOUNCE, Reason.MANUAL}),
        Lifter.FORCED: frozenset(Reason),
        Lifter.DELIVERY: frozenset({Reason.HARD_BOUNCE}),
        Lifter.RULES: frozenset({Reason.HARD_BOUNCE}),
        Lifter.EXPIRY: frozenset(Reason),
        Lifter.IMPORT: frozenset(),
    }
)


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an entry rests on: enough to judge it again when the rules are others."""

    journal: int = 0  # number of the journal row
    inbound: int = 0  # number of the inbound message
    recipient: int = 0  # the queue's number
    code: int = 0
    enhanced: str = ""
    text: str = ""  # the receiver's words
    category: str = ""
    stage: str = ""
    provider: str = ""
    host: str = ""
    rule: str = ""
    words: str = ""  # what of the text made the rule fit
    note: str = ""  # a person's


RANK: Mapping[Reason, int] = MappingProxyType({reason: at for at, reason in enumerate(Reason)})


def reaches(reason: Reason, mail_class: MailClass) -> bool:
    """Whether an entry of this reason stops mail of this class."""
    return mail_class in REACH[reason]


def reasons_reaching(mail_class: MailClass) -> frozenset[Reason]:
    return frozenset(reason for reason, classes in REACH.items() if mail_class in classes)


def may_lift(lifter: Lifter, reason: Reason) -> bool:
    return reason in LIFTS[lifter]


def gravest(reasons: Iterable[Reason]) -> Reason | None:
    return min(reasons, key=RANK.__getitem__, default=None)


# -- addresses --------------------------------------------------------------------------------------------------------


def same_mailbox(address: str) -> str:
    """The one form of an address: equal for two that are the same mailbox to us. Never raises.

    Letter case is no difference, nor is quoting that was not needed or the script in which a domain is written. A tag
    after "+" is one: only its host knows whether it means the same person.
    """
    if address.isascii() and address[:1] != '"' and address[-1:] != ".":  # all but a few; each recipient passes here
        return address.lower()
    address = address.encode("utf-8", "replace").decode("utf-8")  # nothing else can be a text of the book
    local, _, domain = address.rpartition("@")
    try:
        domain = normalise_domain(domain)
    except AddressError:
        domain = domain.lower()
    return f"{_unquoted(unicodedata.normalize('NFC', local.lower()))}@{domain}"


def _unquoted(local: str) -> str:
    return local[1:-1] if _QUOTED_IN_VAIN.fullmatch(local) else local


# -- the journal's word -----------------------------------------------------------------------------------------------

_PREFIX = "suppressed"


class Suppressed(msgspec.Struct, frozen=True):
    """Why a recipient was skipped."""

    reason: Reason
    entry: int


def skip_reason(reason: Reason, entry: int) -> str:
    """A reason of ours to skip."""
    return _PREFIX + ":" + reason + ":" + str(entry)  # of each recipient that is stopped: half the time of an f-string


def read_skip_reason(text: str) -> Suppressed | None:
    """What `skip_reason` wrote; None for any other reason."""
    prefix, _, rest = text.partition(":")
    reason, _, entry = rest.partition(":")
    if prefix != _PREFIX or not entry.isdecimal():
        return None
    try:
        return Suppressed(Reason(reason), int(entry))
    except ValueError:
        return None
