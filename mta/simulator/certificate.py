"""The simulated hosts' certificate: self-signed, made at start, gone at the end.

Owns   one TLS server context for all hosts.
"""

import ssl
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ..clock import Clock

_LIFE = timedelta(days=30)


def server_context(names: Sequence[str], clock: Clock) -> ssl.SSLContext:
    """A context for these host names."""
    key = ec.generate_private_key(ec.SECP256R1())
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = _self_signed(key, names, clock).public_bytes(serialization.Encoding.PEM)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:  # the ssl module loads from files only
        chain = Path(folder, "simulator.pem")
        chain.write_bytes(secret + public)
        context.load_cert_chain(chain)
    return context


def _self_signed(key: ec.EllipticCurvePrivateKey, names: Sequence[str], clock: Clock) -> x509.Certificate:
    now = datetime.fromtimestamp(clock.now_ms() / 1000, UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Youtong simulator")])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + _LIFE)
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    return builder.add_extension(alternatives, critical=False).sign(key, hashes.SHA256())
