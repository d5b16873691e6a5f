"""A message on its way in, and what becomes of it at its end.

Owns    reading content, whether DATA's or BDAT's; judging what came; taking Bcc away and adding our fields.
Knows   nothing of commands, transports and the intake's commit.
Decided
        Envelope.body says what the content is, not what MAIL declared: 8-bit content without BODY=8BITMIME is taken as
        8BITMIME (clients forget it, and refusing helps nobody), 7-bit content declared 8BITMIME can go anywhere.
        SMTPUTF8 counts only where something is beyond ASCII: eager clients say it always (RFC 6531 §3.4).
        UTF-8 in a header section without SMTPUTF8 is taken as it is. RFC 6532 §3 wants SMTPUTF8 for it, but marking
        the envelope would make the letter undeliverable at every host without that extension, while practically all
        of them take raw 8-bit header fields.
RFC 5321 §4.1.1.4, §4.4, §6.3 (loops); RFC 6409 §8 (what a submission server may change).
"""

from dataclasses import dataclass

from ..clock import Clock
from ..envelope import Body, Envelope, ForwardPath
from ..message import trace
from ..reply import Reply, reply
from ..smtp.chunk_reader import ChunkReader
from ..smtp.data_reader import DataReader
from ..smtp.params import MailCommand
from .budget import Reservation
from .content import Content
from .ports import Accept, Client, Origin, Refuse, Submission
from .role import Role

NO_MEMORY = reply(452, "4.3.1", "too much mail at once, try again later")
_LOOP = reply(554, "5.4.6", f"the message has passed more than {trace.MAX_RECEIVED} servers: a loop")


@dataclass(frozen=True)
class Arrival:
    """The transaction that a message arrived in."""

    client: Client
    origin: Origin
    mail: MailCommand
    recipients: tuple[ForwardPath, ...]
    extended: bool
    authenticated: bool


class Reception:
    """A message on its way in: what has come, and the memory that it holds."""

    __slots__ = ("chunk_left", "content", "octets", "reader", "reservation")

    def __init__(self, reader: DataReader | ChunkReader, content: Content, reservation: Reservation) -> None:
        self.reader, self.content, self.reservation = reader, content, reservation
        self.octets = 0  # on the wire, for who watches the pace
        self.chunk_left = 0  # BDAT: octets of this chunk that have not come

    def take(self, octets: bytes) -> bytes:
        """Take what came, and return what is behind the content or the chunk; then ask `is_covered`."""
        self.octets += len(octets)
        reader = self.reader
        if type(reader) is DataReader:
            self.content.add(reader.feed(octets))
            rest = reader.rest
        else:
            rest = octets[self.chunk_left :]
            chunk = octets[: self.chunk_left]
            self.chunk_left -= len(chunk)
            self.content.add(reader.feed(chunk))
        if reader.fault is not None:
            self.refuse_fault()
        return rest

    @property
    def is_complete(self) -> bool:
        """All of DATA, or of the chunk, has come."""
        return self.reader.ended if type(self.reader) is DataReader else not self.chunk_left

    def refuse_fault(self) -> None:
        """Keep nothing of what no message may contain."""
        self.content.refuse(reply(550, "5.6.0", f"the message has {self.reader.fault}"))

    def finish_chunks(self) -> None:
        """After the last chunk of BDAT."""
        assert isinstance(self.reader, ChunkReader)
        self.content.add(self.reader.finish())
        if self.reader.fault is not None:
            self.refuse_fault()

    def is_covered(self) -> bool:
        """Memory is held for what is held; if none is free now, it must be waited for."""
        return self.reservation.cover_now(self.content.held_bytes)

    async def wait_for_memory(self) -> None:
        """Cover what is held; without memory in time the message is refused, but read to its end."""
        if not await self.reservation.cover(self.content.held_bytes):
            self.content.refuse(NO_MEMORY)

    def discard(self) -> None:
        """Forget it; safe at any time and more than once."""
        self.content.discard()
        self.reservation.release()


def judge(content: Content, arrival: Arrival, role: Role, hostname: str, clock: Clock) -> Submission | Reply:
    """The message as it is to be queued, or why it is not. A Submission's body is the intake's from here on."""
    finished = content.finish()
    if isinstance(finished, Reply):
        return finished
    head, body = finished
    names = trace.field_names(head)
    if names.count(b"received") > trace.MAX_RECEIVED:
        return _LOOP
    if role.is_submission and any(name in names for name in trace.BLIND):
        head = trace.without_blind(head)
    envelope = _envelope(arrival, head, content.is_ascii)
    verdict = role.message(arrival.client, arrival.origin, envelope, head, content.size_bytes)
    if isinstance(verdict, Refuse):
        return verdict.reply
    added = _added(arrival, verdict, hostname, clock.now_ms() // 1000)
    if role.is_submission:
        added += _missing(names, hostname, clock.now_ms() // 1000)
    content.hand_over()  # accepted or not, the intake answers for the body now
    return Submission(arrival.origin, arrival.client, envelope, added + head, body, verdict)


def _envelope(arrival: Arrival, head: bytes, is_ascii: bool) -> Envelope:
    body = Body.SEVEN_BIT if is_ascii else Body.EIGHT_BIT
    mail = arrival.mail
    smtputf8 = mail.smtputf8 and not (head.isascii() and _has_ascii_paths(arrival))
    return Envelope(mail.reverse_path, arrival.recipients, body, smtputf8, mail.ret, mail.envid, mail.by)


def _has_ascii_paths(arrival: Arrival) -> bool:
    return arrival.mail.reverse_path.isascii() and all(path.address.isascii() for path in arrival.recipients)


def _added(arrival: Arrival, accept: Accept, hostname: str, now_s: int) -> bytes:
    client = arrival.client
    protocol = trace.protocol_name(
        extended=arrival.extended,
        smtputf8=arrival.mail.smtputf8,
        tls=bool(client.tls),
        authenticated=arrival.authenticated,
    )
    fields = [trace.received(client.helo, client.address, hostname, protocol, client.tls, now_s)]
    fields += [trace.field(name, value) for name, value in accept.add_headers]
    return b"".join(fields)


def _missing(names: list[bytes], hostname: str, now_s: int) -> bytes:
    date = b"" if b"date" in names else trace.date(now_s)
    return date if b"message-id" in names else date + trace.message_id(hostname)
