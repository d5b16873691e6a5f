"""One hook behind its bulkhead: called under its time budget, its answer checked, its faults counted.

Owns   the circuit breaker of a hook, and the one log line per fault.
Knows  nothing of SMTP: its caller says which answers make sense, and what NO_ANSWER shall mean.

Invariants
    Q7  `ask` never raises. A faulty hook costs at most the message at hand (settings.on_fault), and after
        `faults_until_off` faults in a row it is switched off until the file is loaded anew, with one loud line.
"""

import logging
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Generic, TypeVar

from .deadline import Deadline
from .policy_file import describe, line_in

log = logging.getLogger("youtong.policy")

Facts = TypeVar("Facts")
Answer = TypeVar("Answer")
Thing = TypeVar("Thing")


class NoAnswer(Enum):
    """Why a hook said nothing usable."""

    FAULT = "fault"  # it raised, took too long or answered nonsense
    SWITCHED_OFF = "switched-off"  # too many faults in a row


class GuardedHook(Generic[Facts, Answer]):
    """A hook that can do no harm. `answers` are the types it may return."""

    def __init__(
        self,
        name: str,
        hook: Callable[[Facts], Answer],
        answers: tuple[type, ...],
        *,
        path: Path,
        budget_seconds: float,
        faults_until_off: int,
        deadline: Deadline,
    ) -> None:
        self.name = name
        self.faults = 0  # since the file was loaded
        self.is_off = False
        self._hook = hook
        self._answers = answers
        self._path = path
        self._budget_seconds = budget_seconds
        self._faults_until_off = faults_until_off
        self._faults_in_a_row = 0
        self._faults_before = 0  # in a row, when the newest answer came: it may turn out to be one more
        self._deadline = deadline

    def __repr__(self) -> str:
        return f"<GuardedHook {self.name} {'off' if self.is_off else 'on'} {self.faults} faults>"

    def ask(self, facts: Facts) -> Answer | NoAnswer:
        """The hook's answer. Never raises."""
        if self.is_off:
            return NoAnswer.SWITCHED_OFF
        try:
            answer = self._deadline.call(self._budget_seconds, self._hook, facts)
        except KeyboardInterrupt:
            raise  # the operator's Ctrl-C, not the hook's
        except BaseException as error:  # noqa: BLE001 - bulkhead: one hook call, foreign code
            return self._fault(self._in_words(describe, error), line_in(self._path, error.__traceback__))
        if answer is not None and not isinstance(answer, self._answers):
            return self._fault(f"answered nonsense: {self._in_words(repr, answer)[:80]}", 0)
        self._faults_before, self._faults_in_a_row = self._faults_in_a_row, 0
        return answer

    def _in_words(self, words: Callable[[Thing], str], thing: Thing) -> str:
        """What words say of a thing of the hook's, which may have words of its own that raise or do not end."""
        try:
            return self._deadline.call(self._budget_seconds, words, thing)
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - bulkhead: foreign code once more
            return type(thing).__name__

    def fault(self, problem: str) -> NoAnswer:
        """For the caller: the type of the newest answer was right, but it makes no sense here."""
        self._faults_in_a_row = self._faults_before
        return self._fault(problem, 0)

    def _fault(self, problem: str, line: int) -> NoAnswer:
        self.faults += 1
        self._faults_in_a_row += 1
        place = f"{self._path.name}:{line}" if line else self._path.name
        log.warning("hook=%s fault=%r at=%s faults=%d", self.name, problem, place, self.faults)
        if self._faults_in_a_row >= self._faults_until_off:
            self.is_off = True
            log.error(
                "hook=%s SWITCHED OFF after %d faults in a row; mail goes on without it; repair %s and reload",
                self.name,
                self._faults_in_a_row,
                self._path,
            )
        return NoAnswer.FAULT
