"""The control socket: questions to the simulated internet, and changes while it runs.

Owns   the questions and their answers, as listed here. Knows nothing of dialogs.

One JSON object a line in, one a line out, in order, over TCP on loopback or a Unix socket. Answers are
`{"ok": true, …}` or `{"ok": false, "error": "one sentence"}`.

    {"ask": "counts"}                                messages, octets, recipients (distinct), accepted, duplicates,
                                                     connections, refusals, violations, questions (DNS)
    {"ask": "providers"}                             the names, with domains and hosts
    {"ask": "provider", "name": N}                   connections (now, most), accepted and refused, duplicates as below,
                                                     transactions {messages: connections that brought so many},
                                                     counters (mail, messages, handshakes, resumed …), refusals by
                                                     words, violations by kind, settings (with what it is expected)
    {"ask": "recipient", "address": A}               accepted: how many copies
    {"ask": "accepted"}                              {address: copies} of every recipient
    {"ask": "duplicates"}                            [[address, Message-ID, copies], …]
    {"ask": "violations"}                            {provider: {kind: number}}
    {"ask": "messages", "recipient": A, "last": 10}  newest first: envelope, and content in base64; A may be absent
    {"ask": "mail_log", "provider": N}               [[monotonic seconds, client, reverse-path], …]
    {"ask": "connect_log", "provider": N}            [[monotonic seconds, client], …]
    {"ask": "close_log", "provider": N}              [[monotonic seconds, client, messages], …]
    {"ask": "judge", "provider": N, "bounds": […]}   how far each limit was used and overstepped, one finding each;
                                                     without bounds the provider's own limits over time
                                                     (`mta.simulator.judge`)
    {"ask": "peak", "provider": N, "seconds": 60}    the most MAIL commands and connects in any such window
    {"do": "set", "provider": N, "limits.connections_at_once": 2, "dns": "servfail", "rule": […]}
                                                     keys of conf/simulator.toml with dots, "window.0.most" for the
                                                     first window; checked like the file
    {"do": "reset"}                                  forget what was received and counted

Knows  nothing of SMTP; a fault in an answer is told to its asker and harms nobody else.
"""

import asyncio
import base64
import logging
from collections.abc import Callable, Mapping
from typing import Any, cast

import msgspec

from .changing import ChangeRefused, changed
from .judge import Bound, bounds_of, judge
from .ledger import Ledger
from .names import SimulatedNames
from .provider import Provider
from .received import Received
from .windows import peak

MAX_LINE_OCTETS = 1024 * 1024
_log = logging.getLogger(__name__)


class ControlFault(Exception):
    """The question cannot be answered; str() is one sentence."""


