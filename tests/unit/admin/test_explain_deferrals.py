"""What is said of a letter that a receiver put off: the meaning by kind, never words that nobody spoke."""

import pytest
from youtong.admin.explain.deferrals import deferred_sentence
from youtong.mta.outcome import Scope, Stage
from youtong.policy.bounces import categories
from youtong.queue.journal import Facts, JournalKind, JournalRow

LANGUAGES = ("C.UTF-8", "zh_CN.UTF-8")


def put_off(kind: str = "", **facts: object) -> JournalRow:
    said = Facts(category=kind, host="mx.b.example", **{"code": 450, **facts})  # type: ignore[arg-type]
    return JournalRow(1, 0, JournalKind.DEFERRED, 7, 1, 1, 0, said)


@pytest.fixture(params=LANGUAGES, autouse=True)
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", request.param)
    return request.param


def test_each_kind_has_its_own_sentence_with_the_host_and_without_quotation_marks(language: str) -> None:
    told = [
        deferred_sentence(put_off(each))
        for each in (
            categories.GREYLISTED,
            categories.MAILBOX_FULL,
            categories.INACTIVE,
            categories.RATE,
            categories.TOO_MANY_RECIPIENTS,
            categories.OUR_IP,
            categories.SENDER_SETUP,
            categories.SENDER_QUOTA,
            categories.CONTENT,
            categories.DEMANDS_TLS,
            "",
        )
    ]
    assert len(set(told)) == len(told)
    assert all("mx.b.example" in each and "“" not in each and "{" not in each for each in told)
    assert not any(each.isascii() for each in told) or "zh" not in language


def test_a_rate_of_one_mailbox_is_not_told_as_ours() -> None:
    assert deferred_sentence(put_off(categories.RATE, scope=Scope.RECIPIENT)) != deferred_sentence(
        put_off(categories.RATE, scope=Scope.PROVIDER)
    )


def test_what_has_no_kind_is_told_by_its_stage_and_by_what_may_have_come() -> None:
    greeting = deferred_sentence(put_off(stage=Stage.GREETING, code=421))
    later = deferred_sentence(put_off(stage=Stage.RCPT))
    doubtful = deferred_sentence(put_off(code=0, ambiguous=True))
    silent = deferred_sentence(put_off(code=0))
    assert len({greeting, later, doubtful, silent}) == 4


def test_a_kind_that_a_hook_made_up_is_told_like_none() -> None:
    assert deferred_sentence(put_off("house-rule")) == deferred_sentence(put_off())
