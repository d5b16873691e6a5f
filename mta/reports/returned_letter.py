"""Our own letter, or what is left of it, in a message that came back.

Owns   `returned_letter`: what names it, from an enclosed letter, header fields alone, or a head among the words.
       `split_quoted`: the words for people apart from such a head and all below it.
Knows  no style of a certain system: a head is known by its fields.

Invariants
    Nothing here proves anything: whoever forges a notice can write these fields. Tokens prove (queue.signed_address).
    In-Reply-To or References of the notice stand in for a Message-ID that is not given back.
RFC 3464 §2 (what is returned), RFC 6522 §4 (text/rfc822-headers), RFC 6533 §5, RFC 3834 §3.1.4 (In-Reply-To).
"""

import re
from collections.abc import Iterator
from itertools import islice

from .addresses import addresses_in
from .fields import Fields, read_head
from .report import ReturnedLetter
from .tree import MessageTree

_HEADS = frozenset({"text/rfc822-headers", "text/rfc822-header", "message/global-headers", "message/rfc822-headers"})
_OF_A_LETTER = frozenset(
    {
        "received",
        "return-path",
        "message-id",
        "from",
        "to",
        "subject",
        "date",
        "mime-version",
        "content-type",
        "reply-to",
    }
    | {"dkim-signature", "sender", "feedback-id", "list-unsubscribe", "x-mailer", "cc"}
)
_OF_A_WIRE = frozenset({"received", "return-path", "message-id", "mime-version", "dkim-signature", "content-type"})
_ENOUGH = 3  # fields of a letter that make a head
_BEGINS = re.compile(
    r"^([> \t|]{0,6})(?:Received|Return-Path|Message-ID|From|To|Subject|Date|MIME-Version|DKIM-Signature)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_TRIES = 20  # places that look like the begin of a head
_SEARCHED = 256 * 1024
_HEAD = 32 * 1024  # characters of a quoted head
_MESSAGE_ID = re.compile(r"<\s*+([^<>\s]{3,250}+)\s*+>")
_MAX_TO = 50


def returned_letter(tree: MessageTree) -> ReturnedLetter:
    """What of our letter the message names; empty where it names nothing."""
    head = next(_heads(tree), Fields())
    return ReturnedLetter(
        message_id=_message_id(head) or _answered(tree.fields),
        reverse_path=_reverse_path(head),
        feedback_id=head.first("feedback-id")[:250],
        to=_of_fields(head, "to", but=_of_fields(head, "list-post", "x-beenthere")),
        cc=_of_fields(head, "cc"),
        senders=_of_fields(head, "from", "sender", "reply-to", "return-path"),
        subject=head.first("subject")[:500],
    )


def _of_fields(head: Fields, *names: str, but: tuple[str, ...] = ()) -> tuple[str, ...]:
    values = ", ".join(value for name in names for value in head.all(name))
    return tuple(address for address in addresses_in(values, _MAX_TO) if address not in but)


def _heads(tree: MessageTree) -> Iterator[Fields]:
    """Heads that may be our letter's, the surest first."""
    for part in tree.parts:
        if part.letter is not None and part.letter.items:
            yield part.letter
        elif part.type in _HEADS and part.text.strip():
            yield read_head(part.text.lstrip().encode("utf-8", "replace"))[0]
    yield from (head for _, head in _quoted(tree.human_text))


def split_quoted(text: str) -> tuple[str, str]:
    """(what is said to people, the quoted head and all below it); the latter "" where no head is quoted.

    A few fields that a notice shows to people (From, To, Subject) are part of what it says.
    """
    for at, head in _quoted(text):
        if any(name in _OF_A_WIRE for name, _ in head.items):
            return text[:at], text[at:]
    return text, ""


def _quoted(text: str) -> Iterator[tuple[int, Fields]]:
    """Where heads of letters stand in the text, and their fields."""
    end = 0
    for match in islice(_BEGINS.finditer(text, 0, _SEARCHED), _TRIES):
        if match.start() < end:
            continue
        octets = _unquoted(text[match.start() : match.start() + _HEAD], match[1])
        head, length = read_head(octets)
        end = match.start() + (length if octets.isascii() else length // 4)  # an octet is a quarter character at least
        if len(_OF_A_LETTER.intersection(name for name, _ in head.items)) >= _ENOUGH:
            yield match.start(), head


def _unquoted(text: str, quoting: str) -> bytes:
    """As octets, without the marks of quoting that its first line has."""
    if quoting:
        text = re.sub(f"^{re.escape(quoting)}", "", text, flags=re.MULTILINE)
    return text.encode("utf-8", "replace")


def _message_id(head: Fields) -> str:
    return next(iter(_MESSAGE_ID.findall(head.first("message-id"))), "")


def _answered(head: Fields) -> str:
    """Which letter this message answers, by its own head."""
    named = _MESSAGE_ID.findall(head.first("in-reply-to"))[:1] or _MESSAGE_ID.findall(head.first("references"))[-1:]
    return named[0] if named else ""


def _reverse_path(head: Fields) -> str:
    value = head.first("return-path") or head.first("x-original-mail-from")
    return (addresses_in(value, 1) or [""])[0]
