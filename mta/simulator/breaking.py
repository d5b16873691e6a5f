"""Ways in which a host breaks a connection.

Owns   the socket's side of a reset, a half-close and a spoilt TLS handshake; each takes the transport it breaks.
Knows  nothing of when a host does so (`mta.simulator.interventions`, `mta.simulator.session`).
"""

import asyncio
import socket
import struct
from typing import Literal, assert_never

from .behaviours import StartTls

Spoilt = Literal[StartTls.GARBAGE, StartTls.RESET, StartTls.HANG]

_NO_TLS = b"\x00this is not a TLS record\r\n"


def abort_with_reset(transport: asyncio.Transport) -> None:
    """The peer gets RST instead of FIN."""
    handle: socket.socket = transport.get_extra_info("socket")
    handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def end_our_side(transport: asyncio.Transport) -> None:
    """The peer gets FIN, and may go on. Over TLS there is no such thing: both sides end."""
    if transport.can_write_eof():
        transport.write_eof()
    else:
        transport.close()


def spoil_handshake(transport: asyncio.Transport, how: Spoilt) -> None:
    """In answer to the client's first octets of TLS."""
    match how:
        case StartTls.GARBAGE:
            transport.write(_NO_TLS)
            transport.close()
        case StartTls.RESET:
            abort_with_reset(transport)
        case StartTls.HANG:
            pass  # says nothing
        case _:
            assert_never(how)
