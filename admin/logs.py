"""The operator log: one line per fact on standard error, key=value.

Owns   the format and where it goes.
Knows  no secret: callers log none.
"""

import logging
import sys


def start_logging(level: int = logging.INFO) -> None:
    """Once per process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger("youtong")
    root.handlers[:] = [handler]
    root.setLevel(level)
    root.propagate = False
