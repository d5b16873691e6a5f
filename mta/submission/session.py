"""A session: greeting, hello, commands without consequences, and which command is whose.

Owns    the table of commands and the order in which they may come; how much a client may say without getting on.
Knows   no account, rule or row. STARTTLS and AUTH are `security`'s, the transaction is `transaction`'s.
A command returns its answer as a value; writing, counting and the bulkhead are `connection`'s.
RFC 5321 §4.1.1 (commands); RFC 1869 §4 (EHLO); RFC 2034 §4 (enhanced codes).
"""

from collections.abc import Callable

import msgspec

from ..reply import Reply, reply
from ..smtp.params import CommandError
from ..smtp.server_phases import AFTER_SUCCESS, ALLOWED, out_of_order
from . import oplog
from .later import Answer
from .ports import Proceed
from .security import NO_ARGUMENT, NOT_HERE
from .transaction import OK, Transaction

_BYE = reply(221, "2.0.0", "bye")
_HELP = reply(214, "2.0.0", "EHLO HELO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT, see RFC 5321")
_VRFY = reply(252, "2.5.2", "cannot verify; mail will be tried")
_VRFY_WHOM = reply(501, "5.5.4", "VRFY needs a name")
_UNKNOWN = reply(500, "5.5.2", "command not known")
_NAME_NEEDED = reply(501, "5.5.4", "the command needs your host name")
_NO_LOGIN = reply(421, "4.7.0", "log in sooner")
_TOO_MANY_COMMANDS = reply(421, "4.7.0", "too many commands in one session")
_NO_PROGRESS = reply(421, "4.7.0", "too many commands without a message")

_KNOWN_BUT_NOT_OFFERED = frozenset({"EXPN", "ETRN", "TURN", "ATRN", "SEND", "SOML", "SAML", "BURL"})
_MAX_NAME = 255  # RFC 5321 §4.5.3.1.2


class Session(Transaction):
    """One client's session, from greeting to QUIT."""

    def greet(self) -> Reply:
        verdict = self.role.connection(self.peer)
        if not isinstance(verdict, Proceed):
            oplog.note("refused", client=self.peer.address, reply=str(verdict.reply))
            return verdict.reply
        return self.context.banner

    def answer(self, verb: str, argument: str) -> Answer:
        command = COMMANDS.get(verb)
        if command is None:
            return NOT_HERE if verb in _KNOWN_BUT_NOT_OFFERED else _UNKNOWN
        if self.phase not in ALLOWED[verb] and verb != "BDAT":  # its octets come whether we want them or not
            return out_of_order(verb, self.phase)
        said = command(self, argument)
        if type(said) is Reply and said.code < 400 and verb in AFTER_SUCCESS and verb != "BDAT":
            self.phase = AFTER_SUCCESS[verb]
        return said

    # How much a client may say.

    @property
    def must_log_in(self) -> bool:
        """It can do nothing here before it has."""
        return self.origin is None and self.role.origin_without_auth(self.peer) is None

    def look_closely(self) -> Reply | None:
        limits = self.context.settings.limits
        if self.must_log_in:
            return _NO_LOGIN
        if self.commands > limits.max_commands:
            return _TOO_MANY_COMMANDS
        if self.commands - self.useless_since > limits.max_useless_commands:
            return _NO_PROGRESS
        self._look_at = min(limits.max_commands, self.useless_since + limits.max_useless_commands)
        return None

    # Hello, and commands without consequences.

    def on_ehlo(self, argument: str) -> Answer:
        self._greeted(argument, extended=True)
        return self.context.hello(starttls=self.may_start_tls, auth=self.may_log_in)

    def on_helo(self, argument: str) -> Answer:
        self._greeted(argument, extended=False)
        return reply(250, "", self.context.settings.hostname)

    def on_noop(self, argument: str) -> Answer:
        return OK

    def on_help(self, argument: str) -> Answer:
        return _HELP

    def on_vrfy(self, argument: str) -> Answer:
        return _VRFY if argument else _VRFY_WHOM

    def on_quit(self, argument: str) -> Answer:
        if argument:
            return NO_ARGUMENT
        self.closing = True
        return _BYE

    def _greeted(self, name: str, *, extended: bool) -> None:
        if not name or len(name.encode()) > _MAX_NAME or not name.isprintable():
            raise CommandError(_NAME_NEEDED)
        self.end_transaction()
        self.extended = extended
        self.peer = msgspec.structs.replace(self.peer, helo=name)


_Command = Callable[[Session, str], Answer]
COMMANDS: dict[str, _Command] = {
    "EHLO": Session.on_ehlo,
    "HELO": Session.on_helo,
    "STARTTLS": Session.on_starttls,
    "AUTH": Session.on_auth,
    "MAIL": Session.on_mail,
    "RCPT": Session.on_rcpt,
    "DATA": Session.on_data,
    "BDAT": Session.on_bdat,
    "RSET": Session.on_rset,
    "NOOP": Session.on_noop,
    "VRFY": Session.on_vrfy,
    "HELP": Session.on_help,
    "QUIT": Session.on_quit,
}
