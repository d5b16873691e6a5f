"""Verifying: whether the signatures of a message hold, and if not, why.

Owns   a Verdict for each DKIM-Signature field, in words a postmaster can act on.
Knows  nothing of DNS: the caller looks up the records. The judging is dkimpy's, so that our signer is never checked by
       our own reading of the RFC; Ed25519 needs its pynacl extra. Not for the hot path (dkimpy's RSA is pure Python).
RFC 6376 §6.1 (steps), §3.6.1 (records); RFC 8463.
"""

import binascii
import logging
from collections.abc import Callable
from typing import Any, cast

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


class Verdict(msgspec.Struct, frozen=True):
    """What became of one signature; `temporary` when a later try may say otherwise."""

    domain: str
    selector: str
    algorithm: str
    passed: bool
    why: str = ""  # ASCII English, "" when it passed
    temporary: bool = False


def verify(message: bytes, look_up: LookUpTxt) -> list[Verdict]:
    """One verdict for each signature, top to bottom. Never raises for what a message or record holds."""
    try:
        parsed = dkim.DKIM(message, logger=_log)
        headers = cast("list[tuple[bytes, bytes]]", parsed.headers)
        count = sum(name.lower() == b"dkim-signature" for name, _ in headers)
    except Exception as error:  # noqa: BLE001 - dkimpy raises many kinds for hostile octets
        return [Verdict("", "", "", passed=False, why=f"the header section cannot be read: {_plain(error)}")]
    return [_verdict(message, index, look_up) for index in range(count)]


def _verdict(message: bytes, index: int, look_up: LookUpTxt) -> Verdict:
    checked = dkim.DKIM(message, logger=_log)
    record = _Record(look_up)
    passed, temporary, why = False, False, ""
    try:
        passed = bool(checked.verify(idx=index, dnsfunc=record.look_up))
        why = "" if passed else _why_refused(checked, record)
        if passed and b"from" not in checked.include_headers:  # RFC 6376 §5.4: dkimpy does not ask for it
            passed, why = False, "the signature does not cover From"
    except LookUpFailed as error:
        temporary, why = True, f"the public key could not be looked up: {error}"
    except dkim.DKIMException as error:
        why = _why_raised(error)
    except Exception as error:  # noqa: BLE001 - dkimpy raises many kinds for hostile octets
        why = f"the signature or its record cannot be read: {_plain(error)}"
    tags = cast("dict[bytes, bytes]", checked.signature_fields)
    domain, selector, algorithm = (tags.get(tag, b"").decode("ascii", "replace") for tag in (b"d", b"s", b"a"))
    return Verdict(domain, selector, algorithm, passed, why, temporary)


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


def _why_refused(checked: Any, record: _Record) -> str:
    """dkimpy says no more than False here."""
    if record.content is None:
        return f"no public key is published at {record.name}"
    try:
        tags = cast("dict[bytes, bytes]", parse_tag_value(record.content))
        if tags.get(b"p") == b"":
            return f"the key at {record.name} was revoked (empty p=)"
        dkim.evaluate_pk(record.name, record.content)
    except (dkim.DKIMException, InvalidTagValueList, binascii.Error, ValueError) as error:
        return f"the record at {record.name} holds no usable key: {_plain(error)}"
    return "the signature does not fit: a signed header field was changed, or the published key is another one"


def _why_raised(error: Exception) -> str:
    text = _plain(error)
    if "body hash mismatch" in text:
        return "the body was changed after signing (body hash differs)"
    return f"the signature cannot be judged: {text}"


def _plain(error: Exception) -> str:
    text = str(error).encode("ascii", "backslashreplace").decode("ascii")
    return text[:200] or type(error).__name__
