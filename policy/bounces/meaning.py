"""What a failure means, as values: category, kind, blame, action.

Owns   the words that reports, suppression and `youtong bounce classify` share
       (DESIGN §6; DECISIONS, "What a failure means").
Knows  no rule and no text of a receiver.

Invariants
    Two separate answers: what becomes of the attempt (Disposition, policy.bounces.rules) and the kind for reports.
    Only NO_SUCH_USER and NO_SUCH_DOMAIN mark an address invalid, and only with an enhanced code or a known text.
"""

from enum import StrEnum

import msgspec


class BounceKind(StrEnum):
    """The column of a report."""

    HARD = "hard"  # no such user or domain, domain takes no mail, refused for content or attachment
    SOFT = "soft"  # mailbox full, no answer, expired, too fast, our address, sender's set-up …
    OTHER = "other"  # no bounce: delay, delivered, answer of a machine, complaint


class Blame(StrEnum):
    """Who must act. Empty for what is nobody's fault (a notice of success)."""

    RECIPIENT = "recipient"
    CONTENT = "content"
    SENDER_DOMAIN = "sender-domain"
    OUR_IP = "our-ip"
    NETWORK = "network"
    PROVIDER_RATE = "provider-rate"
    NOBODY = ""


class Action(StrEnum):
    """What follows for us."""

    SUPPRESS = "suppress"  # the address is not written to again
    DROP = "drop"  # this message is over, the address is untouched
    RETRY = "retry"  # later, the same way
    SLOW = "slow"  # later, and slower in this scope
    STOP = "stop"  # nothing more in this scope until somebody has acted
    NONE = "none"  # of a notice that is no bounce


class Meaning(msgspec.Struct, frozen=True):
    """What a rule says of one failure."""

    category: str  # policy.bounces.categories, or "" when nothing is known
    kind: BounceKind
    blame: Blame
    action: Action
    status: str = ""  # enhanced status code that it goes by: the peer's, or one read from words
    rule: str = ""  # name of the rule; "" when none fits and the code decided
    words: str = ""  # what of the text made it fit
