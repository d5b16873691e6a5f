"""What the end of a session teaches about its host.

Owns   the rules: which ending shows which quirk, and for how long it is believed.
Knows  no job: what becomes of the transactions is the lane's.

A host is only taught down (no TLS, no PIPELINING, no EHLO) by an accident for minutes: it may be one, or somebody who
wants the mail in the clear. Where TLS is required nothing is taught down.
RFC 7435 §3 (plain rather than nothing), RFC 2920 §3.1, RFC 5321 §4.1.1.1 (HELO for old servers).
"""

from ..outcome import Stage
from ..smtp.client import ClientSession
from ..smtp.errors import PeerDisconnected, PeerError, RemoteProtocolError, TlsFailed, TlsWanted
from .attempt import Ending
from .egress import TlsLevel
from .host_memory import HostMemory, Quirk

_ACCIDENT_SECONDS = 600.0
_TLS_IS_WRONG_SECONDS = 3 * 86_400.0  # a peer whose TLS is no TLS is mended by people
_LOST_STEP_SECONDS = 6 * 3600.0  # so is one whose replies do not fit our commands


def learn_from_opening(session: ClientSession, ending: Ending, level: TlsLevel, memory: HostMemory) -> bool:
    """From a session that never was ready. True: the same address deserves another try, in another manner."""
    if level is not TlsLevel.OPPORTUNISTIC or not isinstance(ending, PeerError):
        return False  # the peer said no, or we stopped
    found = _quirk_before_ready(session, ending)
    host = session.peer.host
    if found is None or memory.has(host, found[0]):
        return False
    memory.remember(host, *found)
    return True


def _quirk_before_ready(session: ClientSession, ending: PeerError) -> tuple[Quirk, float] | None:
    lost = isinstance(ending, PeerDisconnected | RemoteProtocolError)
    match session.stage:
        case Stage.TLS:
            wrong = isinstance(ending, TlsFailed)
            return Quirk.BREAKS_TLS, _TLS_IS_WRONG_SECONDS if wrong else _ACCIDENT_SECONDS
        case Stage.EHLO if lost and session.peer.tls:  # some refuse our side of the handshake only now
            return Quirk.BREAKS_TLS, _ACCIDENT_SECONDS
        case Stage.EHLO if lost:
            return Quirk.CLOSES_ON_EHLO, _ACCIDENT_SECONDS
        case _:
            return None


def learn_from_session(session: ClientSession, ending: Ending, memory: HostMemory) -> bool:
    """From a session that was ready. True: it broke PIPELINING, so what it left before a dot deserves a step-by-step
    try that costs no attempt."""
    host = session.peer.host
    if isinstance(ending, TlsWanted):
        memory.forget(host, Quirk.BREAKS_TLS)
    elif isinstance(ending, PeerError) and session.left_unanswered:
        lost_step = isinstance(ending, RemoteProtocolError)
        memory.remember(host, Quirk.BREAKS_PIPELINING, _LOST_STEP_SECONDS if lost_step else _ACCIDENT_SECONDS)
        return True
    return False
