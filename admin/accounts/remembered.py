"""Secrets that were right a short while ago.

Owns   a bounded memory of keyed hashes: a client that logs in for each mail costs one argon2, not one a mail.
Knows  no account. Keeps no secret: an HMAC under a key that lives and dies with the process. What is remembered counts
       only while the credential still has the verifier it had then, so no change of a password outlives itself here.
"""

import hashlib
import hmac
import secrets
from collections import OrderedDict

from ...mta.clock import Clock
from .account import Credential

REMEMBER_SECONDS = 600.0
CAPACITY = 10_000


class RememberedSecrets:
    """Which credential a (user name, secret) opened."""

    def __init__(self, clock: Clock, *, seconds: float = REMEMBER_SECONDS, capacity: int = CAPACITY) -> None:
        self._clock = clock
        self._seconds = seconds
        self._capacity = capacity
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, tuple[int, str, float]] = OrderedDict()

    def mark(self, username: str, secret: bytes) -> bytes:
        """A keyed hash of the pair; says nothing to whoever lacks the key."""
        name = username.lower().encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, len(name).to_bytes(4, "big") + name + secret, hashlib.sha256)

    def remember(self, mark: bytes, credential: Credential) -> None:
        self._known[mark] = (credential.id, credential.verifier, self._clock.monotonic() + self._seconds)
        self._known.move_to_end(mark)
        while len(self._known) > self._capacity:
            self._known.popitem(last=False)

    def credential_id(self, mark: bytes) -> int | None:
        """The credential that this mark opened in the last minutes; its holder checks `still_opens`."""
        known = self._known.get(mark)
        if known is None:
            return None
        if known[2] <= self._clock.monotonic():
            del self._known[mark]
            return None
        return known[0]

    def still_opens(self, mark: bytes, credential: Credential | None) -> bool:
        """Whether the credential is as it was when the secret was checked."""
        known = self._known.get(mark)
        return known is not None and credential is not None and known[:2] == (credential.id, credential.verifier)
