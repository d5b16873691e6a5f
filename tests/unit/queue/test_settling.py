"""From a worker's report to committed outcomes: permits, sites, bulkheads, retries against a full store."""

import asyncio
import sqlite3

import pytest
from fakes.queue_room import QueueRoom, report
from msgspec.structs import replace
from youtong.mta.outcome import Deferred, Delivered, Outcome, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue import settling
from youtong.queue.lanes import pump
from youtong.queue.protocol import Finished, LaneNews, SiteFailed
from youtong.queue.settlement import TOO_MANY_RECIPIENTS
from youtong.queue.states import RecipientState
from youtong.queue.transactions import Leased
from youtong.queue.workers.marks import Marks

_S = RecipientState
DELIVERED = Delivered(reply(250, "2.0.0", "ok"))
LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(451, "4.3.0", "later"))
NO_ANSWER = Deferred(Stage.CONNECT, Scope.SITE, None, "refused")
TOO_MANY = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(452, "4.5.3", "too many"), category=TOO_MANY_RECIPIENTS)


async def test_a_report_is_acknowledged_only_when_its_outcomes_are_committed(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    acknowledged: list[int] = []
    room.settling.hear(report(finished=[Finished(leased.token, [DELIVERED], ())]), lambda: acknowledged.append(1))
    assert acknowledged == []
    await room.settling.drain()
    assert acknowledged == [1]
    assert room.states() == {"b@example.com": _S.DELIVERED}


async def test_a_report_of_unknown_tokens_is_acknowledged_and_changes_nothing(room: QueueRoom) -> None:
    assert await room.hear(report(finished=[Finished(12345, [DELIVERED], ())], number=7)) == [7]


async def test_outcomes_that_cannot_be_written_are_tried_again_until_they_can(
    room: QueueRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "_RETRY_SECONDS", 0)
    await room.accept("b@example.com")
    (leased,) = await room.load()
    failures = 3

    def end_leases(*args: object, **given: object) -> object:
        nonlocal failures
        if failures:
            failures -= 1
            raise sqlite3.OperationalError("disk I/O error")
        return original(*args, **given)  # type: ignore[arg-type]

    original = room.store.end_leases
    monkeypatch.setattr(room.store, "end_leases", end_leases)
    await room.finish(leased, DELIVERED)
    assert (failures, room.states()) == (0, {"b@example.com": _S.DELIVERED})


async def test_each_recipient_has_its_own_outcome(room: QueueRoom) -> None:
    await room.accept("b@example.com", "c@example.com", "d@example.com")
    (leased,) = await room.load()
    await room.finish(leased, DELIVERED, LATER, TOO_MANY)
    assert list(room.states().values()) == [_S.DELIVERED, _S.SCHEDULED, _S.SCHEDULED]
    assert room.column("attempts", "c@example.com") == 1
    assert room.column("attempts", "d@example.com") == 0
    (again,) = await room.load()
    assert [each.address for each in again.ready.recipients] == ["d@example.com"]


async def test_too_many_recipients_said_to_a_lone_one_is_an_attempt_with_a_wait(room: QueueRoom) -> None:
    """Else it would be tried again at once, for ever."""
    await room.accept("b@example.com")
    (leased,) = await room.load()
    await room.finish(leased, TOO_MANY)
    assert room.column("attempts", "b@example.com") == 1
    assert await room.load() == []


async def test_a_silent_site_rests_and_its_recipients_keep_their_attempts(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    failed = [SiteFailed(leased.lane, leased.ready.site, "refused")]
    await room.hear(report(finished=[Finished(leased.token, [NO_ANSWER], ())], failed_sites=failed))
    assert room.column("attempts", "b@example.com") == 0
    assert await room.load() == []
    room.clock.advance(61)
    (probe,) = await room.load()
    await room.finish(probe, DELIVERED)
    assert not room.sites.is_probed("mx.example.com")


async def test_while_a_site_is_probed_one_transaction_goes_and_the_rest_waits(room: QueueRoom) -> None:
    for number in range(5):
        await room.accept(f"b{number}@example.com")
    room.sites.site_failed("mx.example.com", "refused")
    room.clock.advance(61)
    (probe,) = await room.load()
    await room.finish(probe, DELIVERED)
    assert len(await room.load()) == 4


@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.RCPT, Stage.FINAL_DOT, Stage.TLS, Stage.EHLO])
async def test_a_site_that_speaks_at_all_is_no_longer_probed(room: QueueRoom, stage: Stage) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    room.sites.site_failed("mx.example.com", "refused")
    await room.finish(leased, Deferred(stage, Scope.PROVIDER, reply(421, "4.7.0", "slow down")))
    assert not room.sites.is_probed("mx.example.com")


async def test_a_fault_of_the_judge_lets_the_protocols_word_stand(room: QueueRoom) -> None:
    def broken(outcome: Outcome) -> Outcome:
        raise ValueError("a bad rule")

    room.judge.change = broken
    await room.accept("b@example.com")
    (leased,) = await room.load()
    await room.finish(leased, DELIVERED)
    assert room.states() == {"b@example.com": _S.DELIVERED}


