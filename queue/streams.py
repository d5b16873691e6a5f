"""Streams: producers of recipients for one stored text, in the same queue as people's mail.

Owns   making a stream with its content, and enqueueing recipients in chunks, idempotent by (stream, recipient key).
Knows  no campaign. In this form a stream keeps the reverse-path it was given; run states other than running, and text
       revisions, widen this room.

Invariants
    Q9  enqueueing the same key twice is one recipient, so a chunk that was cut off is simply sent again.
"""

from collections.abc import Callable, Sequence

import msgspec

from ..mta.address import split_address
from ..mta.clock import Clock
from ..mta.envelope import Body
from ..mta.submission.ports import InlineBody
from .classes import MailClass
from .content import ContentKind
from .storage.backlog import Pair
from .storage.group_commit import GroupCommit
from .storage.rows import NewMessage
from .storage.store import QueueStore


class NewStream(msgspec.Struct, frozen=True):
    """A stream about to be made. `head` (with its blank line) and `body` are a template."""

    account_id: int
    name: str
    reverse_path: str
    head: bytes
    body: bytes
    lifetime_ms: int
    mail_class: MailClass = MailClass.BULK


class StreamRecipient(msgspec.Struct, frozen=True):
    """`key` is the producer's name for this recipient; `fields` are its merge fields."""

    key: str
    address: str
    fields: dict[str, str] = {}


class UnknownStream(LookupError):
    """There is no stream of this number; recipients without one would never leave."""


class Streams:
    def __init__(
        self, commits: GroupCommit, store: QueueStore, due_now: Callable[[Pair, str], None], clock: Clock
    ) -> None:
        self._commits, self._store, self._due_now, self._clock = commits, store, due_now, clock

    async def make(self, new: NewStream) -> int:
        """The new stream's id. Raises StorageError."""
        return await self._commits.submit(lambda _: self._make(new))

    async def enqueue(self, stream_id: int, recipients: Sequence[StreamRecipient]) -> int:
        """How many of the chunk were new. Raises StorageError, AddressError, UnknownStream (nothing of it is kept)."""
        added, pairs = await self._commits.submit(lambda _: self._enqueue(stream_id, recipients))
        for domain, pair in pairs.items():
            self._due_now(pair, domain)
        return added

    def _make(self, new: NewStream) -> int:
        message_id = self._store.counters.message()
        now_ms = self._clock.now_ms()
        self._store.insert_stream(message_id, new.account_id, new.name, now_ms)
        message = NewMessage(
            account_id=new.account_id,
            credential_id=0,
            mail_class=new.mail_class,
            reverse_path=new.reverse_path,
            body_type=Body.EIGHT_BIT,
            smtputf8=False,
            ret="",
            envid="",
            size_bytes=len(new.head) + len(new.body),
            eight_bit=not (new.head + new.body).isascii(),
            received_ms=now_ms,
            expires_ms=now_ms + new.lifetime_ms,
            source="",
            content_kind=ContentKind.TEMPLATE,
            head=new.head,
            body=InlineBody(new.body),
            stream_id=message_id,
        )
        self._store.insert_message(message_id, message, ())
        return message_id

    def _enqueue(self, stream_id: int, recipients: Sequence[StreamRecipient]) -> tuple[int, dict[str, Pair]]:
        if not self._store.has_stream(stream_id):
            raise UnknownStream(f"there is no stream {stream_id}")
        now_ms = self._clock.now_ms()
        pairs: dict[str, Pair] = {}
        flow_id = self._store.flow_of_message(stream_id)
        added = 0
        for recipient in recipients:
            _, domain = split_address(recipient.address)
            pair = pairs.setdefault(domain, (self._store.domain_id(domain), flow_id))
            fields = msgspec.json.encode(recipient.fields).decode() if recipient.fields else None
            added += self._store.insert_stream_recipient(
                stream_id, pair, recipient.address, recipient.key, fields, now_ms
            )
        return added, pairs
