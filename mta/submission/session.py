"""A session: the commands of the SMTP dialog and their replies.

Owns    the transaction and the meaning of the commands; STARTTLS and AUTH are `security`'s, content `receiving`'s.
Knows   no account, rule or row: it asks its `Role`.
A command returns its reply as a value; writing, counting and the bulkhead are `connection`'s.
RFC 5321 §4.1.1 (commands); RFC 6409 §4.3 (submission needs a login); RFC 2034 §4 (enhanced codes).
"""

from collections.abc import Awaitable, Callable

import msgspec

from ..envelope import ForwardPath
from ..reply import Reply, reply
from ..smtp.params import CommandError, MailCommand, parse_mail, parse_rcpt
from ..smtp.server_phases import AFTER_SUCCESS, after_rset, out_of_order
from . import oplog
from .content import Content
from .ports import Origin, Proceed
from .receiving import Arrival, receive, submit
from .security import NO_ARGUMENT, NOT_HERE, SecureConnection
from .sessions import SessionContext

_OK = reply(250, "2.0.0", "ok")
_MAIL_OK = reply(250, "2.1.0", "sender ok")
_RCPT_OK = reply(250, "2.1.5", "recipient ok")
_BYE = reply(221, "2.0.0", "bye")
_GO_AHEAD_DATA = reply(354, "", "end data with <CR><LF>.<CR><LF>")
_HELP = reply(214, "2.0.0", "EHLO HELO STARTTLS AUTH MAIL RCPT DATA RSET NOOP VRFY HELP QUIT, see RFC 5321")
_VRFY = reply(252, "2.5.2", "cannot verify; mail will be tried")
_UNKNOWN = reply(500, "5.5.2", "command not known")
_NAME_NEEDED = reply(501, "5.5.4", "the command needs your host name")
_LOGIN_FIRST = reply(530, "5.7.0", "log in first (AUTH)")
_TOO_MANY_RCPT = reply(452, "4.5.3", "too many recipients; send the rest in another transaction")
_TOO_LARGE = reply(552, "5.3.4", "the message is larger than this server takes")
_NO_MEMORY = reply(452, "4.3.1", "too much mail at once, try again later")

_KNOWN_BUT_NOT_OFFERED = frozenset({"EXPN", "ETRN", "TURN", "ATRN", "BDAT", "SEND", "SOML", "SAML", "BURL"})
_MAX_NAME = 255  # RFC 5321 §4.5.3.1.2