async def test_a_fault_while_recording_one_outcome_ends_its_lease_and_spares_the_others(room: QueueRoom) -> None:
    await room.accept("b@example.com", "c@example.com")
    (leased,) = await room.load()
    room.schedule.fault = ValueError("a bad schedule")
    await room.finish(leased, LATER, DELIVERED)
    assert room.states() == {"b@example.com": _S.SCHEDULED, "c@example.com": _S.DELIVERED}
    assert await room.load() == []
    room.clock.advance(301)
    assert len(await room.load()) == 1


async def test_what_comes_back_unstarted_is_due_at_once_and_uncounted(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    await room.give_back(leased)
    assert (room.column("attempts", "b@example.com"), room.journal("b@example.com")) == (0, [])
    (again,) = await room.load()
    assert again.token != leased.token


async def test_what_comes_back_after_mail_was_said_is_journalled_for_the_next_owners_windows(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    await room.give_back(leased, mails=(room.clock.monotonic(),))
    (row,) = room.journal("b@example.com")
    assert (row.kind, row.facts.mailed, row.facts.site) == ("returned", True, "mx.example.com")
    assert room.column("attempts", "b@example.com") == 0


async def test_content_that_cannot_be_made_skips_its_recipient_with_the_reason(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    await room.give_back(leased, fault="the field 'name' is missing")
    assert room.states() == {"b@example.com": _S.SKIPPED}
    assert room.journal("b@example.com")[0].facts.reason == "the field 'name' is missing"


async def test_a_stream_whose_text_fails_for_everybody_loses_nobody_beyond_the_first_few(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    leased.ready.message = replace(leased.ready.message, stream_id=7)
    asked: list[int] = []
    room.settling._is_spared = lambda stream_id: not asked.append(stream_id)
    await room.give_back(leased, fault="the field 'price' is missing")
    assert asked == [7]
    assert room.states() == {"b@example.com": _S.SCHEDULED}
    assert room.column("next_ms", "b@example.com") > room.clock.now_ms()


@pytest.mark.parametrize(("maybe", "mail_class"), [(m, c) for m in (False, True) for c in ("people", "transactional")])
async def test_a_death_returns_what_was_surely_not_sent_and_defers_what_may_have_been(
    room: QueueRoom, maybe: bool, mail_class: str
) -> None:
    await room.accept("b@example.com", mail_class=mail_class)
    (leased,) = await room.load()
    room.settling.lost([leased], room.clock.monotonic(), Marks(0, frozenset([leased.token] if maybe else [])))
    await room.settling.drain()
    assert room.states() == {"b@example.com": _S.SCHEDULED}
    assert room.column("attempts", "b@example.com") == int(maybe)
    (last,) = room.journal("b@example.com")
    assert (last.kind, last.facts.ambiguous, last.facts.mailed) == (("deferred" if maybe else "returned"), maybe, True)
    lane = room.leasing.lanes[leased.lane]
    assert (lane.in_flight, lane.mails.out, lane.mails.free(room.clock.monotonic())) == (0, 0, 99)


async def test_a_lease_that_dies_while_it_is_being_committed_is_given_back(room: QueueRoom) -> None:
    await room.load()
    await room.accept("b@example.com")
    await room.loader._round()
    await asyncio.gather(*room.sites._looking.values())
    await room.loader._round()
    await asyncio.sleep(0)
    assert room.leasing.in_flight, "the lease is reserved, its commit under way"
    held = list(room.leasing.in_flight.values())
    room.leasing.worker_died(0)
    room.settling.lost(held, room.clock.monotonic())
    await room.settling.drain()
    await room.idle()
    assert room.fleet.take() == []
    assert room.states() == {"b@example.com": _S.SCHEDULED}
    assert room.leasing.in_flight == {}


async def test_a_lease_that_is_not_given_after_all_when_its_worker_dies_is_no_error(
    room: QueueRoom, caplog: pytest.LogCaptureFixture
) -> None:
    await room.load()
    await room.accept("b@example.com", "c@example.com")
    await room.loader._round()
    await asyncio.gather(*room.sites._looking.values())
    await room.loader._round()
    await asyncio.sleep(0)
    room.db.execute("DELETE FROM recipient WHERE address = 'b@example.com'")  # as if it had ended while it was ready
    room.settling.lost(list(room.leasing.in_flight.values()), room.clock.monotonic())
    await room.settling.drain()
    await room.idle()
    assert room.states() == {"c@example.com": _S.SCHEDULED}
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []


async def test_nothing_more_is_leased_when_the_queue_closes_while_it_leases(
    room: QueueRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "_MAX_TRANSACTIONS", 1)
    confirm = room.leasing.confirm

    def confirm_and_close(leased: Leased) -> None:
        confirm(leased)
        room.leasing.open = False

    monkeypatch.setattr(room.leasing, "confirm", confirm_and_close)
    await room.accept("b@example.com", "c@example.net", "d@example.org")
    assert len(await room.load()) == 1
    assert sorted(room.states().values()) == [_S.SCHEDULED, _S.SCHEDULED, _S.LEASED]


async def test_a_lane_that_wants_to_connect_gets_a_permit_when_there_is_one(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    lane = room.leasing.lanes[leased.lane]
    await room.hear(report(lanes=[LaneNews(leased.lane, (), 0, wants_connect=True)]))
    assert [each.connects for each in room.fleet.updates] == [4]
    assert lane.connects.out == 4
