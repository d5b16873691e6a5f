"""Urgent jobs in a lane: before all that have not started, and with slots that others leave free."""

from fakes.lane_events import FakeJob
from youtong.mta.delivery.waiting import Waiting


def order(of: Waiting, name: str = "site") -> list[int]:
    site = of.sites[name]
    taken: list[int] = []
    while (transaction := of.take(site, fresh=False)) is not None:
        taken.append(transaction.request.token)
    return taken


def test_urgent_jobs_go_before_others_and_keep_their_own_order() -> None:
    waiting = Waiting()
    for token, urgent in enumerate([False, False, True, False, True]):
        waiting.add(FakeJob(token=token, site="site", urgent=urgent))
    assert waiting.sites["site"].is_urgent
    assert order(waiting) == [2, 4, 0, 1, 3]


def test_what_was_taken_and_not_written_comes_back_to_the_front_of_its_kind() -> None:
    waiting = Waiting()
    for token, urgent in enumerate([False, False, True]):
        waiting.add(FakeJob(token=token, site="site", urgent=urgent))
    site = waiting.sites["site"]
    first = [waiting.take(site, fresh=False) for _ in range(2)]
    waiting.add(FakeJob(token=9, site="site", urgent=True))
    for transaction in first[::-1]:
        assert transaction is not None
        waiting.put_back(transaction)
    assert order(waiting) == [2, 9, 0, 1]


def test_a_recalled_urgent_job_gives_a_site_no_precedence() -> None:
    waiting = Waiting()
    waiting.add(FakeJob(token=1, site="site"))
    waiting.add(FakeJob(token=2, site="site", urgent=True))
    waiting.recall(2)
    assert not waiting.sites["site"].is_urgent
