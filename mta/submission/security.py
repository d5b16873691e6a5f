"""A connection that can be secured, and a client that can say who it is.

Owns    STARTTLS, AUTH, and what both leave behind: the TLS version, the origin, the count of failed logins.
Knows   no account and no secret longer than one question to the role.
From aiosmtpd
        the exchanges of AUTH PLAIN and LOGIN. An authorization identity is read and ignored: nobody here acts for
        somebody else by logging in.
RFC 3207 §4 (STARTTLS); RFC 4954 §4 (AUTH); RFC 4616 §2 (PLAIN).
"""

import asyncio
from typing import assert_never

from aiosmtpd.smtp import AuthResult, LoginPassword

from ..reply import Reply, reply
from ..smtp.server_phases import Phase
from . import oplog
from .connection import Connection, is_loopback, tls_version
from .ports import AuthFailure, Client, Origin
from .sessions import SessionContext

_GO_AHEAD_TLS = reply(220, "2.0.0", "begin TLS")
NOT_HERE = reply(502, "5.5.1", "command not offered here")
NO_ARGUMENT = reply(501, "5.5.4", "the command takes no argument")
_TLS_FIRST = reply(538, "5.7.11", "AUTH needs an encrypted connection: STARTTLS first")
_LOGGED_IN = reply(235, "2.7.0", "welcome")
_LOGIN_LIMIT = reply(421, "4.7.0", "too many failed logins")


class SecureConnection(Connection):
    """Phase, identity and encryption of a session."""

    AuthLoginUsernameChallenge = "Username:"
    AuthLoginPasswordChallenge = "Password:"

    def __init__(self, context: SessionContext, *, tls: bool) -> None:
        super().__init__(context, tls=tls)
        self.role = context.role
        self.phase = Phase.CONNECTED
        self.extended = False  # EHLO, not HELO
        self.origin: Origin | None = None  # by AUTH
        self._auth_failures = 0

    @property
    def may_start_tls(self) -> bool:
        return not self.peer.tls and self.context.certificate.context is not None

    @property
    def may_log_in(self) -> bool:
        """Secrets cross no network in the clear: TLS, or a client on this very machine."""
        return self.role.offers_auth and (bool(self.peer.tls) or is_loopback(self.peer.address))

    async def on_starttls(self, argument: str) -> Reply | None:
        context = self.context.certificate.context
        if argument:
            return NO_ARGUMENT
        if context is None or self.peer.tls:
            return NOT_HERE
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
        self.phase = Phase.CONNECTED
        self.origin = None

    async def on_auth(self, argument: str) -> Reply | None:
        if not self.role.offers_auth or not self.extended:
            return NOT_HERE
        if not self.may_log_in:
            return _TLS_FIRST
        if self.origin is not None:
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
        found = await self.role.authenticate(username, given.password, self.peer)
        if isinstance(found, AuthFailure):
            oplog.note("auth-failed", client=self.peer.address, username=username, why=found)
            return self._failed_login(_auth_reply(found))
        self.origin = found
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
