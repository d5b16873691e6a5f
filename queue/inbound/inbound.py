"""Inbound: what the world writes to addresses of ours is taken, and stored before it is answered.

Owns   the implementation of mta.inbound.ports.InboundSink: which recipient is taken, the commit, the replies.
Knows  no rule about addresses (policy.our_addresses) and no meaning of a message: followers read it by its number.

Invariants
    Q1   250 to the final dot only after the commit of the message; on any fault nothing is kept.
    Q8   an address that is none of ours is refused, and what is taken leaves only through whoever reads it later.
    A reverse-path of ours is good for 90 days after the last attempt (DECISIONS, "Envelope and transactions").
RFC 3463 §3.2 (5.1.1), §3.8 (5.7.1); RFC 5321 §4.5.1 (postmaster).
"""

import asyncio
import logging
from collections.abc import Awaitable

from ...mta.clock import Clock
from ...mta.envelope import Domain
from ...mta.message import trace
from ...mta.reply import Reply, reply
from ...mta.submission.ports import BodyWriter, Client, Proceed, Refuse, Submission, Verdict
from ..ids import inbound_id
from ..storage.database import StorageError, StorageFull
from .host_limits import HostLimits
from .inbound_mail import SIGNED, Addressee, InboundKind, InboundMessage, OurAddresses, Stranger
from .inbound_store import InboundStore, size_of

VERP_LIFE_MS = 90 * 86_400_000
_PROCEED = Proceed()
_UNKNOWN = Refuse(reply(550, "5.1.1", "no such address here"))
_RELAY = Refuse(reply(550, "5.7.1", "this server does not relay"))
_NO_ROOM = Refuse(reply(452, "4.3.1", "no room for more mail now, try again later"))
_TOO_MUCH = Refuse(reply(451, "4.7.1", "too much mail from your address in this minute, try again later"))
_LATER = Refuse(reply(451, "4.3.0", "the address cannot be looked up now, try again later"))
_CHANGED = reply(451, "4.3.0", "an address was taken away meanwhile, try again later")

_log = logging.getLogger("youtong.inbound")


class Inbound:
    """Implements InboundSink."""

    def __init__(self, ours: OurAddresses, store: InboundStore, clock: Clock, hosts: HostLimits | None = None) -> None:
        self._ours, self._store, self._clock = ours, store, clock
        self._hosts = hosts or HostLimits(clock)

    def mail_from(self, client: Client) -> Verdict:
        """At MAIL: without room for anybody, or for more of this host, nobody need go on."""
        if not self._hosts.may_write(client.address):
            return _TOO_MUCH
        return _PROCEED if self._store.room.is_open(signed=True) else _NO_ROOM

    def recipient(self, address: str, domain: Domain) -> Verdict | Awaitable[Verdict]:
        """At RCPT. Only an address whose signature is right costs a look at the disk."""
        match self._ours.find(address, domain):
            case Stranger.UNKNOWN:
                return _UNKNOWN
            case Stranger.ELSEWHERE:
                return _RELAY
            case Addressee(kind=kind) as found:
                if not self._store.room.is_open(signed=kind in SIGNED):
                    return _NO_ROOM
                return self._while_good(found) if kind is InboundKind.VERP else _PROCEED

    async def _while_good(self, found: Addressee) -> Verdict:
        try:
            attempted_ms = await self._store.attempted_ms(found.number)
        except StorageError as error:
            _log.warning("an address cannot be looked up error=%s", error)
            return _LATER
        is_good = attempted_ms is not None and self._clock.now_ms() - attempted_ms <= VERP_LIFE_MS
        return _PROCEED if is_good else _UNKNOWN

    def open_body(self) -> BodyWriter:
        return self._store.open_body()

    async def accept(self, submission: Submission) -> Reply:
        """The reply to the final dot. In a task of its own: a session that is cancelled meanwhile undoes nothing."""
        return await asyncio.shield(asyncio.get_running_loop().create_task(self._answer(submission)))

    async def _answer(self, submission: Submission) -> Reply:
        try:
            return await self._accept(submission)
        except (StorageFull, OSError) as error:  # OSError: the spool
            return _refused(452, "4.3.1", "Insufficient system storage, try again later", error)
        except StorageError as error:
            return _refused(451, "4.3.0", "The mail cannot be stored, try again later", error)
        except Exception as error:  # noqa: BLE001 - the bulkhead of a message: a fault of ours is temporary to the peer
            _log.exception("internal fault while a message was stored")
            return _refused(451, "4.3.0", "Internal fault, try again later", error)

    async def _accept(self, submission: Submission) -> Reply:
        found = [self._ours.find(path.address, path.domain) for path in submission.envelope.recipients]
        if any(isinstance(each, Stranger) for each in found):
            self._store.drop(submission.body)
            return _CHANGED
        addressees = tuple(dict.fromkeys(each for each in found if isinstance(each, Addressee)))
        client, head = submission.client, trace.return_path(submission.envelope.reverse_path) + submission.head
        new = InboundMessage(
            0,
            self._clock.now_ms(),
            submission.envelope.reverse_path,
            client.address,
            client.helo,
            client.tls,
            size_of(head, submission.body),
            addressees,
        )
        self._hosts.wrote(client.address, new.size_bytes)  # before it is stored: what fails then costs no less
        seq = await self._store.put(new, head, submission.body)
        return reply(250, "2.0.0", f"Ok: stored as {inbound_id(seq)}")


def _refused(code: int, enhanced: str, text: str, error: Exception) -> Reply:
    _log.error("inbound message not stored code=%d error=%s", code, error)
    return reply(code, enhanced, text)
