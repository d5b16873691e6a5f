"""Secrets and their verifiers.

Owns   making random secrets, hashing chosen ones (argon2id), and checking a secret against a verifier.
Knows  no account. A verifier starts with "$argon2" or "sha256:".
RFC 9106 §4 (argon2); the cost is OWASP's second choice, 19 MiB and two passes: two at once are all a small machine
gives away (DECISIONS).
"""

import hashlib
import hmac
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_CHOSEN_LENGTH = 8
_SHA256 = "sha256:"
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def random_secret() -> str:
    """256 bits, in letters that survive a double click and every client's password field."""
    return secrets.token_hex(32)


def readable_password() -> str:
    """About 100 bits in groups, for a person to read once and type."""
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))


def chosen_verifier(password: str) -> str:
    """Takes tens of milliseconds."""
    return _HASHER.hash(password.encode())


def random_verifier(secret: str) -> str:
    return _SHA256 + hashlib.sha256(secret.encode()).hexdigest()


def matches_random(verifier: str, secret: bytes) -> bool:
    """Constant time."""
    return hmac.compare_digest(verifier.encode(), (_SHA256 + hashlib.sha256(secret).hexdigest()).encode())


def matches_chosen(verifier: str, password: bytes) -> bool:
    """Takes tens of milliseconds and 19 MiB: `verification` bounds how many run at once."""
    try:
        return _HASHER.verify(verifier, password)
    except (VerificationError, InvalidHashError):
        return False
