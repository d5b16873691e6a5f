"""The commands of a mail transaction: MAIL, RCPT, DATA, BDAT, RSET.

Owns    the envelope while it is gathered, and the reception of its content.
Knows   no account, rule or row: it asks its `Role`. What becomes of content is `receiving`'s.
Decided
        A refused chunk ends the transaction, and the chunks that a client has sent ahead are read and refused (503).
        After a BDAT whose size cannot be read nobody knows where the next command begins: the connection is closed.
RFC 5321 §4.1.1; RFC 6409 §4.3 (submission needs a login); RFC 3030 §2 (BDAT).
"""

import asyncio
import re
from functools import partial
from typing import Any

from ..envelope import ForwardPath
from ..reply import Reply, reply
from ..smtp.chunk_reader import ChunkReader
from ..smtp.data_reader import DataReader
from ..smtp.params import MailCommand, parse_mail, parse_rcpt
from ..smtp.server_phases import AFTER_SUCCESS, after_rset, out_of_order
from . import oplog
from .content import Content
from .later import Answer, Later
from .ports import Origin, Proceed, Refuse, Submission, Verdict
from .receiving import NO_MEMORY, Arrival, Reception, judge
from .security import NO_ARGUMENT, SecureConnection
from .sessions import SessionContext

OK = reply(250, "2.0.0", "ok")
_MAIL_OK = reply(250, "2.1.0", "sender ok")
_RCPT_OK = reply(250, "2.1.5", "recipient ok")
_GO_AHEAD_DATA = reply(354, "", "end data with <CR><LF>.<CR><LF>")
_LOGIN_FIRST = reply(530, "5.7.0", "log in first (AUTH)")
_TOO_MANY_RCPT = reply(452, "4.5.3", "too many recipients; send the rest in another transaction")
_TOO_LARGE = reply(552, "5.3.4", "the message is larger than this server takes")
_BAD_CHUNK = reply(501, "5.5.4", "BDAT needs a size, and LAST after the last chunk; where yours ends is not known")

_CHUNK = re.compile(r"([0-9]{1,19})(?: +(LAST))?", re.IGNORECASE)
_NO_MAIL = MailCommand("")


