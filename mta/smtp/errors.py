"""Faults of a dialog: the peer's, and ours.

Owns   the exceptions. A PeerError becomes an outcome at one place, `mta.delivery.attempt`; a LocalProtocolError means
       that we are wrong and goes to a bulkhead.
"""


class PeerError(Exception):
    """The other end, or the network between, broke the dialog. str() is a clause of ASCII English."""


class RemoteProtocolError(PeerError):
    """The peer said what no SMTP server may say here."""


class PeerTimeout(PeerError):
    """The peer took longer than the step allows."""


class PeerDisconnected(PeerError):
    """End of file, reset, or unreachable in the middle of the dialog."""


class TlsFailed(PeerError):
    """STARTTLS was agreed upon and what the peer then said was not TLS, or none that we speak."""


class TlsUnavailable(PeerError):
    """TLS is required of this peer, and it has none for us."""


class TlsWanted(PeerError):
    """The peer requires TLS of us, offers it, and we speak in the clear: as for now it cannot take the mail."""


class LocalProtocolError(Exception):
    """We were about to say what the protocol forbids, or drove a session in the wrong state."""
