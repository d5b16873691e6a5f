"""Crash points: named places where a test may kill the process.

Owns   `reach(name)`, which does nothing unless the environment arms it:
       YOUTONG_CRASH_FILE=FILE   while FILE says "name" or "name:3", the first (third) process to reach that point
                                 takes the file away and kills itself with SIGKILL, so that whoever is started after
                                 it lives; a test may write the file at any moment of a server's life. FILE.PID.died
                                 says who it was.
       YOUTONG_CRASH_LOG=FILE    each name is appended when it is reached for the first time, for coverage.
Knows  nothing of what happens around it. Names are "what.before" and "what.after"; tests/fakes/crash_points.py has
       them all.
Unarmed, a call costs one global look-up and a comparison; it is part of the product so that what is tested is
what runs.
"""

import os
import signal
import sys

_file = os.environ.get("YOUTONG_CRASH_FILE", "")
_log = os.environ.get("YOUTONG_CRASH_LOG", "")
_active = bool(_file or _log)
_armed = ""
_times = 0
_seen: set[str] = set()


def reach(name: str) -> None:
    """A step that a crash test can name is reached here."""
    if _active:
        _reach(name)


def _reach(name: str) -> None:
    if _log and name not in _seen:
        _seen.add(name)
        _append(name)
    if _file and _is_armed_for(name) and _take_file():
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGKILL)


def _append(name: str) -> None:
    descriptor = os.open(_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, f"{name}\n".encode())
    os.close(descriptor)


def _is_armed_for(name: str) -> bool:
    """Whether this is the time that the file means; each process counts for itself, anew for each text."""
    global _armed, _times
    try:
        with open(_file, encoding="ascii") as file:
            text = file.read().strip()
    except FileNotFoundError:
        text = ""
    if text != _armed:
        _armed, _times = text, 0
    wanted, _, count = text.partition(":")
    if name != wanted:
        return False
    _times += 1
    return _times == int(count or 1)


def _take_file() -> bool:
    """Only one process dies of one text."""
    try:
        os.rename(_file, f"{_file}.{os.getpid()}.died")
    except FileNotFoundError:
        return False
    return True
