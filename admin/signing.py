"""The signer of the workers: the key ring in force, as queue's port Signer.

Owns   where keys lie (configuration, then data_dir/dkim) and replacing the ring on reload.
Knows  nothing of how a signature is made (mta.dkim).
"""

from pathlib import Path

from ..mta.clock import Clock
from ..mta.dkim.keyring import KeyRing
from .config import Config


def key_folder(config: Config) -> Path:
    return config.server.data_dir / "dkim"


def read_ring(config: Config) -> KeyRing:
    """The keys as they are now. Raises KeyFileError."""
    return KeyRing.read(config.dkim, key_folder(config))


class RingSigner:
    """Implements queue.signing.Signer."""

    def __init__(self, ring: KeyRing, clock: Clock) -> None:
        self.ring = ring
        self._clock = clock

    def sign(self, head: bytes, body: bytes) -> bytes:
        return self.ring.sign_message(head, body, self._clock.now_ms() // 1000)
