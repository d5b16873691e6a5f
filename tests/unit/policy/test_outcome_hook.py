"""The outcome hook: the last word, within what is safe (Q3, Q7)."""

from pathlib import Path

import pytest
from fakes.policy import active_policy
from youtong.mta.outcome import Deferred, Delivered, Failed, Outcome, Scope, Stage
from youtong.mta.reply import reply
from youtong.policy.outcome_hook import HookedJudge
from youtong.queue.classes import MailClass
from youtong.queue.judging import AttemptFacts

FACTS = AttemptFacts("provider", "mx.partner.example", "partner.example", MailClass.PEOPLE)
DELIVERED = Delivered(reply(250, "2.0.0", "ok"))
DEFERRED = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(450, "4.2.1", "later"), category="rate", retry_after_seconds=60)
MAYBE = Deferred(Stage.FINAL_DOT, Scope.MESSAGE, None, "connection lost", ambiguous=True)
FAILED = Failed(Stage.RCPT, Scope.RECIPIENT, reply(550, "5.1.1", "who"), category="no-such-user")


class AsItIs:
    """A ReplyJudge without opinion."""

    def judge(self, outcome: Outcome, facts: AttemptFacts) -> Outcome:
        return outcome


def judged(folder: Path, source: str, outcome: Outcome) -> tuple[Outcome, dict[str, int]]:
    active = active_policy(folder, source)
    return HookedJudge(AsItIs(), active).judge(outcome, FACTS), active.current.faults()


RETRY = "from datetime import timedelta\ndef outcome(facts): return retry(timedelta(minutes=20))\n"
GIVE_UP = 'def outcome(facts): return give_up("enough")\n'


@pytest.mark.parametrize("outcome", [DELIVERED, DEFERRED, MAYBE, FAILED])
@pytest.mark.parametrize("source", ["", "def outcome(facts): return None\n", "def outcome(facts): 1 // 0\n"])
def test_without_an_answer_the_outcome_stays(tmp_path: Path, source: str, outcome: Outcome) -> None:
    assert judged(tmp_path, source, outcome)[0] is outcome


def test_a_final_reply_is_made_temporary_and_keeps_its_words(tmp_path: Path) -> None:
    outcome, _ = judged(tmp_path, RETRY, FAILED)
    assert outcome == Deferred(
        FAILED.stage, FAILED.scope, FAILED.reply, category="no-such-user", retry_after_seconds=1200
    )


def test_a_deferral_gets_another_time(tmp_path: Path) -> None:
    outcome, _ = judged(tmp_path, RETRY, MAYBE)
    assert outcome == Deferred(
        Stage.FINAL_DOT, Scope.MESSAGE, None, "connection lost", ambiguous=True, retry_after_seconds=1200
    )


def test_a_deferral_is_given_up_with_the_reason(tmp_path: Path) -> None:
    outcome, _ = judged(tmp_path, GIVE_UP, DEFERRED)
    assert outcome == Failed(Stage.RCPT, Scope.RECIPIENT, DEFERRED.reply, "enough", category="rate")


@pytest.mark.parametrize(("source", "outcome"), [(GIVE_UP, MAYBE), (GIVE_UP, DELIVERED), (RETRY, DELIVERED)])
def test_what_may_have_arrived_is_neither_failed_nor_repeated(tmp_path: Path, source: str, outcome: Outcome) -> None:
    after, faults = judged(tmp_path, source, outcome)
    assert after is outcome
    assert faults == {"outcome": 1}


def test_the_hook_sees_what_the_rules_made_of_the_reply(tmp_path: Path) -> None:
    source = """
        def outcome(facts):
            if isinstance(facts.outcome, Failed) and facts.domain == "partner.example" and facts.mail_class == "people":
                return retry()
    """
    outcome, faults = judged(tmp_path, source, FAILED)
    assert isinstance(outcome, Deferred)
    assert outcome.retry_after_seconds is None
    assert faults == {"outcome": 0}


@pytest.mark.parametrize(("source", "outcome"), [(GIVE_UP, MAYBE), (RETRY, DELIVERED)])
def test_answers_that_are_judged_faults_afterwards_switch_the_hook_off_too(
    tmp_path: Path, source: str, outcome: Outcome
) -> None:
    active = active_policy(tmp_path, source)
    judge = HookedJudge(AsItIs(), active)
    for _ in range(active.current.file.settings.faults_until_off):
        assert judge.judge(outcome, FACTS) is outcome
    assert active.current.outcome is not None
    assert active.current.outcome.is_off
    assert judge.judge(FAILED, FACTS) is FAILED


def test_a_good_answer_between_faults_found_afterwards_ends_their_row(tmp_path: Path) -> None:
    active = active_policy(tmp_path, RETRY)
    judge = HookedJudge(AsItIs(), active)
    for _ in range(active.current.file.settings.faults_until_off):
        judge.judge(DELIVERED, FACTS)
        judge.judge(FAILED, FACTS)
    assert active.current.outcome is not None
    assert not active.current.outcome.is_off
