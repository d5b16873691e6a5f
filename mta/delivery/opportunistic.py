"""The TLS context of opportunistic delivery.

Owns   one client context per process: no certificate is verified, since a false one is no worse than the plain text
       that we would fall back to (RFC 7435 §3; RFC 3207 §4.1).
"""

import ssl
from functools import lru_cache


@lru_cache(maxsize=1)
def opportunistic_context() -> ssl.SSLContext:
    """Any certificate, TLS 1.2 or newer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
