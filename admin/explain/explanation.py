"""An Explanation: what there is to say about one letter to one recipient, as values.

Owns   the enums Why, Next and Advice, and the structs around them.
Knows  neither how they are decided (reasons) nor any word of a language (sentences).

Invariants
    Exactly one of `wait` and `ending` is told: a recipient that has not ended always has a reason to wait.
"""

from enum import StrEnum

import msgspec

from ...mta.message.notice import Action
from ...queue.journal import JournalRow
from ...queue.pace.suspensions import Suspension
from ...queue.states import RecipientState
from ..suppression.entry import Entry
from ..waits import LaneSeen
from .facts import Letter
from .meanings import Meant

TAKEN = frozenset({RecipientState.DELIVERED, RecipientState.UNCONFIRMED})
"""The receiver has it, or may have: news may come back."""


class Why(StrEnum):
    """Why a recipient waits at this moment."""

    RETRY = "retry"  # it was deferred; its time has not come
    LATER = "later"  # never tried; its time has not come
    SITE_RESTS = "site-rests"  # no MX host of its site answers
    PROBING = "probing"  # its site failed, and one other transaction tries it
    LOOK_UP_FAILS = "look-up-fails"
    LOOKING_UP = "looking-up"
    NO_ROUTE = "no-route"  # the name system is clear: it fails in a moment
    NO_SLOT = "no-slot"
    RATE = "rate"
    NO_WORKER = "no-worker"
    SOON = "soon"
    IN_DELIVERY = "in-delivery"
    BEING_RECORDED = "being-recorded"  # leased in the row, no longer in flight: its outcome is on its way to the disk
    CUT_OFF = "cut-off"  # leased, and no server runs
    HELD = "held"
    SERVER_DOWN = "server-down"
    DELIVERY_OFF = "delivery-off"
    SUSPENDED_BY_REPLY = "suspended-by-reply"  # a receiver's words stopped it, for a time
    SUSPENDED = "suspended"  # an operator did
    STREAM_PAUSED = "stream-paused"
    CONNECT_RATE = "connect-rate"
    MOVING = "moving"  # its provider's mail goes to another delivery process
    TLS_REQUIRED = "tls-required"  # and no host of the site can
    REDIRECT = "redirect"  # all mail goes to one host, and that one does not let us begin
    OWNER_STARTING = "owner-starting"


class Next(StrEnum):
    """What happens next."""

    ATTEMPT = "attempt"
    PROBE = "probe"
    LOOK_UP = "look-up"
    SLOT = "slot"  # when something else ends
    ANSWER = "answer"  # of the receiver
    START = "start"  # somebody must start the server
    ENABLE = "enable"  # somebody must switch delivery on
    RELEASE = "release"  # somebody must release it
    RESUME = "resume"  # somebody must resume what is stopped
    FAILURE = "failure"
    EXPIRY = "expiry"  # the letter is too old before its next attempt
    NOTHING = "nothing"


class Advice(StrEnum):
    """What can be done about a letter that did not arrive, or waits; advice.by says by whom."""

    NOTHING = "nothing"
    CHECK_ADDRESS = "check-address"
    CHECK_DOMAIN = "check-domain"
    OTHER_WAY = "other-way"
    CHANGE_CONTENT = "change-content"
    FIX_SENDER = "fix-sender"
    OUR_REPUTATION = "our-reputation"
    SEND_AGAIN = "send-again"
    ASK_FIRST = "ask-first"
    READ_WORDS = "read-words"
    MAKE_SMALLER = "make-smaller"
    ASCII_ADDRESS = "ascii-address"
    NO_CONVERSION = "no-conversion"
    OTHER_FAMILY = "other-family"
    HOST_TLS = "host-tls"
    HOST_FAULT = "host-fault"
    NEW_ADDRESS = "new-address"
    ASK_TO_BE_LET_IN = "ask-to-be-let-in"
    CHANGE_ATTACHMENT = "change-attachment"
    CLEAN_ATTACHMENT = "clean-attachment"
    MEND_FORM = "mend-form"
    MEND_LOOP = "mend-loop"
    UNBLOCK_SENDER = "unblock-sender"
    STOP_WRITING = "stop-writing"
    OUR_FAULT = "our-fault"  # of this system
    FORWARDING = "forwarding"  # the address that the person had it forwarded to


class Wait(msgspec.Struct, frozen=True):
    """A reason with its particulars; those that do not belong to it are empty."""

    why: Why
    words: str = ""  # a name server's, or ours about a site
    trouble: str = ""  # of a look-up: a `Trouble` or an `UnroutableKind`
    who: str = ""
    reason: str = ""
    provider: str = ""
    hosts: tuple[str, ...] = ()
    since_ms: int = 0
    rounds: int = 0  # that failed since then
    until_ms: int = 0
    lane: LaneSeen | None = None
    suspension: Suspension | None = None
    worker_pid: int | None = None


class Coming(msgspec.Struct, frozen=True):
    """What comes next; `at_ms` 0: nobody knows when, or at any moment."""

    next: Next
    at_ms: int = 0
    attempt: int = 0


class Notice(msgspec.Struct, frozen=True):
    """The newest notice about a letter: owed, or queued as `message_id` (0: its address was unusable)."""

    to: str
    is_queued: bool
    message_id: int = 0
    action: Action = Action.FAILED


class Explanation(msgspec.Struct, frozen=True):
    """Everything there is to say about one letter to one recipient."""

    letter: Letter
    wait: Wait | None
    coming: Coming
    last: JournalRow | None  # the newest attempt or look-up that somebody or something answered
    ending: JournalRow | None
    notice: Notice | None
    advice: Advice | None
    late: JournalRow | None = None  # what came back about it and counts most
    meant: Meant | None = None  # the failure that is told: what stops it now, the late one, else the last
    stopped_by: tuple[Entry, ...] | None = None  # suppressions that stand for it now; None: not looked up
