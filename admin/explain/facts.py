"""The facts from which one letter to one recipient is explained.

Owns   Letter, Headline, Signature and Surroundings: values, as they were at one moment.
Knows  neither where they come from (gathering) nor what follows from them (reasons).
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from ...mta.delivery.dialogue import Dialogue
from ...mta.envelope import DeliverBy
from ...mta.message.headers import displayed, values_of
from ...policy.bounces.ruling import BounceRules
from ...queue.ids import QueueId, queue_id
from ...queue.journal import JournalRow
from ...queue.reading import MessageRow, RecipientRow, Wish
from ...queue.storage.suspension_rows import SuspensionRow
from ..waits import Waits


class Headline(msgspec.Struct, frozen=True):
    """What a person knows a letter by; each empty when the head has no such field."""

    author: str = ""
    to: str = ""
    subject: str = ""
    date: str = ""
    message_id: str = ""


class Unsigned(StrEnum):
    """Why a letter bears no signature of ours."""

    NO_KEY = "no-key"  # its author domain has none
    NO_AUTHOR = "no-author"  # From cannot be understood
    KEYS_UNREADABLE = "keys-unreadable"
    CONTENT_GONE = "content-gone"  # the head is no longer stored


class Signature(msgspec.Struct, frozen=True):
    """Which keys sign the letter, by the key ring as it is now."""

    domain: str = ""
    selectors: tuple[str, ...] = ()
    unsigned: Unsigned | None = None
    detail: str = ""


class Letter(msgspec.Struct, frozen=True):
    """One message, for one of its recipients. `history` is oldest first."""

    message: MessageRow
    recipient: RecipientRow
    headline: Headline
    history: tuple[JournalRow, ...]
    signature: Signature
    account: str = ""  # its name; empty when it is not known any more
    dialogues: Mapping[int, Dialogue] = {}  # what was said, by the row of history, where it is kept
    wish: Wish | None = None  # what somebody asked for while it is being attempted
    by: DeliverBy | None = None  # the time that its sender gave
    set_off: Mapping[int, SuspensionRow] = {}  # what an attempt's answer suspended, by the row of history

    verp: str = ""  # its reverse-path, where that is one of ours

    @property
    def has_own_deadline(self) -> bool:
        """Whether it is given up when its sender said, and not for its age."""
        return self.by is not None and self.by.limits(self.message.received_ms, self.message.expires_ms)

    @property
    def queue_id(self) -> QueueId:
        return queue_id(self.message.id)


class Surroundings(msgspec.Struct, frozen=True):
    """The moment, the server, and the configuration. `waits` is None when no server runs."""

    now_ms: int
    waits: Waits | None
    delivery_enabled: bool = True
    redirect: str = ""  # where [delivery] redirect_all_to sends all mail
    is_starting: bool = False  # a server is about to answer
    rules: BounceRules | None = None  # the bounce rules in force, where there is something to ask them

    @property
    def is_running(self) -> bool:
        return self.waits is not None


def headline_of(head: bytes) -> Headline:
    """Never raises: what cannot be decoded is shown as well as it can be."""
    return Headline(*(_shown(head, name) for name in (b"from", b"to", b"subject", b"date", b"message-id")))


def _shown(head: bytes, name: bytes) -> str:
    values = values_of(head, name)
    return displayed(values[0]) if values else ""
