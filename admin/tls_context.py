"""The TLS context of our listeners.

Owns   loading the certificate and its key.
Knows  nothing of sessions, nor how a pair is made (admin.certificate). RFC 8314 §4.1 (TLS 1.2 at least).
"""

import ssl

from .config import Config


def server_context(config: Config) -> ssl.SSLContext:
    """The context of the listeners. Raises OSError or ssl.SSLError when the pair cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(config.certificate_file, config.key_file)
    return context
