"""What a submission listener is told at its start.

Owns    `SubmissionSettings` and its limits, each with the reason for its default.
Knows   nothing of TOML; `admin` makes it from the [submission] section.
"""

import ssl
from dataclasses import dataclass, field

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class SessionLimits:
    """What one client may do. The defaults are those of the large open servers where they agree."""

    max_recipients: int = 1000  # a message; RFC 5321 §4.5.3.1.8 wants at least 100
    max_bad_commands: int = 20  # a session; then 421 (Postfix: smtpd_hard_error_limit)
    max_auth_failures: int = 3  # a session; then 421: guessing costs a connection each
    max_useless_commands: int = 100  # without a message or a recipient taken (Postfix: smtpd_junk_command_limit)
    max_commands: int = 1_000_000  # a session: a program that keeps one for ever begins anew some day
    max_commands_before_login: int = 20  # of a client that must log in
    login_seconds: float = 60  # until then it must have
    failures_before_slowing: int = 60  # bad commands and logins from an address in ten minutes
    slow_greeting_seconds: float = 5  # what each of its connections then waits
    idle_seconds: float = 300  # RFC 5321 §4.5.3.2.7
    slow_seconds: float = 60  # after that, content must have come at the rate below
    min_octets_per_second: int = 100  # slower than any modem: only who wants to hold a connection sends like that
    transaction_seconds: float = 3600  # from MAIL to the end of content
    memory_wait_seconds: float = 20  # how long DATA waits for the memory budget, then 452
    max_connections: int = 1000
    max_connections_per_client: int = 200


@dataclass(frozen=True)
class SubmissionSettings:
    """Addresses are "host:port" or "[v6]:port"; port 0 takes a free one. `listen_tls` needs a `tls_context`."""

    hostname: str
    listen: tuple[str, ...] = ()
    listen_tls: tuple[str, ...] = ()
    tls_context: ssl.SSLContext | None = None
    max_message_size_bytes: int = 25 * MEBIBYTE
    memory_bytes: int = 64 * MEBIBYTE
    limits: SessionLimits = field(default_factory=SessionLimits)

    def __post_init__(self) -> None:
        assert self.tls_context is not None or not self.listen_tls, "implicit TLS needs a certificate"