class Session(SecureConnection):
    """One client's session, from greeting to QUIT."""

    def __init__(self, context: SessionContext, *, tls: bool) -> None:
        super().__init__(context, tls=tls)
        self._mail = MailCommand("")
        self._mail_origin: Origin | None = None  # of the transaction
        self._recipients: list[ForwardPath] = []

    def greet(self) -> Reply:
        verdict = self.role.connection(self.peer)
        if not isinstance(verdict, Proceed):
            oplog.note("refused", client=self.peer.address, reply=str(verdict.reply))
            return verdict.reply
        return reply(220, "", f"{self.context.settings.hostname} ESMTP Youtong")

    async def answer(self, verb: str, argument: str) -> Reply | None:
        command = COMMANDS.get(verb)
        if command is None:
            return NOT_HERE if verb in _KNOWN_BUT_NOT_OFFERED else _UNKNOWN
        if (refusal := out_of_order(verb, self.phase)) is not None:
            return refusal
        said = await command(self, argument)
        if said is not None and said.is_positive and (after := AFTER_SUCCESS.get(verb)) is not None:
            self.phase = after
        return said

    # Greeting, and commands without consequences.

    async def on_ehlo(self, argument: str) -> Reply:
        self._greeted(argument, extended=True)
        return reply(250, "", self.context.settings.hostname, *self._extensions())

    async def on_helo(self, argument: str) -> Reply:
        self._greeted(argument, extended=False)
        return reply(250, "", self.context.settings.hostname)

    async def on_noop(self, argument: str) -> Reply:
        return _OK

    async def on_help(self, argument: str) -> Reply:
        return _HELP

    async def on_vrfy(self, argument: str) -> Reply:
        return _VRFY if argument else reply(501, "5.5.4", "VRFY needs a name")

    async def on_rset(self, argument: str) -> Reply:
        if argument:
            return NO_ARGUMENT
        self._end_transaction()
        return _OK

    async def on_quit(self, argument: str) -> Reply:
        if argument:
            return NO_ARGUMENT
        self.closing = True
        return _BYE

    def _greeted(self, name: str, *, extended: bool) -> None:
        if not name or len(name.encode()) > _MAX_NAME or not name.isprintable():
            raise CommandError(_NAME_NEEDED)
        self._end_transaction()
        self.extended = extended
        self.peer = msgspec.structs.replace(self.peer, helo=name)

    def _extensions(self) -> list[str]:
        offered = [f"SIZE {self.context.settings.max_message_size_bytes}", "8BITMIME", "SMTPUTF8", "PIPELINING"]
        if self.may_start_tls:
            offered.append("STARTTLS")
        if self.may_log_in:
            offered.append("AUTH PLAIN LOGIN")
        return [*offered, "ENHANCEDSTATUSCODES", "HELP"]

    # The transaction.

    async def on_mail(self, argument: str) -> Reply:
        origin = self.origin or self.role.origin_without_auth(self.peer)
        if origin is None:
            return _LOGIN_FIRST
        mail = parse_mail(argument)
        if mail.size_bytes > self.context.settings.max_message_size_bytes:
            return _TOO_LARGE
        verdict = self.role.mail_from(self.peer, origin, mail.reverse_path)
        if not isinstance(verdict, Proceed):
            return self._refused(verdict.reply, origin, mail.reverse_path)
        self._mail, self._mail_origin = mail, origin
        return _MAIL_OK

    async def on_rcpt(self, argument: str) -> Reply:
        assert self._mail_origin is not None
        hostname = self.context.settings.hostname
        path = parse_rcpt(argument, smtputf8=self._mail.smtputf8, hostname=hostname)
        if len(self._recipients) >= self.context.settings.limits.max_recipients:
            return _TOO_MANY_RCPT
        verdict = await self.role.recipient(
            self.peer, self._mail_origin, self._mail.reverse_path, path.address, path.domain
        )
        if not isinstance(verdict, Proceed):
            return self._refused(verdict.reply, self._mail_origin, self._mail.reverse_path, to=path.address)
        self._recipients.append(path)
        return _RCPT_OK

    async def on_data(self, argument: str) -> Reply:
        if argument:
            return NO_ARGUMENT
        with self.context.budget.reserve(self.context.settings.limits.memory_wait_seconds) as reservation:
            if not await reservation.cover(1):
                return _NO_MEMORY
            content = Content(self.role.intake, self.context.settings.max_message_size_bytes)
            self.send(_GO_AHEAD_DATA)
            await self.flush()
            try:
                await receive(self.input, content, reservation)
                return await self._submit(content)
            finally:
                content.discard()
                self._end_transaction()

    async def _submit(self, content: Content) -> Reply:
        assert self._mail_origin is not None
        arrival = Arrival(
            self.peer,
            self._mail_origin,
            self._mail,
            tuple(self._recipients),
            extended=self.extended,
            authenticated=self.origin is not None,
        )
        said = await submit(content, arrival, self.role, self.context.settings.hostname, self.context.clock)
        oplog.note(
            "accepted" if said.is_positive else "refused",
            client=self.peer.address,
            account=self._mail_origin.label,
            sender=f"<{self._mail.reverse_path}>",
            recipients=len(self._recipients),
            size=content.size_bytes,
            reply=str(said),
        )
        return said

    def _refused(self, said: Reply, origin: Origin, reverse_path: str, **more: str) -> Reply:
        sender = f"<{reverse_path}>"
        oplog.note("refused", client=self.peer.address, account=origin.label, sender=sender, **more, reply=str(said))
        return said

    def _end_transaction(self) -> None:
        self.phase = after_rset(self.phase)
        self._mail, self._mail_origin = MailCommand(""), None
        self._recipients = []


_Command = Callable[[Session, str], Awaitable[Reply | None]]
COMMANDS: dict[str, _Command] = {
    "EHLO": Session.on_ehlo,
    "HELO": Session.on_helo,
    "STARTTLS": Session.on_starttls,
    "AUTH": Session.on_auth,
    "MAIL": Session.on_mail,
    "RCPT": Session.on_rcpt,
    "DATA": Session.on_data,
    "RSET": Session.on_rset,
    "NOOP": Session.on_noop,
    "VRFY": Session.on_vrfy,
    "HELP": Session.on_help,
    "QUIT": Session.on_quit,
}
