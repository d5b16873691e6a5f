"""Inbound mail as a table, as a text, and as JSON.

Owns   the words for kinds of addresses, and what a terminal is shown of a stranger's letter: no control characters,
       since they could write anything anywhere on the screen.
Knows  no verb.
"""

import re
from collections.abc import Sequence
from typing import assert_never

import click

from ...queue.ids import inbound_id
from ...queue.inbound.inbound_mail import Addressee, Effect, InboundKind, InboundMessage, ReadAs
from .. import times
from ..explain.facts import headline_of
from ..texts import _
from .fitted_rows import Fitting, print_rows
from .output import print_facts

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def print_inbound(messages: Sequence[InboundMessage], now_ms: int, *, whole: bool) -> None:
    """A line each. `whole`: nothing was left off."""
    print_rows(
        (_("Number"), _("Kind"), _("From"), _("Came"), _("To"), _("Size"), _("Read as")),
        [_row(message, now_ms) for message in messages],
        Fitting(beneath=(6, 4, 5)),
        empty=_("Nothing came."),
    )
    if not whole:
        click.echo(_("There are more; --limit shows them."))


def _row(message: InboundMessage, now_ms: int) -> tuple[str, ...]:
    first, *others = message.addressees
    more = f" +{len(others)}" if others else ""
    return (
        inbound_id(message.seq),
        kind_words(first.kind),
        _sender(message),
        times.relative(message.at_ms, now_ms),
        _printable(first.address) + more,
        _("{n:,} bytes").format(n=message.size_bytes),
        read_words(message),
    )


def print_inbound_message(message: InboundMessage, head: bytes, body: bytes, now_ms: int) -> None:
    """Envelope, headline, and the text as it came, as far as it can be shown."""
    headline = headline_of(head)
    facts = [
        (_("Number"), inbound_id(message.seq)),
        (_("Came"), times.both(message.at_ms, now_ms)),
        (_("Reverse-path"), _sender(message)),
        *((kind_words(each.kind), _printable(each.address)) for each in message.addressees),
        (_("Client"), f"{message.client} ({_printable(message.helo)}) {message.tls}".rstrip()),
        (_("From"), _printable(headline.author) or "–"),
        (_("Subject"), _printable(headline.subject) or "–"),
        (_("Size"), _("{n:,} bytes").format(n=message.size_bytes)),
        (_("Read as"), read_words(message)),
    ]
    print_facts(facts)
    click.echo()
    click.echo(_text(body).rstrip())


def kind_words(kind: InboundKind) -> str:
    """What an address of this kind is for, in a word or two."""
    match kind:
        case InboundKind.VERP:
            return _("bounce address")
        case InboundKind.ANSWER:
            return _("answer")
        case InboundKind.UNSUBSCRIBE:
            return _("unsubscribe")
        case InboundKind.DMARC_REPORT:
            return _("DMARC report")
        case InboundKind.TLS_REPORT:
            return _("TLS report")
        case InboundKind.PROOF:
            return _("proof")
        case InboundKind.FEEDBACK:
            return _("complaint report")
        case InboundKind.POSTMASTER:
            return _("postmaster")
        case InboundKind.ABUSE:
            return _("abuse")
        case _:
            assert_never(kind)


def read_words(message: InboundMessage) -> str:
    """What it turned out to be, and what followed."""
    if not message.read_as:
        return _("not read yet")
    words = _sort_words(message.read_as)
    effect = _effect_words(message.effect)
    return _("{what}: {words}").format(what=words, words=effect) if effect else words


def _sort_words(word: str) -> str:
    sorts = {
        ReadAs.BOUNCE: _("bounce"),
        ReadAs.DELAY: _("notice of a delay"),
        ReadAs.SUCCESS: _("notice of arrival"),
        ReadAs.AUTO_REPLY: _("automatic answer"),
        ReadAs.MOVED: _("has moved"),
        ReadAs.CHALLENGE: _("asks to be confirmed"),
        ReadAs.COMPLAINT: _("complaint"),
        ReadAs.LETTER: _("message"),
        ReadAs.UNREADABLE: _("cannot be read"),
    }
    return sorts.get(ReadAs(word), word) if word in frozenset(ReadAs) else word


def _effect_words(word: str) -> str:
    effects = {
        Effect.RECORDED: _("written into its recipient's history"),
        Effect.REPEATED: _("heard before"),
        Effect.UNRELATED: _("names no recipient of this account"),
        Effect.SENT_ON: _("sent on to the operator"),
        Effect.KEPT: _("kept here for the operator"),
    }
    return effects.get(Effect(word), "") if word in frozenset(Effect) else ""


def inbound_json(message: InboundMessage) -> dict[str, object]:
    """One message without its content."""
    return {
        "inbound_id": inbound_id(message.seq),
        "at_ms": message.at_ms,
        "reverse_path": message.reverse_path,
        "client": message.client,
        "helo": message.helo,
        "tls": message.tls,
        "size_bytes": message.size_bytes,
        "recipients": [_addressee_json(each) for each in message.addressees],
        "read_as": message.read_as or None,
        "effect": message.effect or None,
    }


def inbound_whole_json(message: InboundMessage, head: bytes, body: bytes) -> dict[str, object]:
    """One message with its head and the beginning of its body; octets beyond UTF-8 are written as \\xNN."""
    texts = {"head": head.decode("utf-8", "backslashreplace"), "body": body.decode("utf-8", "backslashreplace")}
    return {**inbound_json(message), **texts}


def _addressee_json(each: Addressee) -> dict[str, object]:
    return {
        "address": each.address,
        "kind": each.kind,
        "number": each.number or None,
        "account": each.account_id or None,
    }


def _sender(message: InboundMessage) -> str:
    return _printable(message.reverse_path) or "<>"


def _printable(text: str) -> str:
    return _CONTROL.sub("?", text).replace("\n", " ")


def _text(body: bytes) -> str:
    return _CONTROL.sub("?", body.decode("utf-8", "replace").replace("\r\n", "\n"))
