"""The key ring: which keys sign a message.

Owns   the keys by author domain, reading them at start and on reload, and the choice of the domain that signs.
Knows  nothing of who may use a domain: submission has refused a From that is not the account's before this is asked.
Invariants
    A domain signs only for itself: exact match, no parent domains (that is what DMARC's strict alignment wants).
    Every key of a domain signs. So a key is rolled by adding the new one, publishing it, and later moving the old file
    away; while a new record is not yet visible, the old signature still passes.
    A ring is never half read: a fault in one file raises, and the old ring stays in use.
RFC 6376 §3.1 (selectors), RFC 5322 §3.6.2 (Sender with several authors), RFC 8463 §5 (both algorithms).
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from ..address import AddressError, normalise_domain
from ..envelope import Domain
from ..message.headers import HeaderError, author_addresses, sender_address
from .key import Algorithm, KeyFault, SigningKey, from_pem, normalise_selector
from .sign import sign

_SUFFIX = ".pem"


class KeyFileError(Exception):
    """A key file cannot be used; str() is one sentence that names it."""


class KeyEntry(Protocol):
    """One [[dkim]] table of the configuration."""

    @property
    def domain(self) -> str: ...
    @property
    def selector(self) -> str: ...
    @property
    def key_file(self) -> Path: ...


class KeyRing:
    """The keys of all domains. Immutable: a reload makes another ring."""

    def __init__(self, keys: Iterable[SigningKey] = ()) -> None:
        """Of two keys with one record name the first one counts."""
        named: dict[str, SigningKey] = {}
        for key in keys:
            named.setdefault(key.record_name, key)
        by_domain: dict[Domain, list[SigningKey]] = {}
        for key in named.values():
            by_domain.setdefault(key.domain, []).append(key)
        self._keys = {domain: tuple(sorted(found, key=_order)) for domain, found in by_domain.items()}

    def __repr__(self) -> str:
        return f"<KeyRing {sum(map(len, self._keys.values()))} keys for {len(self._keys)} domains>"

    @classmethod
    def read(cls, entries: Sequence[KeyEntry], folder: Path | None = None) -> "KeyRing":
        """The keys of the configuration, then those in `folder`/DOMAIN/SELECTOR.pem. Raises KeyFileError."""
        keys = [read_key(entry.domain, entry.selector, entry.key_file) for entry in entries]
        files = sorted(folder.glob(f"*/*{_SUFFIX}")) if folder is not None else []
        keys += [read_key(file.parent.name, file.name.removesuffix(_SUFFIX), file) for file in files]
        return cls(keys)

    def domains(self) -> tuple[Domain, ...]:
        """The domains that have a key."""
        return tuple(self._keys)

    def keys_for(self, author_domain: str) -> tuple[SigningKey, ...]:
        """The keys of exactly this domain, RSA first; empty when it has none."""
        return self._keys.get(Domain(author_domain), ())

    def keys_for_message(self, head: bytes) -> tuple[SigningKey, ...]:
        """The keys that sign a message with this head; empty also when its author cannot be told."""
        domain = signing_domain(head) if self._keys else None
        return self.keys_for(domain) if domain else ()

    def sign_message(self, head: bytes, body: bytes, now_s: int) -> bytes:
        """The signature fields to put before `head`; b"" when no key is to sign. See `sign.sign`."""
        keys = self.keys_for_message(head)
        return sign(head, body, keys, now_s) if keys else b""


def signing_domain(head: bytes) -> Domain | None:
    """The author domain; with authors in several domains that of Sender. None when it cannot be told."""
    try:
        domains = {_domain_of(address) for address in author_addresses(head)}
        if len(domains) == 1:
            return domains.pop()
        sender = sender_address(head)
        return _domain_of(sender) if domains and sender else None
    except (HeaderError, AddressError):
        return None


def read_key(domain: str, selector: str, file: Path) -> SigningKey:
    """One key. Raises KeyFileError."""
    try:
        return from_pem(normalise_domain(domain), normalise_selector(selector), file.read_bytes())
    except AddressError as error:
        raise KeyFileError(f"The DKIM key {file} is for '{domain}', and {error}.") from error
    except KeyFault as fault:
        raise KeyFileError(f"The DKIM key {file} {fault}.") from fault
    except OSError as error:
        raise KeyFileError(f"The DKIM key {file} cannot be read: {error.strerror}.") from error


def _domain_of(address: str) -> Domain:
    return normalise_domain(address.rpartition("@")[2])


def _order(key: SigningKey) -> tuple[bool, str]:
    """RSA first: some receivers look at the first signatures only, and not all know Ed25519."""
    return key.algorithm is not Algorithm.RSA, key.selector
