"""The operator log: one line per fact on standard error, key=value.

Owns   the format and where it goes.
Knows  no secret: callers log none.
"""

import contextlib
import logging
import os
import sys
import time


class LineHandler(logging.Handler):
    """Writes each line with one system call: half the price of logging's own stream handler, and never torn."""

    def __init__(self) -> None:
        super().__init__()
        self._second = 0
        self._stamp = ""

    def emit(self, record: logging.LogRecord) -> None:
        line = f"{self._time(record.created)}{record.levelname} {record.name} {record.getMessage()}\n"
        if record.exc_info:
            line += logging.Formatter().formatException(record.exc_info) + "\n"
        with contextlib.suppress(OSError):  # nobody reads our standard error any more
            os.write(sys.stderr.fileno(), line.encode("utf-8", "backslashreplace"))

    def _time(self, created: float) -> str:
        second = int(created)
        if second != self._second:
            self._second = second
            self._stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._stamp}.{int(created % 1 * 1000):03d}Z "


def start_logging(level: int = logging.INFO) -> None:
    """Once per process."""
    logging._srcfile = None  # pyright: ignore - as logging's HOWTO says: no walk up the stack for each line
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger("youtong")
    root.handlers[:] = [LineHandler()]
    root.setLevel(level)
    root.propagate = False
