"""What a failure means, as values: category, kind, blame, action.

Owns   the words that reports, suppression and `youtong bounce classify` share
       (DESIGN §6; DECISIONS, "What a failure means").
Knows  no rule and no text of a receiver.

Invariants
    Two separate answers: what becomes of the attempt (Disposition) and the kind for reports.
    Only NO_SUCH_USER and NO_SUCH_DOMAIN mark an address invalid, and only with an enhanced code or a known text.
"""

from enum import StrEnum
from typing import assert_never

import msgspec

from ...mta.outcome import Scope
from ...queue.classes import MailClass


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


class Disposition(StrEnum):
    """What becomes of the attempt."""

    AS_REPLIED = "as-replied"  # 4yz retry, 5yz final
    RETRY = "retry"  # whatever the code says
    BULK_RETRIES = "bulk-retries"  # 5yz is final but for bulk mail
    PEOPLE_FINAL = "people-final"  # 5yz is final for people only; bulk and API mail wait for us to mend it
    FINAL = "final"

    def is_final(self, replied_final: bool, mail_class: MailClass) -> bool:
        """Whether a reply ends the recipient; `replied_final`: its code was 5yz."""
        match self:
            case Disposition.AS_REPLIED:
                return replied_final
            case Disposition.RETRY:
                return False
            case Disposition.BULK_RETRIES:
                return replied_final and mail_class is not MailClass.BULK
            case Disposition.PEOPLE_FINAL:
                return replied_final and mail_class is MailClass.PEOPLE
            case Disposition.FINAL:
                return True
            case _:
                assert_never(self)


class Meaning(msgspec.Struct, frozen=True):
    """What is known of one failure."""

    category: str  # policy.bounces.categories, or "" when nothing is known
    kind: BounceKind
    blame: Blame
    action: Action
    status: str = ""  # enhanced status code that it goes by: the peer's, or one read from words
    rule: str = ""  # name of the rule; "" when none fits and the code decided
    words: str = ""  # what of the text made it fit
    disposition: Disposition = Disposition.AS_REPLIED
    scope: Scope | None = None  # None: as the dialog says
    retry_after_seconds: int | None = None

    def action_for(self, final: bool) -> Action:
        """The action once it is known whether the recipient has ended."""
        return fitting(self.action, final)


def fitting(action: Action, final: bool) -> Action:
    """What has ended is not retried; who is tried again is neither dropped nor suppressed."""
    if final:
        return Action.DROP if action is Action.RETRY else action
    return Action.RETRY if action in (Action.DROP, Action.SUPPRESS) else action
