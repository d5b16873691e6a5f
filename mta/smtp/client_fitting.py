"""Whether a peer can take a request as it is, in a lesser form, or never.

Owns   `fits` for the usual case, the lesser forms (A-labels instead of SMTPUTF8, 7-bit instead of 8BITMIME) and the
       outcomes when there is none.
Knows  nothing of how content is converted (`mta.message.seven_bit`).
RFC 6152 §3 (convert or return), RFC 6531 §3.2 (no SMTPUTF8), RFC 5890 (A-labels), RFC 1870 §6.1 (SIZE),
RFC 3463 (5.3.4, 5.6.3), RFC 5248 §2.4 (5.6.7).
"""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from ..address import AddressError, normalise_domain
from ..envelope import Body
from ..outcome import Failed, Peer, Scope, Stage
from .client_extensions import Extensions
from .client_transaction import Request


class Misfit(StrEnum):
    """Why a peer never takes a message; the `kind` of the outcome."""

    TOO_LARGE = "too-large"
    NEEDS_SMTPUTF8 = "needs-smtputf8"
    NEEDS_8BIT = "needs-8bit"


class LesserRecipient(msgspec.Struct, frozen=True):
    address: str
    notify: str
    orcpt: str


class LesserRequest(msgspec.Struct, frozen=True):
    """A request as a peer with fewer extensions can take it."""

    reverse_path: str
    recipients: Sequence[LesserRecipient]
    body: Body
    smtputf8: bool
    ret: str
    envid: str
    size_bytes: int
    eight_bit: bool


def fits(request: Request, extensions: Extensions) -> bool:
    """Whether the peer understands all that the request as it is needs."""
    return not (needs_a_labels(request, extensions) or needs_seven_bit(request, extensions))


def needs_a_labels(request: Request, extensions: Extensions) -> bool:
    return request.smtputf8 and not extensions.smtputf8


def needs_seven_bit(request: Request, extensions: Extensions) -> bool:
    return request.eight_bit and not extensions.eight_bit_mime


def too_large(size_bytes: int, extensions: Extensions, peer: Peer) -> Failed | None:
    if 0 < extensions.max_size_bytes < size_bytes:
        reason = f"5.3.4 the message is larger than the {extensions.max_size_bytes} octets allowed"
        return failed(Misfit.TOO_LARGE, reason, peer)
    return None


def with_a_labels(request: Request) -> LesserRequest | None:
    """The envelope in ASCII; None when a local part is not."""
    try:
        recipients = tuple(
            LesserRecipient(_in_ascii(each.address), each.notify, each.orcpt) for each in request.recipients
        )
        reverse_path = _in_ascii(request.reverse_path)
    except AddressError:
        return None
    return LesserRequest(
        reverse_path, recipients, request.body, False, request.ret, request.envid, request.size_bytes,
        request.eight_bit,
    )  # fmt: skip


def in_seven_bit(request: Request, size_bytes: int) -> LesserRequest:
    recipients = tuple(LesserRecipient(each.address, each.notify, each.orcpt) for each in request.recipients)
    return LesserRequest(
        request.reverse_path, recipients, Body.SEVEN_BIT, request.smtputf8, request.ret, request.envid, size_bytes,
        False,
    )  # fmt: skip


def failed(kind: Misfit, reason: str, peer: Peer) -> Failed:
    """Final for the message; `reason` begins with the enhanced status code."""
    return Failed(Stage.MAIL, Scope.MESSAGE, None, f"{reason} by {peer.host} [{peer.address}]", peer, kind)


def _in_ascii(address: str) -> str:
    if address.isascii():
        return address
    local, _, domain = address.rpartition("@")
    if not local.isascii():
        raise AddressError("the local part is not ASCII")
    return f"{local}@{normalise_domain(domain)}"
