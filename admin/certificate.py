"""The TLS certificate: made self-signed at first start when none is configured.

Owns   making the pair in data_dir/tls. It is loaded by admin.tls_context, which a process can import for less.
Knows  nothing of sessions.
"""

import datetime
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .config import Config

_VALID_DAYS = 3650


def ensure_certificate(config: Config) -> bool:
    """Make the pair if the configuration names none and there is none yet; says whether it did. Raises OSError."""
    if config.tls.certificate_file is not None or config.certificate_file.exists():
        return False
    config.certificate_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write_private(config.key_file, private)
    certificate = _self_signed(key, config.server.hostname)
    config.certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return True


def _self_signed(key: ec.EllipticCurvePrivateKey, hostname: str) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hostname[:64])])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName(each) for each in dict.fromkeys((hostname, "localhost"))]
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=_VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )


def _write_private(path: Path, octets: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
