"""What a listener of submission is told, whichever process it is in.

Owns   making SubmissionSettings from the configuration: of what all sessions may have together, each process gets a
       share.
"""

from dataclasses import replace
from ssl import SSLContext

from ..mta.submission.settings import SessionLimits, SubmissionSettings
from .config import Config


def submission_settings(config: Config, context: SSLContext) -> SubmissionSettings:
    """Limits on one client or session are whole in each process."""
    submission = config.submission
    shares = submission.processes or 1
    limits = SessionLimits()
    return SubmissionSettings(
        hostname=config.server.hostname,
        listen=tuple(map(str, submission.listen)),
        listen_tls=tuple(map(str, submission.listen_tls)),
        tls_context=context,
        max_message_size_bytes=submission.max_message_size,
        memory_bytes=submission.memory // shares,
        limits=replace(limits, max_connections=-(-limits.max_connections // shares)),
    )
