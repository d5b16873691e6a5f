"""The simulated hosts' certificates: self-signed, made at their first use, gone at the end.

Owns   one TLS server context for each way in which a provider's `Dialog` may want it; providers that want the same
       share it.
TLS 1.0 needs OpenSSL's lowest security level: its handshake is signed with SHA-1.
"""

import ssl
import tempfile
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ..clock import Clock
from .behaviours import Certificate, TlsVersions
from .settings import Dialog

_LIFE = timedelta(days=30)
_ELSEWHERE = "another-host.test"

Kind = tuple[Certificate, TlsVersions, bool]


class Certificates:
    """Contexts for these host names."""

    def __init__(self, names: Sequence[str], clock: Clock) -> None:
        self._names, self._clock = names, clock
        self._contexts: dict[Kind, ssl.SSLContext] = {}

    def context(self, dialog: Dialog) -> ssl.SSLContext:
        """What a provider with this dialog does a handshake with."""
        kind = (dialog.certificate, dialog.tls_versions, dialog.tls_tickets)
        if not dialog.tls_tickets:
            return self._made(*kind)  # TLS 1.2 resumes from the context's memory too: each handshake has its own
        if kind not in self._contexts:
            self._contexts[kind] = self._made(*kind)
        return self._contexts[kind]

    def _made(self, certificate: Certificate, versions: TlsVersions, tickets: bool) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if versions is TlsVersions.OLD:
            _speak_only_old(context)
        if not tickets:
            context.num_tickets = 0  # TLS 1.3
            context.options |= ssl.OP_NO_TICKET
        names = [_ELSEWHERE] if certificate is Certificate.OTHER_NAME else self._names
        began = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC) - timedelta(days=1)
        if certificate is Certificate.EXPIRED:
            began -= 2 * _LIFE
        with tempfile.TemporaryDirectory() as folder:  # the ssl module loads from files only
            chain = Path(folder, "simulator.pem")
            chain.write_bytes(_key_and_certificate(names, began))
            context.load_cert_chain(chain)
        return context


def _speak_only_old(context: ssl.SSLContext) -> None:
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():  # that TLS 1.0 is old is the point
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1


def _key_and_certificate(names: Sequence[str], began: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return secret + _self_signed(key, names, began).public_bytes(serialization.Encoding.PEM)


def _self_signed(key: ec.EllipticCurvePrivateKey, names: Sequence[str], began: datetime) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Youtong simulator")])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(began).not_valid_after(began + _LIFE)
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    return builder.add_extension(alternatives, critical=False).sign(key, hashes.SHA256())
