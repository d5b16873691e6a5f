"""The schedule: 5, 10, 20, 40 minutes … 4 hours, and what changes it."""

from random import Random

import pytest
from youtong.mta.outcome import Deferred, Scope, Stage
from youtong.mta.reply import reply
from youtong.policy.bounces.categories import GREYLISTED, MAILBOX_FULL
from youtong.policy.retry import DAY, HOUR, MINUTE, Schedule
from youtong.queue.classes import MailClass

NOW = 1_700_000_000_000


class FixedRandom(Random):
    """Chance at one end of its range: 0 the low one, 1 the high one."""

    def __init__(self, share: float) -> None:
        super().__init__(0)
        self.share = share

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) * self.share


MIDDLE, LOW, HIGH = 0.5, 0.0, 1.0


def wait_seconds(
    share: float, attempts: int, *, mail_class: MailClass = MailClass.PEOPLE, kind: str = "", hint: int | None = None
) -> float:
    outcome = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(450, "4.2.0", "x"), category=kind, retry_after_seconds=hint)
    return (Schedule(FixedRandom(share)).next_attempt_ms(NOW, attempts, mail_class, outcome) - NOW) / 1000


def test_waits_double_from_five_minutes_to_four_hours() -> None:
    waits = [wait_seconds(MIDDLE, attempts) / MINUTE for attempts in range(1, 9)]
    assert waits == [5, 10, 20, 40, 80, 160, 240, 240]
    assert wait_seconds(MIDDLE, 1_000_000) == 4 * HOUR


def test_jitter_is_fifteen_per_cent_to_either_side() -> None:
    assert wait_seconds(LOW, 1) == pytest.approx(5 * MINUTE * 0.85)
    assert wait_seconds(HIGH, 1) == pytest.approx(5 * MINUTE * 1.15)


def test_a_greylister_is_visited_again_after_six_minutes_and_not_earlier() -> None:
    assert wait_seconds(LOW, 1, kind=GREYLISTED) == 6 * MINUTE
    assert wait_seconds(MIDDLE, 2, kind=GREYLISTED) == 10 * MINUTE


@pytest.mark.parametrize(("hint", "waited"), [(600, 600), (0, MINUTE), (5, MINUTE), (10 * HOUR, 4 * HOUR)])
def test_a_hint_is_honoured_between_a_minute_and_four_hours_and_never_cut_by_jitter(hint: int, waited: int) -> None:
    assert wait_seconds(LOW, 3, hint=hint) == waited
    assert wait_seconds(HIGH, 3, hint=hint) == pytest.approx(waited * 1.15)


def test_a_full_mailbox_is_tried_once_a_day_for_bulk_only() -> None:
    assert wait_seconds(LOW, 1, kind=MAILBOX_FULL, mail_class=MailClass.BULK) == DAY
    assert wait_seconds(MIDDLE, 1, kind=MAILBOX_FULL) == 5 * MINUTE


def test_lifetimes_by_class() -> None:
    schedule = Schedule(Random(1))
    days = {mail_class: schedule.lifetime_ms(mail_class) / 1000 / DAY for mail_class in MailClass}
    assert days == {MailClass.PEOPLE: 5, MailClass.BULK: 3, MailClass.TRANSACTIONAL: 1}


def test_a_site_that_does_not_answer_rests_longer_each_time_up_to_half_an_hour() -> None:
    schedule = Schedule(Random(1))
    assert [schedule.site_backoff_seconds(n) / MINUTE for n in range(1, 9)] == [1, 2, 5, 10, 20, 30, 30, 30]


def test_the_same_seed_gives_the_same_time() -> None:
    outcome = Deferred(Stage.RCPT, Scope.RECIPIENT, None)
    times = {Schedule(Random(7)).next_attempt_ms(NOW, 1, MailClass.PEOPLE, outcome) for _ in range(3)}
    assert len(times) == 1
