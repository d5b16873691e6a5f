"""A connection that can be secured, and a client that can say who it is.

Owns    STARTTLS, AUTH, and what both leave behind: the TLS version, the origin, the count of failed logins.
Knows   no account and no secret longer than one question to the role.
From aiosmtpd
        AUTH PLAIN and LOGIN. Its challenge is replaced: it logs what it cannot decode, which may be a password.
Decided
        An authorization identity is accepted when it is the user name: nobody here acts for somebody else.
        A cancelled or unreadable exchange counts as a failed login, else a client could ask for ever.
RFC 3207 §4 (STARTTLS); RFC 4954 §4, §6 (AUTH); RFC 4616 §2 (PLAIN).
"""

import asyncio
import binascii
from base64 import b64decode, b64encode
from typing import Any, assert_never

from aiosmtpd.smtp import MISSING, AuthResult, LoginPassword

from ..reply import Reply, reply
from ..smtp.server_phases import Phase
from . import oplog
from .connection import Connection
from .later import Answer, Later
from .peer import is_loopback, tls_version
from .ports import AuthFailure, Client, Origin
from .sessions import SessionContext

_MECHANISMS = ("PLAIN", "LOGIN")
_HANDSHAKE_SECONDS = 30
_MAX_SECRET_OCTETS = 1024  # longer than any password; hashing it costs us, not the client

_GO_AHEAD_TLS = reply(220, "2.0.0", "begin TLS")
NOT_HERE = reply(502, "5.5.1", "command not offered here")
NO_ARGUMENT = reply(501, "5.5.4", "the command takes no argument")
_TLS_FIRST = reply(538, "5.7.11", "AUTH needs an encrypted connection: STARTTLS first")
_TWICE = reply(503, "5.5.1", "you are logged in already")
_NO_MECHANISM = reply(501, "5.5.4", "AUTH needs a mechanism")
_OTHER_MECHANISM = reply(504, "5.5.4", "mechanism not offered; PLAIN and LOGIN are")
_LOGGED_IN = reply(235, "2.7.0", "welcome")
_WRONG = reply(535, "5.7.8", "user name or password is wrong")
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
        self._responded = b""  # the last response to a challenge

    @property
    def may_start_tls(self) -> bool:
        return not self.peer.tls and self.context.certificate.context is not None

    @property
    def may_log_in(self) -> bool:
        """Secrets cross no network in the clear: TLS, or a client on this very machine."""
        return self.role.offers_auth and (bool(self.peer.tls) or is_loopback(self.peer.address))

    # STARTTLS.

    def on_starttls(self, argument: str) -> Answer:
        if argument:
            return NO_ARGUMENT
        if not self.may_start_tls:
            return NOT_HERE
        return Later(self._start_tls())

    async def _start_tls(self) -> None:
        self.send(_GO_AHEAD_TLS)
        self.flush()
        self.resume_input()
        self.input.discard()  # RFC 3207 §4.2: whatever was said in the clear after STARTTLS was not said
        context, wire = self.context.certificate.context, self.wire
        assert context is not None
        if wire is None:
            return
        try:
            secured = await asyncio.get_running_loop().start_tls(
                wire, self, context, server_side=True, ssl_handshake_timeout=_HANDSHAKE_SECONDS
            )
        except OSError as error:  # includes ssl.SSLError
            oplog.note("tls-failed", client=self.peer.address, why=str(error))
            secured = None
        self._restart(secured)

    def _restart(self, secured: asyncio.Transport | None) -> None:
        """A new dialog over the secured transport: nothing learned before counts (RFC 3207 §4.2)."""
        self.wire = secured
        self.phase = Phase.CONNECTED
        self.extended = False
        self.origin = None
        if secured is None:
            self.closing = True  # the transport is gone, and nobody will say so
        else:
            self.peer = Client(self.peer.address, self.peer.port, "", tls_version(secured))

    # AUTH.

    def on_auth(self, argument: str) -> Answer:
        if not self.role.offers_auth or not self.extended:
            return NOT_HERE
        if not self.may_log_in:
            return _TLS_FIRST
        if self.origin is not None:
            return _TWICE
        words = argument.split()
        if not 1 <= len(words) <= 2:
            return _NO_MECHANISM
        words[0] = words[0].upper()
        if words[0] not in _MECHANISMS:
            return _OTHER_MECHANISM
        if words[1:] == ["="]:  # RFC 4954 §4: an empty initial response
            words[1] = ""
        return Later(self._exchange(words))

    async def _exchange(self, words: list[str]) -> Reply | None:
        given = await (self.auth_PLAIN if words[0] == "PLAIN" else self.auth_LOGIN)(self, words)
        if not given.success or given.auth_data is None:
            return self._failed_login(None)  # why, has been said
        if words[0] == "PLAIN":
            response = b64decode(words[1]) if len(words) == 2 else self._responded
            authorization, authentication, _ = response.split(b"\0")
            if authorization not in (b"", authentication):
                return self._failed_login(_WRONG)
        self._responded = b""
        return await self._log_in(given.auth_data)

    async def challenge_auth(
        self, challenge: str | bytes, encode_to_b64: bool = True, log_client_response: bool = False
    ) -> Any:
        """Ask aiosmtpd's question without its logging; the response, or MISSING when there is no usable one."""
        octets = challenge.encode() if isinstance(challenge, str) else challenge
        await self.push(b"334 " + b64encode(octets))
        line = await self.input.readline()
        if not line:
            return MISSING  # the client has closed its side
        if line.strip() == b"*":
            await self.push("501 5.7.0 login cancelled")
            return MISSING
        try:
            self._responded = b64decode(line.removesuffix(b"\n").removesuffix(b"\r"), validate=True)
        except binascii.Error:
            await self.push("501 5.5.2 that is no base64")
            return MISSING
        return self._responded

    def _authenticate(self, mechanism: str, auth_data: LoginPassword) -> AuthResult:
        """aiosmtpd asks this with what the client gave; who it is, `_log_in` asks without blocking."""
        return AuthResult(success=True, auth_data=auth_data)

    async def _log_in(self, given: LoginPassword) -> Reply | None:
        username = given.login.decode("utf-8", "backslashreplace")
        found: Origin | AuthFailure = AuthFailure.WRONG
        if username and 0 < len(given.password) <= _MAX_SECRET_OCTETS:
            found = await self.role.authenticate(username, given.password, self.peer)
        if isinstance(found, AuthFailure):
            oplog.note("auth-failed", client=self.peer.address, username=username[:320], why=found)
            return self._failed_login(_auth_reply(found))
        self.origin = found
        self._auth_failures = 0
        self.useless_since = self.commands
        return _LOGGED_IN

    def _failed_login(self, said: Reply | None) -> Reply | None:
        self._auth_failures += 1
        self.context.offenders.failed(self.peer.address)
        if self._auth_failures < self.context.settings.limits.max_auth_failures:
            return said
        self.closing = True
        if said is not None:
            self.send(said)
        return _LOGIN_LIMIT


def _auth_reply(failure: AuthFailure) -> Reply:
    match failure:
        case AuthFailure.WRONG | AuthFailure.DISABLED:
            return _WRONG
        case AuthFailure.THROTTLED:
            return reply(454, "4.7.0", "too many failed logins, try again later")
        case AuthFailure.UNAVAILABLE:
            return reply(454, "4.3.0", "logins cannot be checked now, try again later")
        case _:
            assert_never(failure)
