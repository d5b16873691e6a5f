"""TLS towards MX hosts: what is checked, and sessions that are resumed.

Owns   one client context per process for each way of checking, with the last session of each host, bounded.
Knows  no socket. A false certificate is no worse than the plain text that opportunistic delivery would fall back to
       (RFC 7435 §3), so only TlsLevel.VERIFIED looks at certificates; its sessions are its own.

The event loops give a handshake no session (`loop.start_tls` has no argument for one), but both make the TLS object by
calling the context's `wrap_bio`: there the context puts in the session that it knows for this host.
RFC 3207 §4.1, RFC 6066 §3 (SNI: the MX host's name), RFC 8446 §2.2 (resumption).
"""

import ssl
from collections import OrderedDict
from functools import lru_cache

from .egress import TlsLevel

_MAX_SESSIONS = 1000


class ResumingContext(ssl.SSLContext):
    """A client context that offers each server the session it had with it last."""

    sessions: OrderedDict[str, ssl.SSLSession]

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        known = self.sessions.get(str(server_hostname)) if session is None else session
        return super().wrap_bio(incoming, outgoing, server_side, server_hostname, known)

    def keep(self, host: str, tls: ssl.SSLObject) -> None:
        """The session of this connection, for the next one; asked at its end, since tickets come after a handshake."""
        session = tls.session
        if session is None:
            return
        self.sessions[host] = session
        self.sessions.move_to_end(host)
        if len(self.sessions) > _MAX_SESSIONS:
            self.sessions.popitem(last=False)


@lru_cache(maxsize=2)
def _context(*, verified: bool) -> ResumingContext:
    context = ResumingContext(ssl.PROTOCOL_TLS_CLIENT)  # TLS 1.2 or newer
    context.sessions = OrderedDict()
    if verified:
        context.load_default_certs()
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def context_for(level: TlsLevel) -> ResumingContext:
    return _context(verified=level is TlsLevel.VERIFIED)
