"""The TLS handshake of a connection that agreed upon STARTTLS.

Owns   the call of the event loop, and what its many failures mean.
Knows  nothing of what is done without TLS.
RFC 3207 §4, RFC 8446 §6 (alerts).
"""

import asyncio
import ssl

from ..smtp.errors import PeerDisconnected, PeerError, PeerTimeout, TlsFailed
from .tls import ResumingContext

_SHUTDOWN_SECONDS = 1.0


async def shake_hands(
    plain: asyncio.Transport, protocol: asyncio.BaseProtocol, context: ResumingContext, host: str, seconds: float
) -> asyncio.Transport | PeerError:
    """The encrypted transport, or why there is none. SNI and a verified name are `host`."""
    try:
        encrypted = await asyncio.get_running_loop().start_tls(
            plain,
            protocol,
            context,
            server_hostname=host or None,
            ssl_handshake_timeout=seconds,
            ssl_shutdown_timeout=_SHUTDOWN_SECONDS,
        )
    except Exception as error:  # noqa: BLE001 - whatever ssl, socket or loop raise is a failed handshake
        return _ending(error)
    return encrypted or _ending(None)


def _ending(error: Exception | None) -> PeerError:
    """TlsFailed only for what the TLS library found wrong: a reset, an end of file or silence says nothing of TLS."""
    why = f"the TLS handshake failed: {error or 'connection lost'}"
    match error:
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError() | ssl.SSLSyscallError():
            return PeerDisconnected(why)
        case ssl.SSLError():
            return TlsFailed(why)
        case TimeoutError() | ConnectionAbortedError():  # the latter is the event loop's own time-out
            return PeerTimeout(why)
        case _:
            return PeerDisconnected(why)
