"""Crash points: named places where a test may kill the process.

Owns   `reach(name)`, which does nothing unless the environment arms it: YOUTONG_CRASH_AT="name" or "name:3" (the third
       time) kills this process with SIGKILL; YOUTONG_CRASH_LOG=FILE appends each name reached, for coverage.
Knows  nothing of what happens around it. Names are "what.before" and "what.after".
Unarmed, a call costs one global look-up and a comparison; it is part of the product so that what is tested is
what runs.
"""

import os
import signal
import sys

_armed, _, _count = os.environ.get("YOUTONG_CRASH_AT", "").partition(":")
_log = os.environ.get("YOUTONG_CRASH_LOG", "")
_active = bool(_armed or _log)
_left = [int(_count or 1)]
_seen: set[str] = set()


def reach(name: str) -> None:
    """A step that a crash test can name is reached here."""
    if _active:
        _reach(name)


def _reach(name: str) -> None:
    if _log and name not in _seen:
        _seen.add(name)
        descriptor = os.open(_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, f"{name}\n".encode())
        os.close(descriptor)
    if name == _armed:
        _left[0] -= 1
        if _left[0] == 0:
            sys.stderr.flush()
            os.kill(os.getpid(), signal.SIGKILL)
