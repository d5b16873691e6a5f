"""What a process that serves submission sessions inherits and is told.

Owns   ChildFiles, on the command line of admin.serve_submission.
"""

import msgspec


class ChildFiles(msgspec.Struct, frozen=True):
    """Descriptors, and how the names of its files in the spool begin."""

    pair: int
    plain: tuple[int, ...]
    tls: tuple[int, ...]
    spool_prefix: str
