"""The receiving side of an SMTP dialog, as its provider behaves.

Owns   the order of commands, the transaction, and asking the provider at each stage.
Knows  nothing of sockets: it speaks through the port `Wire`, which `mta.simulator.session` implements.

Each step is `_rules.at(stage, …, proceed)`: if no rule of the provider takes the step over, `proceed` does what a
server ordinarily does.
RFC 5321 §4.1.4 (order), RFC 2920 (PIPELINING), RFC 1870 (SIZE), RFC 3207 (STARTTLS), RFC 6531 §3.4 (SMTPUTF8).
"""

from collections.abc import Callable

from . import offers, violations
from .behaviours import Stage, StartTls
from .commands import SyntaxFault, parameter_names, path_and_parameters
from .interventions import Interventions
from .ledger import Ledger
from .provider import Provider
from .replies import welcome
from .voice import Voice
from .wire import Wire

_LAST_OF_GROUP = frozenset({b"EHLO", b"DATA", b"STAR", b"VRFY", b"NOOP", b"QUIT"})  # RFC 2920 §3.1
_NO_PARAMETERS = frozenset[str]()


class Dialog:
    """One connection's dialog. `in_body`: what comes next is content, not a command."""

    def __init__(self, wire: Wire, provider: Provider, ledger: Ledger, hostname: str) -> None:
        self._wire = wire
        self._provider = provider
        self._ledger = ledger
        self._hostname = hostname
        self._voice = Voice(wire, provider)
        self._rules = Interventions(wire, self._voice, provider, hostname, self._answered)
        self.in_body = False
        self._helo = ""
        self._extended = False
        self._allowed = _NO_PARAMETERS
        self.messages = 0
        self._refused_mail = False
        self._turned_away = False  # greeted with a refusal: RFC 5321 §3.1 leaves the client nothing but QUIT
        self._commands: dict[bytes, Callable[[bytes], None]] = {
            b"MAIL": self._mail,
            b"RCPT": self._rcpt,
            b"DATA": self._data,
            b"RSET": lambda _: self._rules.at(Stage.RSET, [], self._rset),
            b"EHLO": self._ehlo,
            b"HELO": self._helo_command,
            b"STAR": self._starttls,
            b"NOOP": lambda _: self._voice.say("250 2.0.0 Ok"),
            b"VRFY": lambda _: self._voice.say("252 2.5.0 Send some mail, I will try"),
            b"QUIT": lambda _: self._rules.at(Stage.QUIT, [], self._quit),
        }
        self._forget_transaction()

    def connected(self) -> None:
        """The connection stands: greet, or do not."""
        self._rules.at(Stage.CONNECT, [], lambda: self._rules.at(Stage.GREETING, [], self._greet))

    def command(self, line: bytes, more_waits: bool) -> None:
        """A command line without CRLF; `more_waits`: octets had already come after it."""
        verb = line[:4].upper()
        if more_waits:
            self._judge_group(verb)
        if verb != b"RCPT" and self._provider.settings.dialog.late_rcpt:
            self._voice.release()
        handler = self._commands.get(verb)
        if self._turned_away and verb != b"QUIT":
            self._out_of_order("503 5.5.1 Nothing but QUIT is left to you")
        elif handler is None:
            self._voice.refuse("500 5.5.2 Command not recognised")
        else:
            handler(line)

    def body_begins(self) -> None:
        """The first octets of the content are there."""
        if Stage.BODY in self._provider.ruled_stages:
            self._rules.at(Stage.BODY, self._addresses(), lambda: None)

    def content(self, octets: bytes) -> None:
        """The final dot has come; `octets` is the content, dot-unstuffed."""
        self.in_body = False
        settings = self._provider.settings
        for violation in violations.in_content(octets, eight_bit_allowed=settings.dialog.eight_bit_mime):
            self._provider.violations[violation] += 1
        if settings.limits.content_bytes and len(octets) > settings.limits.content_bytes:
            self._forget_transaction()
            self._voice.refuse(settings.limits.content_reply)
        elif Stage.DOT in self._provider.ruled_stages:
            self._rules.at(Stage.DOT, self._addresses(), lambda: self._accept(octets), lambda: self._keep(octets))
        else:
            self._accept(octets)

    def too_long(self) -> None:
        """A command line that does not end."""
        self._provider.violations[violations.LONG_COMMAND] += 1
        self._voice.say("500 5.5.6 Line too long")
        self._wire.hang_up()

    def restart(self) -> None:
        """After the TLS handshake nothing is known any more (RFC 3207 §4.2)."""
        self._helo, self._extended = "", False
        self._forget_transaction()

    def idle(self) -> None:
        """Nothing has come for `idle_seconds`."""
        if self._provider.limits.idle_reply:
            self._voice.refuse(self._provider.limits.idle_reply)
        self._wire.hang_up()

    def _answered(self, stage: Stage) -> None:
        """A rule has answered at this stage."""
        if stage is Stage.DOT:
            self._forget_transaction()
        self._turned_away = stage in (Stage.CONNECT, Stage.GREETING)

    def _greet(self) -> None:
        words = self._provider.refusal_of_connection(self._wire.client)
        if words:
            self._voice.refuse(words, close=True)
        else:
            self._voice.say(f"220 {self._hostname} ESMTP")

    def _ehlo(self, line: bytes) -> None:
        self._hello(line, extended=True)

    def _helo_command(self, line: bytes) -> None:
        self._hello(line, extended=False)

    def _hello(self, line: bytes, *, extended: bool) -> None:
        if extended and not self._provider.settings.dialog.ehlo:
            return self._voice.refuse("502 5.5.1 EHLO is not implemented here")
        stage = Stage.EHLO if extended else Stage.HELO
        return self._rules.at(stage, [], lambda: self._welcome(line, extended=extended))

    def _welcome(self, line: bytes, *, extended: bool) -> None:
        self._helo, self._extended = line[5:].decode("ascii", "replace").strip(), extended
        self._forget_transaction()
        dialog = self._provider.settings.dialog
        offered = offers.keywords(dialog, over_tls=bool(self._wire.tls)) if extended else []
        self._allowed = offers.parameters(dialog) if extended else _NO_PARAMETERS
        self._wire.say(welcome([self._hostname, *offered], dialog.replies))

    def _starttls(self, line: bytes) -> None:
        how = self._provider.settings.dialog.starttls
        if line.upper() != b"STARTTLS" or how is StartTls.NONE or self._wire.tls:
            return self._out_of_order("502 5.5.1 STARTTLS is not offered")
        if how is StartTls.REFUSED:
            return self._voice.refuse("454 4.7.0 TLS not available due to temporary reason")
        return self._rules.at(Stage.STARTTLS, [], lambda: self._wire.begin_tls(how))

    def _mail(self, line: bytes) -> None:
        self._refused_mail = True  # until it is taken
        if not self._helo or self._mail_from is not None:
            return self._out_of_order("503 5.5.1 Bad sequence of commands")
        if self._provider.settings.dialog.starttls_required and not self._wire.tls:
            return self._voice.refuse("530 5.7.0 Must issue a STARTTLS command first")
        path = self._parsed(line)
        if path is not None:
            self._provider.mail_came(self._wire.client, path[0])
        if path is not None and not self._too_large(path[1]):
            self._rules.at(Stage.MAIL, [path[0]], lambda: self._begin(path))
        return None

    def _begin(self, path: tuple[str, str]) -> None:
        words = self._provider.refusal_of_mail(self._wire.client, path[0], self.messages)
        if words:
            return self._voice.refuse(words)
        self._mail_from, self._refused_mail = path, False
        return self._voice.say("250 2.1.0 Ok")

    def _too_large(self, parameters: str) -> bool:
        size = parameter_names(parameters).get("SIZE", "0") if parameters else "0"
        most = self._provider.settings.dialog.size_bytes
        if not most or not size.isdecimal() or int(size) <= most:
            return False
        self._voice.refuse("552 5.3.4 Message size exceeds fixed limit")
        return True

    def _rcpt(self, line: bytes) -> None:
        if self._mail_from is None:
            return self._without_mail()
        path = self._parsed(line)
        if path is not None:
            self._rules.at(Stage.RCPT, [path[0]], lambda: self._add(path))
            if self._provider.settings.dialog.late_rcpt:
                self._voice.hold()
        return None

    def _without_mail(self) -> None:
        """A refused MAIL makes what was pipelined behind it useless, but not wrong (RFC 2920 §3.1)."""
        words = "503 5.5.1 Need MAIL before RCPT"
        if self._refused_mail and self._extended and self._provider.settings.dialog.pipelining:
            self._voice.refuse(words)
        else:
            self._out_of_order(words)

    def _add(self, path: tuple[str, str]) -> None:
        assert self._mail_from is not None
        address = path[0]
        words = self._wrong_domain(address) or self._provider.refusal_of_recipient(
            self._wire.client, self._mail_from[0], address, len(self._recipients)
        )
        if words:
            return self._voice.refuse(words)
        self._recipients.append(path)
        return self._voice.say("250 2.1.5 Ok")

    def _wrong_domain(self, address: str) -> str:
        settings = self._provider.settings
        domain = address.rpartition("@")[2]
        if not settings.any_domain and domain not in self._provider.domains:
            return "550 5.7.1 Relaying denied"
        one = settings.dialog.one_domain_per_transaction
        if one and self._recipients and self._recipients[0][0].rpartition("@")[2] != domain:
            return "451 4.3.0 Multiple destination domains per transaction is unsupported. Please try again."
        return ""

    def _data(self, line: bytes) -> None:
        if not self._recipients:
            return self._voice.refuse("554 5.5.1 No valid recipients")
        return self._rules.at(Stage.DATA, self._addresses(), self._await_content)

    def _await_content(self) -> None:
        self.in_body = True
        self._voice.say("354 End data with <CR><LF>.<CR><LF>")

    def _accept(self, content: bytes) -> None:
        number = self._keep(content)
        self.messages += 1
        self._forget_transaction()
        self._voice.say(f"250 2.0.0 Ok: received as {number}")
        if self.messages == self._provider.limits.close_after_messages:
            if self._provider.limits.close_reply:
                self._voice.refuse(self._provider.limits.close_reply)
            self._wire.hang_up()

    def _keep(self, content: bytes) -> int:
        assert self._mail_from is not None
        client = (self._wire.client, self._helo, self._wire.tls)
        self._provider.count["messages"] += 1
        self._provider.count["recipients"] += len(self._recipients)
        kept = self._ledger.keep(self._provider.settings.name, client, self._mail_from, self._recipients, content)
        return kept.number

    def _rset(self) -> None:
        self._forget_transaction()
        self._voice.say("250 2.0.0 Ok")

    def _quit(self) -> None:
        self._provider.count["quits"] += 1
        self._voice.say("221 2.0.0 Bye")
        self._wire.hang_up()

    def _parsed(self, line: bytes) -> tuple[str, str] | None:
        try:
            path = path_and_parameters(line)
        except SyntaxFault as fault:
            self._provider.violations[violations.SYNTAX] += 1
            self._voice.refuse(f"501 5.5.4 {fault}")
            return None
        if path[1] and not set(parameter_names(path[1])) <= self._allowed:
            self._provider.violations[violations.NOT_OFFERED] += 1
            self._voice.refuse("555 5.5.4 Parameter not recognised")
            return None
        return path

    def _judge_group(self, verb: bytes) -> None:
        if not (self._extended and self._provider.settings.dialog.pipelining):
            self._provider.violations[violations.PIPELINED] += 1
        elif verb in _LAST_OF_GROUP:
            self._provider.violations[violations.GROUP_NOT_ENDED] += 1

    def _out_of_order(self, words: str) -> None:
        self._provider.violations[violations.SEQUENCE] += 1
        self._voice.refuse(words)

    def _addresses(self) -> list[str]:
        return [address for address, _ in self._recipients]

    def _forget_transaction(self) -> None:
        self._mail_from: tuple[str, str] | None = None
        self._recipients: list[tuple[str, str]] = []
