"""A time budget for foreign code in our own thread: an alarm signal that raises inside it.

Owns   SIGALRM and ITIMER_REAL while a budgeted call runs, and the exception HookTimeout.
Knows  nothing of hooks or mail.

Invariants
    Q7  A call ends soon after its budget, also in an endless loop or a runaway regular expression (`re` looks for
        signals). It raises nowhere else: the handler raises only while a call is armed *and* the interrupted frame
        lies below `call`, so a signal that comes a moment too late is swallowed and cannot hit our own code.
    A call that swallows the exception is hit again every REPEAT_SECONDS.
    A timer that somebody else had set is set again afterwards, less the time that passed, and its handler is called.

What cannot be stopped: one long call into C that never looks for signals (a host name look-up, 9**9**9). A thread
cannot be stopped at all and slows every socket call; another process would cost more than most hooks do.

Interrupted system calls are restarted by Python itself, after the handler ran. SA_RESTART (siginterrupt False) would
restart them in the kernel, and a hook blocked in read() would never see its end.
"""

import importlib
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

Argument = TypeVar("Argument")
Result = TypeVar("Result")

REPEAT_SECONDS = 0.01

# signal.getsignal tries to make an enum member of a function on every call: 2.3 µs instead of 0.02.
_current_handler: Callable[[int], object] = importlib.import_module("_signal").getsignal


class HookTimeout(BaseException):
    """The budget is used up. Not an Exception, so that `except Exception` in a hook lets it pass."""


class Deadline:
    """Runs calls under a time budget. One per process, used by its main thread only."""

    def __init__(self) -> None:
        assert threading.current_thread() is threading.main_thread(), "alarm signals reach the main thread only"
        self._armed = False
        self._handler = self._on_alarm  # one bound method, so that `is` can compare it
        self._displaced: Callable[[int, FrameType | None], object] | None = None

    def call(self, budget_seconds: float, function: Callable[[Argument], Result], argument: Argument) -> Result:
        """function(argument). Raises HookTimeout when the budget is over; not re-entrant."""
        if _current_handler(signal.SIGALRM) is not self._handler:
            self._install()
        started = 0.0
        others = (0.0, 0.0)
        try:
            self._armed = True
            others = signal.setitimer(signal.ITIMER_REAL, budget_seconds, REPEAT_SECONDS)
            if others[0]:
                started = time.monotonic()
            return function(argument)
        finally:
            # No call of a Python function between here and the end: the handler spares this frame, and only this one.
            self._armed = False
            if others[0]:
                signal.setitimer(signal.ITIMER_REAL, max(1e-6, others[0] - time.monotonic() + started), others[1])
            else:
                signal.setitimer(signal.ITIMER_REAL, 0)

    def _install(self) -> None:
        """Take the signal, and remember whose it was."""
        previous = signal.signal(signal.SIGALRM, self._handler)
        self._displaced = previous if callable(previous) else None

    def _on_alarm(self, number: int, frame: FrameType | None) -> None:
        if self._armed:
            if frame is not None and frame.f_code is not _CALL_CODE:
                raise HookTimeout
        elif self._displaced is not None:
            self._displaced(number, frame)


_CALL_CODE = Deadline.call.__code__
