"""Signing keys: what signs for a domain, and the record that lets receivers check it.

Owns   SigningKey, its PEM form, generation, and the TXT record of its public half.
Knows  nothing of folders (`keyring`) or of messages (`sign`).
RFC 6376 §3.6.1 (record), RFC 8301 §3.2 (RSA sizes), RFC 8463 §3–4 (Ed25519).
"""

import base64
import re
from enum import StrEnum
from typing import assert_never

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from ..envelope import Domain

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
RSA_BITS = 2048  # 4096 does not fit into one UDP answer, and Gmail treats both alike
MIN_RSA_BITS = 1024  # RFC 8301 §3.2: verifiers refuse less
_TXT_STRING_OCTETS = 255  # RFC 1035 §3.3
_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_PADDING = padding.PKCS1v15()
_PREHASHED = Prehashed(hashes.SHA256())


class KeyFault(Exception):
    """A key that cannot sign; str() is one sentence without the place it came from."""


class Algorithm(StrEnum):
    """The a= tag."""

    RSA = "rsa-sha256"
    ED25519 = "ed25519-sha256"

    @property
    def key_type(self) -> str:
        """The k= tag of the record."""
        return self.value.removesuffix("-sha256")


class SigningKey:
    """A private key with the name under which its public half is published."""

    def __init__(self, domain: Domain, selector: str, private_key: PrivateKey) -> None:
        self.domain = domain
        self.selector = selector
        self._private_key = private_key
        match private_key:
            case rsa.RSAPrivateKey():
                self.algorithm = Algorithm.RSA
            case ed25519.Ed25519PrivateKey():
                self.algorithm = Algorithm.ED25519
            case _:
                assert_never(private_key)

    def __repr__(self) -> str:
        return f"<SigningKey {self.record_name} {self.algorithm}>"

    @property
    def record_name(self) -> str:
        """Where the record is published."""
        return f"{self.selector}._domainkey.{self.domain}"

    def sign_digest(self, digest: bytes) -> bytes:
        """The signature of a SHA-256 digest; Ed25519 signs the digest as its message (RFC 8463 §3)."""
        key = self._private_key
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(digest, _PADDING, _PREHASHED)
        return key.sign(digest)

    def public_key_text(self) -> str:
        """The p= tag: SubjectPublicKeyInfo for RSA, the bare 32 octets for Ed25519 (RFC 8463 §4)."""
        key = self._private_key
        if isinstance(key, rsa.RSAPrivateKey):
            octets = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        else:
            octets = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b64encode(octets).decode("ascii")

    def pem(self) -> bytes:
        """PKCS #8, not encrypted: the file's mode guards it."""
        return self._private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def generate(domain: Domain, selector: str, algorithm: Algorithm) -> SigningKey:
    """A new key. RSA takes about 0.1 s."""
    match algorithm:
        case Algorithm.RSA:
            return SigningKey(domain, selector, rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS))
        case Algorithm.ED25519:
            return SigningKey(domain, selector, ed25519.Ed25519PrivateKey.generate())
        case _:
            assert_never(algorithm)


def from_pem(domain: Domain, selector: str, pem: bytes) -> SigningKey:
    """A key from PKCS #8, or PKCS #1 for RSA. Raises KeyFault."""
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise KeyFault("is encrypted with a password, and a server cannot ask for one") from None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFault("holds no private key in PEM form") from error
    if not isinstance(key, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise KeyFault("is neither an RSA nor an Ed25519 key")
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < MIN_RSA_BITS:
        raise KeyFault(f"has {key.key_size} bits, and receivers refuse RSA keys below {MIN_RSA_BITS}")
    return SigningKey(domain, selector, key)


def normalise_selector(text: str) -> str:
    """Lower case, as DNS compares it. Raises KeyFault for what cannot stand in a domain name (RFC 6376 §3.1)."""
    selector = text.lower()
    if len(selector) > 63 or not _SELECTOR.fullmatch(selector):
        raise KeyFault(f"has the selector '{text}', which cannot be part of a domain name")
    return selector


def public_record(key: SigningKey) -> str:
    """The content of the TXT record."""
    return f"v=DKIM1; k={key.algorithm.key_type}; p={key.public_key_text()}"


def txt_strings(content: str) -> tuple[str, ...]:
    """A TXT content cut into the strings that DNS carries; receivers join them without a space."""
    return tuple(
        content[start : start + _TXT_STRING_OCTETS] for start in range(0, len(content), _TXT_STRING_OCTETS)
    ) or ("",)


def zone_line(key: SigningKey) -> str:
    """The record for a zone file (RFC 1035 §5.1)."""
    strings = " ".join(f'"{string}"' for string in txt_strings(public_record(key)))
    return f"{key.record_name}. 3600 IN TXT ( {strings} )"
