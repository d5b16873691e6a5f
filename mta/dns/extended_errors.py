"""Extended DNS errors: the codes with which a server explains itself.

Owns   the names of the codes, and which of them change what an answer means.
RFC 8914 §4 and the registry that it opened.
"""

from collections.abc import Sequence

from .message import ExtendedError

BOGUS = frozenset({5, 6, 7, 8, 9, 10, 11, 12})  # validation was tried and failed
BLOCKED = frozenset({4, 15, 16, 17, 18})  # the answer is the server's own, not the domain's
STALE_NXDOMAIN = 19  # was so once; now the domain's servers do not answer (RFC 8767 §4)
_NAMES = {
    0: "other error",
    1: "unsupported DNSKEY algorithm",
    2: "unsupported DS digest type",
    3: "stale answer",
    4: "forged answer",
    5: "DNSSEC indeterminate",
    6: "DNSSEC bogus",
    7: "signature expired",
    8: "signature not yet valid",
    9: "DNSKEY missing",
    10: "RRSIGs missing",
    11: "no zone key bit set",
    12: "NSEC missing",
    13: "cached error",
    14: "not ready",
    15: "blocked",
    16: "censored",
    17: "filtered",
    18: "prohibited",
    19: "stale NXDOMAIN answer",
    20: "not authoritative",
    21: "not supported",
    22: "no reachable authority",
    23: "network error",
    24: "invalid data",
}


def has_any(errors: Sequence[ExtendedError], codes: frozenset[int]) -> bool:
    return any(error.code in codes for error in errors)


def in_words(errors: Sequence[ExtendedError]) -> str:
    """What the server says of itself, like "DNSSEC bogus: no valid signature"; "" when it says nothing."""
    return ", ".join(_one(error) for error in errors[:3])


def _one(error: ExtendedError) -> str:
    name = _NAMES.get(error.code, f"extended error {error.code}")
    return f"{name}: {error.text}" if error.text else name
