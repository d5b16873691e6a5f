"""The outcome hook: the operator's last word on what an attempt achieved.

Owns   HookedJudge, a `queue.judging.ReplyJudge` around another one.
Knows  nothing of the rules that judged before it.

Invariants
    Q7  Never raises; a faulty hook leaves the outcome as it was judged.
    Q3  What was delivered, or may have been, is never made to fail: the hook's answer is then a fault.
"""

from typing import assert_never

from msgspec.structs import replace

from ..mta.outcome import Deferred, Delivered, Failed, Outcome
from ..queue.judging import AttemptFacts, ReplyJudge
from .active import ActivePolicy
from .guard import GuardedHook, NoAnswer
from .hooks import GiveUp, OutcomeAnswer, OutcomeFacts, Retry


class HookedJudge:
    """Implements ReplyJudge: first the rules, then the outcome hook if there is one."""

    def __init__(self, judge: ReplyJudge, active: ActivePolicy) -> None:
        self._judge = judge
        self._active = active

    def judge(self, outcome: Outcome, facts: AttemptFacts) -> Outcome:
        judged = self._judge.judge(outcome, facts)
        hook = self._active.current.outcome
        return judged if hook is None else _ask(hook, judged, facts)


def _ask(hook: GuardedHook[OutcomeFacts, OutcomeAnswer], judged: Outcome, facts: AttemptFacts) -> Outcome:
    answer = hook.ask(OutcomeFacts(judged, facts.provider, facts.site, facts.domain, facts.mail_class.value))
    match answer:
        case None | NoAnswer.FAULT | NoAnswer.SWITCHED_OFF:
            return judged
        case _ if isinstance(judged, Delivered):
            hook.fault(f"{answer!r}, but the message was delivered")
            return judged
        case Retry():
            return _deferred(judged, answer)
        case GiveUp() if isinstance(judged, Deferred) and judged.ambiguous:
            hook.fault("gave up a message that may have arrived")
            return judged
        case GiveUp():
            return _failed(judged, answer)
        case _:
            assert_never(answer)


def _deferred(judged: Deferred | Failed, answer: Retry) -> Deferred:
    if isinstance(judged, Deferred):
        return replace(judged, retry_after_seconds=answer.after_seconds or judged.retry_after_seconds)
    return Deferred(
        judged.stage,
        judged.scope,
        judged.reply,
        judged.why,
        judged.peer,
        category=judged.category,
        retry_after_seconds=answer.after_seconds,
    )


def _failed(judged: Deferred | Failed, answer: GiveUp) -> Failed:
    return Failed(judged.stage, judged.scope, judged.reply, answer.why, judged.peer, judged.category)
