"""What an inbound listener is told at its start.

Owns    the limits on sessions of strangers, each with the reason for its value.
Knows   nothing of TOML; `admin` makes them from the section [inbound].
"""

from ssl import SSLContext

from ..submission.settings import SessionLimits, SubmissionSettings

LIMITS = SessionLimits(
    max_recipients=100,  # RFC 5321 §4.5.3.1.8 wants no less, and bounces have one
    max_bad_commands=20,  # a list of guessed addresses ends here (Postfix: smtpd_hard_error_limit)
    max_useless_commands=40,  # such a list, too, when it comes in many transactions
    idle_seconds=300,  # RFC 5321 §4.5.3.2.7
    max_connections=2000,  # a campaign's bounces and answers come from everywhere at once
    max_connections_per_client=50,  # as Postfix (smtpd_client_connection_count_limit)
)


def inbound_settings(
    hostname: str,
    listen: tuple[str, ...],
    tls_context: SSLContext,
    max_message_size_bytes: int,
    memory_bytes: int,
    limits: SessionLimits = LIMITS,
) -> SubmissionSettings:
    """STARTTLS only: implicit TLS is for people's clients."""
    return SubmissionSettings(
        hostname,
        listen,
        tls_context=tls_context,
        max_message_size_bytes=max_message_size_bytes,
        memory_bytes=memory_bytes,
        limits=limits,
    )