class Transaction(SecureConnection):
    """A session's mail transaction."""

    def __init__(self, context: SessionContext, *, tls: bool) -> None:
        super().__init__(context, tls=tls)
        self.mail = _NO_MAIL
        self.reception: Reception | None = None
        self._mail_origin: Origin | None = None  # of the transaction
        self._recipients: list[ForwardPath] = []
        self._chunk_is_last = False

    # What `watch` looks at.

    @property
    def transaction(self) -> object | None:
        return None if self._mail_origin is None else self.mail

    @property
    def content_octets(self) -> int:
        return self.reception.octets if self.in_content and self.reception is not None else -1

    # The envelope.

    def on_mail(self, argument: str) -> Answer:
        origin = self.origin or self.role.origin_without_auth(self.peer)
        if origin is None:
            return _LOGIN_FIRST
        mail = parse_mail(argument, dsn=self.role.is_submission, deliver_by=self.role.is_submission)
        if mail.size_bytes > self.context.settings.max_message_size_bytes:
            return _TOO_LARGE
        verdict = self.role.mail_from(self.peer, origin, mail.reverse_path)
        if isinstance(verdict, (Proceed, Refuse)):
            return self._mail_judged(mail, origin, verdict)
        return Later(verdict, lambda judged: self._mail_judged(mail, origin, judged.result()))

    def _mail_judged(self, mail: MailCommand, origin: Origin, verdict: Verdict) -> Reply:
        if isinstance(verdict, Refuse):
            return self._refused(verdict.reply, origin, mail.reverse_path)
        self.mail, self._mail_origin = mail, origin
        self.phase = AFTER_SUCCESS["MAIL"]
        return _MAIL_OK

    def on_rcpt(self, argument: str) -> Answer:
        assert self._mail_origin is not None
        hostname, dsn = self.context.settings.hostname, self.role.is_submission
        path = parse_rcpt(argument, smtputf8=self.mail.smtputf8, hostname=hostname, dsn=dsn)
        if len(self._recipients) >= self.context.settings.limits.max_recipients:
            return self._recipient_refused(_TOO_MANY_RCPT, path)
        verdict = self.role.recipient(self.peer, self._mail_origin, self.mail.reverse_path, path.address, path.domain)
        if isinstance(verdict, Proceed):
            return self._add_recipient(path)
        if isinstance(verdict, Refuse):
            return self._recipient_refused(verdict.reply, path)
        return Later(verdict, partial(self._recipient_judged, path))

    def _recipient_judged(self, path: ForwardPath, judged: asyncio.Future[Any]) -> Reply:
        verdict = judged.result()
        if isinstance(verdict, Proceed):
            return self._add_recipient(path)
        return self._recipient_refused(verdict.reply, path)

    def _recipient_refused(self, said: Reply, path: ForwardPath) -> Reply:
        assert self._mail_origin is not None
        if said.code == 452 and self._recipients:
            self.useless_since += 1  # a client may name all it has, and send the rest later (RFC 5321 §4.5.3.1.10)
        return self._refused(said, self._mail_origin, self.mail.reverse_path, to=path.address)

    def _add_recipient(self, path: ForwardPath) -> Reply:
        self._recipients.append(path)
        self.phase = AFTER_SUCCESS["RCPT"]
        self.useless_since += 1
        return _RCPT_OK

    def on_rset(self, argument: str) -> Answer:
        if argument:
            return NO_ARGUMENT
        self.end_transaction()
        return OK

    def _refused(self, said: Reply, origin: Origin, reverse_path: str, **more: str) -> Reply:
        sender = f"<{reverse_path}>"
        oplog.note("refused", client=self.peer.address, account=origin.label, sender=sender, **more, reply=str(said))
        return said

    # Content.

    def on_data(self, argument: str) -> Answer:
        if argument:
            return NO_ARGUMENT
        reception = self._receive(DataReader())
        if not reception.reservation.cover_now(1):
            return Later(reception.reservation.cover(1), self._may_begin)
        return self._begin_data()

    def _may_begin(self, covered: asyncio.Future[bool]) -> Reply:
        if covered.result():
            return self._begin_data()
        self.reception = None  # the envelope stays: DATA may be tried again
        return NO_MEMORY

    def _begin_data(self) -> Reply:
        self.in_content = True
        return _GO_AHEAD_DATA

    def on_bdat(self, argument: str) -> Answer:
        """Asked in every phase: a chunk that is refused has been sent all the same."""
        found = _CHUNK.fullmatch(argument)
        if found is None:
            self.closing = True
            return _BAD_CHUNK
        if int(found.group(1)) > self.context.settings.max_message_size_bytes:
            self.closing = True
            return _TOO_LARGE
        refusal = out_of_order("BDAT", self.phase)
        reception = self.reception or self._receive(ChunkReader())
        if refusal is not None:
            reception.content.refuse(refusal)
        reception.chunk_left = int(found.group(1))
        self._chunk_is_last = found.group(2) is not None
        self.in_content = True
        return None if reception.chunk_left else self._chunk_came(reception)

    def take(self, octets: bytes) -> Answer:
        reception = self.reception
        assert reception is not None
        self.input.unread(reception.take(octets))
        if not reception.is_covered():
            return Later(reception.wait_for_memory(), lambda _: self._block_taken(reception))
        return self._block_taken(reception)

    def _block_taken(self, reception: Reception) -> Answer:
        if not reception.is_complete:
            return None
        return self._end_content(reception) if type(reception.reader) is DataReader else self._chunk_came(reception)

    def _chunk_came(self, reception: Reception) -> Answer:
        self.in_content = False
        if self._chunk_is_last:
            reception.finish_chunks()
        refusal = reception.content.refusal
        if refusal is not None:
            self.end_transaction()
            return refusal
        if self._chunk_is_last:
            return self._end_content(reception)
        self.phase = AFTER_SUCCESS["BDAT"]
        self.useless_since += 1
        return OK

    def _receive(self, reader: DataReader | ChunkReader) -> Reception:
        context = self.context
        content = Content(self.role.intake, context.settings.max_message_size_bytes)
        reservation = context.budget.reserve(context.settings.limits.memory_wait_seconds)
        self.reception = Reception(reader, content, reservation)
        return self.reception

    # The end of content.

    def _end_content(self, reception: Reception) -> Answer:
        """The message is judged; it keeps its memory until the intake has answered."""
        self.in_content = False
        arrival = self._arrival()
        try:
            judged = judge(reception.content, arrival, self.role, self.context.settings.hostname, self.context.clock)
            if isinstance(judged, Submission):
                self.reception = None
                return Later(self.role.intake.accept(judged), partial(self._taken, arrival, reception), outlives=True)
            return self._answered_for(arrival, reception, judged)
        finally:
            self.end_transaction()

    def _arrival(self) -> Arrival:
        assert self._mail_origin is not None
        return Arrival(
            self.peer,
            self._mail_origin,
            self.mail,
            tuple(self._recipients),
            extended=self.extended,
            authenticated=self.origin is not None,
        )

    def _taken(self, arrival: Arrival, reception: Reception, answer: asyncio.Future[Reply]) -> Reply:
        reception.discard()
        return self._answered_for(arrival, reception, answer.result())

    def _answered_for(self, arrival: Arrival, reception: Reception, said: Reply) -> Reply:
        if said.is_positive:
            self.useless_since = self.commands
        oplog.note(
            "accepted" if said.is_positive else "refused",
            client=arrival.client.address,
            account=arrival.origin.label,
            sender=f"<{arrival.mail.reverse_path}>",
            recipients=len(arrival.recipients),
            size=reception.content.size_bytes,
            reply=str(said),
        )
        return said

    def end_transaction(self) -> None:
        """Forget it; safe at any time and more than once."""
        if self.reception is not None:
            self.reception.discard()
            self.reception = None
        self.phase = after_rset(self.phase)
        self.mail, self._mail_origin = _NO_MAIL, None
        self._recipients = []

    def left(self) -> None:
        self.end_transaction()