class Control:
    """Answers questions; knows everything that the simulator holds."""

    def __init__(self, providers: Mapping[str, Provider], ledger: Ledger, names: SimulatedNames, seed: int = 0) -> None:
        self._providers = providers
        self._ledger = ledger
        self._names = names
        self._seed = seed
        self._asks: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "counts": self._counts,
            "providers": self._list,
            "provider": self._provider,
            "recipient": lambda q: {"accepted": ledger.accepted.get(_text(q, "address"), 0)},
            "accepted": lambda _: {"accepted": ledger.accepted},
            "duplicates": lambda _: {"duplicates": ledger.duplicates()},
            "violations": lambda _: {"violations": {n: p.violations for n, p in providers.items() if p.violations}},
            "messages": self._messages,
            "mail_log": lambda q: {"mail_log": list(self._named(q, "provider").log.mails)},
            "connect_log": lambda q: {"connect_log": list(self._named(q, "provider").log.connects)},
            "close_log": lambda q: {"close_log": list(self._named(q, "provider").log.closes)},
            "peak": self._peak,
            "judge": self._judge,
        }

    def answer(self, line: bytes) -> bytes:
        """The answer to one line, with its newline. Never raises."""
        try:
            question = msgspec.json.decode(line, type=dict[str, Any])
            answer = {"ok": True, **self._dispatch(question)}
        except (ControlFault, msgspec.MsgspecError) as fault:
            answer = {"ok": False, "error": str(fault)}
        except Exception as error:  # noqa: BLE001 - bulkhead: a fault of ours is told to the asker
            _log.exception("a control question failed")
            answer = {"ok": False, "error": f"internal error: {error}"}
        return msgspec.json.encode(answer) + b"\n"

    def _dispatch(self, question: dict[str, Any]) -> dict[str, Any]:
        match question:
            case {"ask": str(what)} if what in self._asks:
                return self._asks[what](question)
            case {"do": "set"}:
                return self._set(question)
            case {"do": "reset"}:
                return self._reset()
            case _:
                raise ControlFault(f"ask one of {', '.join(sorted(self._asks))}, or do set or reset")

    def _counts(self, _: dict[str, Any]) -> dict[str, Any]:
        providers = self._providers.values()
        return {
            "messages": self._ledger.messages,
            "octets": self._ledger.octets,
            "recipients": len(self._ledger.accepted),
            "accepted": sum(self._ledger.accepted.values()),
            "duplicates": sum(copies - 1 for _, _, copies in self._ledger.duplicates()),
            "connections": sum(each.open_connections for each in providers),
            "refusals": sum(each.refusals.total() for each in providers),
            "violations": sum(each.violations.total() for each in providers),
            "questions": self._names.asked,
        }

    def _list(self, _: dict[str, Any]) -> dict[str, Any]:
        return {
            "providers": {n: {"domains": p.settings.domains, "mx": p.settings.mx} for n, p in self._providers.items()}
        }

    def _provider(self, question: dict[str, Any]) -> dict[str, Any]:
        provider = self._named(question, "name")
        return {
            "connections": provider.open_connections,
            "most_connections": provider.most_open,
            "accepted": provider.count["recipients"],
            "refused": provider.refusals.total(),
            "duplicates": [
                each for each in self._ledger.duplicates() if each[0].rpartition("@")[2] in provider.domains
            ],
            "transactions": provider.transactions,
            "counters": provider.count,
            "refusals": provider.refusals,
            "violations": provider.violations,
            "settings": provider.settings,
        }

    def _messages(self, question: dict[str, Any]) -> dict[str, Any]:
        recipient, last = question.get("recipient"), question.get("last", 10)
        if not isinstance(last, int):
            raise ControlFault("last is a number")
        found = [each for each in reversed(self._ledger.newest) if recipient is None or recipient in each.recipients]
        return {"messages": [_shown(each) for each in found[:last]]}

    def _peak(self, question: dict[str, Any]) -> dict[str, Any]:
        provider, seconds = self._named(question, "provider"), question.get("seconds")
        if not isinstance(seconds, int | float) or seconds <= 0:
            raise ControlFault("seconds is a number above 0")
        return {
            "mail": peak((entry[0] for entry in provider.log.mails), seconds),
            "connects": peak((entry[0] for entry in provider.log.connects), seconds),
        }

    def _judge(self, question: dict[str, Any]) -> dict[str, Any]:
        log = self._named(question, "provider").log
        bounds = question.get("bounds")
        judged = bounds_of(log) if bounds is None else msgspec.convert(bounds, list[Bound])
        return {"findings": [judge(log, bound) for bound in judged]}

    def _set(self, question: dict[str, Any]) -> dict[str, Any]:
        provider = self._named(question, "provider")
        keys = {key: value for key, value in question.items() if key not in ("do", "provider")}
        try:
            provider.apply(changed(provider.settings, keys, self._seed))
        except ChangeRefused as refused:
            raise ControlFault(str(refused)) from refused
        return {"settings": provider.settings}

    def _reset(self) -> dict[str, Any]:
        self._ledger.reset()
        for provider in self._providers.values():
            provider.reset()
        return {}

    def _named(self, question: dict[str, Any], key: str) -> Provider:
        name = _text(question, key)
        if name not in self._providers:
            raise ControlFault(f"there is no provider {name!r}")
        return self._providers[name]


class ControlConnection(asyncio.Protocol):
    """One asker."""

    def __init__(self, control: Control, connections: set[asyncio.Transport]) -> None:
        self._control = control
        self._connections = connections
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._transport = transport
        self._connections.add(transport)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._buffer += data
        *lines, rest = bytes(self._buffer).split(b"\n")
        self._buffer = bytearray(rest)
        for line in lines:
            if line.strip():
                self._transport.write(self._control.answer(line))
        if len(rest) > MAX_LINE_OCTETS:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._connections.discard(self._transport)


def _shown(received: Received) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(received)
    shown["content"] = base64.b64encode(received.content).decode("ascii")
    return shown


def _text(question: dict[str, Any], key: str) -> str:
    value = question.get(key)
    if not isinstance(value, str):
        raise ControlFault(f"{key} is missing")
    return value
