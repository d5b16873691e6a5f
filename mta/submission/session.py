"""A session: the commands of the SMTP dialog and their replies.

Owns    the phase, the transaction, and the meaning of every command; content is received by `receiving`.
Knows   no account, rule or row: it asks its `Role`.
A command returns its reply as a value; writing, counting and the bulkhead are `connection`'s.
RFC 5321 §4.1.1; RFC 6409 (submission); RFC 3207 (STARTTLS); RFC 4954 (AUTH); RFC 2034 (enhanced codes).
"""

import asyncio
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import assert_never

import msgspec
from aiosmtpd.smtp import AuthResult, LoginPassword

from ..envelope import ForwardPath
from ..reply import Reply, reply
from ..smtp.params import CommandError, MailCommand, parse_mail, parse_rcpt
from ..smtp.server_phases import AFTER_SUCCESS, Phase, after_rset, out_of_order
from . import oplog
from .connection import Connection, tls_version
from .content import Content
from .ports import AuthFailure, Client, Origin, Proceed
from .receiving import Arrival, receive, submit
from .sessions import SessionContext

_OK = reply(250, "2.0.0", "ok")
_MAIL_OK = reply(250, "2.1.0", "sender ok")
_RCPT_OK = reply(250, "2.1.5", "recipient ok")
_BYE = reply(221, "2.0.0", "bye")
_GO_AHEAD_TLS = reply(220, "2.0.0", "begin TLS")
_GO_AHEAD_DATA = reply(354, "", "end data with <CR><LF>.<CR><LF>")
_HELP = reply(214, "2.0.0", "EHLO HELO STARTTLS AUTH MAIL RCPT DATA RSET NOOP VRFY HELP QUIT, see RFC 5321")
_VRFY = reply(252, "2.5.2", "cannot verify; mail will be tried")
_UNKNOWN = reply(500, "5.5.2", "command not known")
_NOT_HERE = reply(502, "5.5.1", "command not offered here")
_NO_ARGUMENT = reply(501, "5.5.4", "the command takes no argument")
_NAME_NEEDED = reply(501, "5.5.4", "the command needs your host name")
_LOGIN_FIRST = reply(530, "5.7.0", "log in first (AUTH)")
_TLS_FIRST = reply(538, "5.7.11", "AUTH needs an encrypted connection: STARTTLS first")
_TOO_MANY_RCPT = reply(452, "4.5.3", "too many recipients; send the rest in another transaction")
_TOO_LARGE = reply(552, "5.3.4", "the message is larger than this server takes")
_NO_MEMORY = reply(452, "4.3.1", "too much mail at once, try again later")
_LOGGED_IN = reply(235, "2.7.0", "welcome")
_LOGIN_LIMIT = reply(421, "4.7.0", "too many failed logins")

_KNOWN_BUT_NOT_OFFERED = frozenset({"EXPN", "ETRN", "TURN", "ATRN", "BDAT", "SEND", "SOML", "SAML", "BURL"})
_MAX_NAME = 255  # RFC 5321 §4.5.3.1.2


