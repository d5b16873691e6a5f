"""Verifying: whether the signatures of a message hold, and if not, why.

Owns   a Verdict for each DKIM-Signature field, in words a postmaster can act on.
Knows  nothing of DNS: the caller looks up the records. The judging is dkimpy's, so that our signer is never checked by
       our own reading of the RFC; Ed25519 needs its pynacl extra. Not for the hot path (dkimpy's RSA is pure Python).
RFC 6376 §6.1 (steps), §3.6.1 (records); RFC 8463.
"""

import binascii
import logging
from collections.abc import Callable
from enum import StrEnum
from typing import cast

import dkim
import msgspec
from dkim.util import InvalidTagValueList, parse_tag_value  # pyright: ignore[reportUnknownVariableType] - untyped

LookUpTxt = Callable[[str], bytes | None]
"""The TXT content (strings joined) at a name without trailing dot, None when there is none. Raises LookUpFailed."""

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())
_log.propagate = False  # dkimpy tells its reasons only here; `Verdict.why` says them better


class LookUpFailed(Exception):
    """The record could not be looked up now; str() says why."""


class Reason(StrEnum):
    """Why a signature does not hold."""

    HEADER_UNREADABLE = "the header section cannot be read"
    SIGNATURE_UNREADABLE = "the signature cannot be judged"
    LOOK_UP_FAILED = "the public key could not be looked up"  # a later try may say otherwise
    NOT_PUBLISHED = "no public key is published"
    REVOKED = "the key was revoked (empty p=)"
    RECORD_UNUSABLE = "the record holds no usable key"
    BODY_CHANGED = "the body was changed after signing"
    HEADER_CHANGED = "a signed header field was changed, or the published key is another one"
    FROM_NOT_SIGNED = "the signature does not cover From"


class Verdict(msgspec.Struct, frozen=True):
    """What became of one signature."""

    domain: str
    selector: str
    algorithm: str
    reason: Reason | None = None  # None: it holds
    detail: str = ""  # a name, or a library's words in ASCII English

    @property
    def passed(self) -> bool:
        return self.reason is None

    @property
    def why(self) -> str:
        """For logs; "" when it passed."""
        return ": ".join(filter(None, (self.reason, self.detail)))


def verify(message: bytes, look_up: LookUpTxt) -> list[Verdict]:
    """One verdict for each signature, top to bottom. Never raises for what a message or record holds."""
    try:
        parsed = dkim.DKIM(message, logger=_log)
        headers = cast("list[tuple[bytes, bytes]]", parsed.headers)
        count = sum(name.lower() == b"dkim-signature" for name, _ in headers)
    except Exception as error:  # noqa: BLE001 - dkimpy raises many kinds for hostile octets
        return [Verdict("", "", "", Reason.HEADER_UNREADABLE, _plain(error))]
    return [_verdict(message, index, look_up) for index in range(count)]


def _verdict(message: bytes, index: int, look_up: LookUpTxt) -> Verdict:
    checked = dkim.DKIM(message, logger=_log)
    record = _Record(look_up)
    reason, detail = _judged(checked, index, record)
    tags = cast("dict[bytes, bytes]", checked.signature_fields)
    domain, selector, algorithm = (tags.get(tag, b"").decode("ascii", "replace") for tag in (b"d", b"s", b"a"))
    return Verdict(domain, selector, algorithm, reason, detail)


def _judged(checked: dkim.DKIM, index: int, record: "_Record") -> tuple[Reason | None, str]:
    try:
        if not checked.verify(idx=index, dnsfunc=record.look_up):
            return _why_refused(record)
    except LookUpFailed as error:
        return Reason.LOOK_UP_FAILED, _plain(error)
    except dkim.DKIMException as error:
        if "body hash mismatch" in str(error):
            return Reason.BODY_CHANGED, ""
        return Reason.SIGNATURE_UNREADABLE, _plain(error)
    except Exception as error:  # noqa: BLE001 - dkimpy raises many kinds for hostile octets
        return Reason.SIGNATURE_UNREADABLE, _plain(error)
    if b"from" not in checked.include_headers:  # RFC 6376 §5.4: dkimpy does not ask for it
        return Reason.FROM_NOT_SIGNED, ""
    return None, ""


class _Record:
    """Keeps what was looked up, for the reason."""

    def __init__(self, look_up: LookUpTxt) -> None:
        self._look_up = look_up
        self.name = ""
        self.content: bytes | None = None

    def look_up(self, name: bytes, timeout: float = 0) -> bytes | None:
        self.name = name.decode("ascii", "replace").rstrip(".")
        self.content = self._look_up(self.name)
        return self.content


def _why_refused(record: _Record) -> tuple[Reason, str]:
    """dkimpy says no more than False here."""
    if record.content is None:
        return Reason.NOT_PUBLISHED, record.name
    try:
        tags = cast("dict[bytes, bytes]", parse_tag_value(record.content))
        if tags.get(b"p") == b"":
            return Reason.REVOKED, record.name
        dkim.evaluate_pk(record.name, record.content)
    except (dkim.DKIMException, InvalidTagValueList, binascii.Error, ValueError) as error:
        return Reason.RECORD_UNUSABLE, f"{record.name}: {_plain(error)}"
    return Reason.HEADER_CHANGED, ""


def _plain(error: Exception) -> str:
    text = str(error).encode("ascii", "backslashreplace").decode("ascii")
    return text[:200] or type(error).__name__
