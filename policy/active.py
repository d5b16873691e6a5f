"""The policy in force: the current generation of the operator's file, and how a new one takes its place.

Owns   the hooks as they are asked now, each behind its guard, and the generation number.
Knows  nothing of who asks.

Invariants
    Q7  A file that does not load changes nothing: `reload` raises PolicyError and the old generation stays.
    A hook that is not defined is None here, so asking costs one comparison.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from .deadline import Deadline
from .guard import GuardedHook
from .hooks import (
    Change,
    ConnectionFacts,
    GiveUp,
    MailFacts,
    MessageAnswer,
    MessageFacts,
    OutcomeAnswer,
    OutcomeFacts,
    RecipientFacts,
    Refusal,
    Retry,
    SessionAnswer,
)
from .policy_file import OnFault, PolicyFile

Facts = TypeVar("Facts")
Answer = TypeVar("Answer")


class Generation:
    """The guarded hooks of one loaded file; its counters start at nothing."""

    def __init__(self, file: PolicyFile, deadline: Deadline) -> None:
        self.file = file
        self.defers_on_fault = file.settings.on_fault is OnFault.DEFER
        self._deadline = deadline
        short, long = file.settings.budget_ms / 1000, file.settings.message_budget_ms / 1000
        self.connection: GuardedHook[ConnectionFacts, SessionAnswer] | None = self._guard(
            "connection", file.connection, (Refusal,), short
        )
        self.mail_from: GuardedHook[MailFacts, SessionAnswer] | None = self._guard(
            "mail_from", file.mail_from, (Refusal,), short
        )
        self.recipient: GuardedHook[RecipientFacts, SessionAnswer] | None = self._guard(
            "recipient", file.recipient, (Refusal,), short
        )
        self.message: GuardedHook[MessageFacts, MessageAnswer] | None = self._guard(
            "message", file.message, (Refusal, Change), long
        )
        self.outcome: GuardedHook[OutcomeFacts, OutcomeAnswer] | None = self._guard(
            "outcome", file.outcome, (Retry, GiveUp), short
        )

    def _guard(
        self, name: str, hook: Callable[[Facts], Answer] | None, answers: tuple[type, ...], budget_seconds: float
    ) -> GuardedHook[Facts, Answer] | None:
        if hook is None:
            return None
        return GuardedHook(
            name,
            hook,
            answers,
            path=self.file.path,
            budget_seconds=budget_seconds,
            faults_until_off=self.file.settings.faults_until_off,
            deadline=self._deadline,
        )

    def faults(self) -> dict[str, int]:
        """Faults since the file was loaded, for each hook that exists."""
        hooks = (self.connection, self.mail_from, self.recipient, self.message, self.outcome)
        return {hook.name: hook.faults for hook in hooks if hook is not None}


class ActivePolicy:
    """Holds the generation in force. `current` is replaced whole, never changed."""

    def __init__(self, path: Path, deadline: Deadline, source: bytes | None = None) -> None:
        """`source`: what the file said when it was taken into use. Raises PolicyError."""
        self._deadline = deadline
        self.number = 1
        self.current = Generation(PolicyFile.load(path, deadline, source), deadline)

    def reload(self, path: Path | None = None, source: bytes | None = None) -> Generation:
        """Read the file (or another) anew. Raises PolicyError, and then the old generation goes on."""
        file = PolicyFile.load(path or self.current.file.path, self._deadline, source)
        self.current = Generation(file, self._deadline)
        self.number += 1
        return self.current