class Session(Connection):
    """One client's session, from greeting to QUIT."""

    AuthLoginUsernameChallenge = "Username:"
    AuthLoginPasswordChallenge = "Password:"

    def __init__(self, context: SessionContext, *, tls: bool) -> None:
        super().__init__(context, tls=tls)
        self._role = context.role
        self._phase = Phase.CONNECTED
        self._extended = False
        self._origin: Origin | None = None  # by AUTH
        self._mail = MailCommand("")
        self._mail_origin: Origin | None = None  # of the transaction
        self._recipients: list[ForwardPath] = []
        self._auth_failures = 0

    def greet(self) -> Reply:
        verdict = self._role.connection(self.peer)
        if not isinstance(verdict, Proceed):
            oplog.note("refused", client=self.peer.address, reply=str(verdict.reply))
            return verdict.reply
        return reply(220, "", f"{self.context.settings.hostname} ESMTP Youtong")

    async def answer(self, verb: str, argument: str) -> Reply | None:
        command = _COMMANDS.get(verb)
        if command is None:
            return _NOT_HERE if verb in _KNOWN_BUT_NOT_OFFERED else _UNKNOWN
        if (refusal := out_of_order(verb, self._phase)) is not None:
            return refusal
        said = await command(self, argument)
        if said is not None and said.is_positive and (after := AFTER_SUCCESS.get(verb)) is not None:
            self._phase = after
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
            return _NO_ARGUMENT
        self._end_transaction()
        return _OK

    async def on_quit(self, argument: str) -> Reply:
        if argument:
            return _NO_ARGUMENT
        self.closing = True
        return _BYE

    def _greeted(self, name: str, *, extended: bool) -> None:
        if not name or len(name.encode()) > _MAX_NAME or not name.isprintable():
            raise CommandError(_NAME_NEEDED)
        self._end_transaction()
        self._extended = extended
        self.peer = msgspec.structs.replace(self.peer, helo=name)

    def _extensions(self) -> list[str]:
        offered = [f"SIZE {self.context.settings.max_message_size_bytes}", "8BITMIME", "SMTPUTF8", "PIPELINING"]
        if self._may_start_tls:
            offered.append("STARTTLS")
        if self._may_log_in:
            offered.append("AUTH PLAIN LOGIN")
        return [*offered, "ENHANCEDSTATUSCODES", "HELP"]

    @property
    def _may_start_tls(self) -> bool:
        return not self.peer.tls and self.context.certificate.context is not None

    @property
    def _may_log_in(self) -> bool:
        """Secrets cross no network in the clear: TLS, or a client on this very machine."""
        return self._role.offers_auth and (bool(self.peer.tls) or ip_address(self.peer.address).is_loopback)

    # TLS and login.

    async def on_starttls(self, argument: str) -> Reply | None:
        context = self.context.certificate.context
        if argument:
            return _NO_ARGUMENT
        if context is None or self.peer.tls:
            return _NOT_HERE
        self.send(_GO_AHEAD_TLS)
        await self.flush()
        assert self.wire is not None
        self.input.discard()  # RFC 3207 §4.2: whatever was said in the clear after STARTTLS was not said
        try:
            secured = await self.loop.start_tls(self.wire, self, context, server_side=True, ssl_handshake_timeout=30)
        except OSError as error:  # includes ssl.SSLError
            oplog.note("tls-failed", client=self.peer.address, why=str(error))
            raise ConnectionResetError from error
        if secured is None:
            raise ConnectionResetError
        self._restart(secured)
        return None

    def _restart(self, secured: asyncio.Transport) -> None:
        """A new dialog over the secured transport: nothing learned before counts (RFC 3207 §4.2)."""
        self.wire = secured
        self.input.move_to(secured)
        self.peer = Client(self.peer.address, self.peer.port, "", tls_version(secured))
        self._phase = Phase.CONNECTED
        self._origin = None

    async def on_auth(self, argument: str) -> Reply | None:
        if not self._role.offers_auth or not self._extended:
            return _NOT_HERE
        if not self._may_log_in:
            return _TLS_FIRST
        if self._origin is not None:
            return reply(503, "5.5.1", "you are logged in already")
        words = argument.split()
        if not 1 <= len(words) <= 2:
            return reply(501, "5.5.4", "AUTH needs a mechanism")
        match words[0].upper():
            case "PLAIN":
                given = await self.auth_PLAIN(self, words)
            case "LOGIN":
                given = await self.auth_LOGIN(self, words)
            case _:
                return reply(504, "5.5.4", "mechanism not offered; PLAIN and LOGIN are")
        if not given.success:
            return self._failed_login(None)  # aiosmtpd has said why
        assert given.auth_data is not None
        return await self._log_in(given.auth_data)

    def _authenticate(self, mechanism: str, auth_data: LoginPassword) -> AuthResult:
        """aiosmtpd asks this with what the client gave; who it is, `_log_in` asks without blocking."""
        return AuthResult(success=True, auth_data=auth_data)

    async def _log_in(self, given: LoginPassword) -> Reply | None:
        username = given.login.decode("utf-8", "backslashreplace")
        found = await self._role.authenticate(username, given.password, self.peer)
        if isinstance(found, AuthFailure):
            oplog.note("auth-failed", client=self.peer.address, username=username, why=found)
            return self._failed_login(_auth_reply(found))
        self._origin = found
        self._auth_failures = 0
        return _LOGGED_IN

    def _failed_login(self, said: Reply | None) -> Reply | None:
        self._auth_failures += 1
        if self._auth_failures < self.context.settings.limits.max_auth_failures:
            return said
        self.closing = True
        if said is not None:
            self.send(said)
        return _LOGIN_LIMIT

    # The transaction.

    async def on_mail(self, argument: str) -> Reply:
        origin = self._origin or self._role.origin_without_auth(self.peer)
        if origin is None:
            return _LOGIN_FIRST
        mail = parse_mail(argument)
        if mail.size_bytes > self.context.settings.max_message_size_bytes:
            return _TOO_LARGE
        verdict = self._role.mail_from(self.peer, origin, mail.reverse_path)
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
        verdict = await self._role.recipient(
            self.peer, self._mail_origin, self._mail.reverse_path, path.address, path.domain
        )
        if not isinstance(verdict, Proceed):
            return self._refused(verdict.reply, self._mail_origin, self._mail.reverse_path, to=path.address)
        self._recipients.append(path)
        return _RCPT_OK

    async def on_data(self, argument: str) -> Reply:
        if argument:
            return _NO_ARGUMENT
        with self.context.budget.reserve(self.context.settings.limits.memory_wait_seconds) as reservation:
            if not await reservation.cover(1):
                return _NO_MEMORY
            content = Content(self._role.intake, self.context.settings.max_message_size_bytes)
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
            extended=self._extended,
            authenticated=self._origin is not None,
        )
        said = await submit(content, arrival, self._role, self.context.settings.hostname, self.context.clock)
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
        self._phase = after_rset(self._phase)
        self._mail, self._mail_origin = MailCommand(""), None
        self._recipients = []


def _auth_reply(failure: AuthFailure) -> Reply:
    match failure:
        case AuthFailure.WRONG | AuthFailure.DISABLED:
            return reply(535, "5.7.8", "user name or password is wrong")
        case AuthFailure.THROTTLED:
            return reply(454, "4.7.0", "too many failed logins, try again later")
        case AuthFailure.UNAVAILABLE:
            return reply(454, "4.3.0", "logins cannot be checked now, try again later")
        case _:
            assert_never(failure)


_Command = Callable[[Session, str], Awaitable[Reply | None]]
_COMMANDS: dict[str, _Command] = {
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
