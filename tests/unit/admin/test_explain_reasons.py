"""Why a letter waits and how it ended: each reason is brought about in a real queue, then asked for."""

from pathlib import Path

import pytest
from fakes.explained import config_of, explained, seen
from fakes.queue_ports import FakeLimits, routed
from fakes.queue_room import HEAD, QueueRoom
from msgspec.structs import replace
from youtong.admin.explain import gathering, sentences
from youtong.admin.explain.explanation import Advice, Coming, Explanation, Next, Wait, Why
from youtong.admin.explain.facts import Surroundings, Unsigned
from youtong.admin.explain.reasons import explain
from youtong.admin.starting import Starting, is_starting
from youtong.admin.waits import Waits
from youtong.mta.delivery.egress import TlsLevel
from youtong.mta.dns.route import Unroutable, UnroutableKind
from youtong.mta.message.notice import Action
from youtong.mta.outcome import Deferred, Delivered, Failed, Peer, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue.gate import Skip
from youtong.queue.journal import JournalKind
from youtong.queue.limits import TlsRule
from youtong.queue.operators.operations import Selection, flush, operate
from youtong.queue.pace.suspensions import Suspension, SuspensionScope
from youtong.queue.reading import Wish
from youtong.queue.recovery import MAYBE_SENT
from youtong.queue.streams.stream_states import StreamEvent
from youtong.queue.streams.streams import NewStream, StreamRecipient

BOB = "bob@b.example"
PEER = Peer("mx.b.example", "192.0.2.1", "TLSv1.3")
LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(450, "4.2.0", "Greylisted"), peer=PEER, category="greylisted")


def only(explanations: list[Explanation]) -> Explanation:
    (explanation,) = explanations
    return explanation


def wait_of(room: QueueRoom, address: str = BOB, *, running: bool = True, delivers: bool = True) -> Wait:
    explanation = only(explained(room, address, running=running, delivers=delivers))
    assert explanation.wait is not None
    return explanation.wait


# -- why it waits -----------------------------------------------------------------------------------------------------


async def test_a_deferred_letter_waits_for_its_next_attempt_with_the_receivers_words(room: QueueRoom) -> None:
    await room.accept(BOB)
    (leased,) = await room.load()
    await room.finish(leased, LATER)
    told = only(explained(room, BOB))
    assert told.wait is not None
    assert told.wait.why is Why.RETRY
    assert told.coming == Coming(Next.ATTEMPT, room.clock.now_ms() + 300_000, attempt=2)
    assert told.last is not None
    facts = told.last.facts
    assert (facts.code, facts.enhanced, facts.text, facts.attempt) == (450, "4.2.0", "Greylisted", 1)
    assert (facts.host, facts.address, facts.tls) == ("mx.b.example", "192.0.2.1", "TLSv1.3")


async def test_an_operators_flush_does_not_hide_the_last_reply(room: QueueRoom) -> None:
    await room.accept(BOB)
    (leased,) = await room.load()
    await room.finish(leased, LATER)
    now_ms = room.clock.now_ms()
    await room.commits.submit(lambda _: flush(room.store, Selection(), "me", now_ms))
    told = only(explained(room, BOB))
    assert told.last is not None
    assert told.last.kind is JournalKind.DEFERRED
    assert told.wait is not None
    assert told.wait.why is Why.SOON


async def test_a_letter_never_tried_whose_time_has_not_come_waits_for_later(room: QueueRoom) -> None:
    await room.accept(BOB)
    room.clock.jump(-60)
    assert wait_of(room) == Wait(Why.LATER, until_ms=room.clock.now_ms() + 60_000)


async def test_a_resting_site_is_told_with_since_when_and_its_next_probe(room: QueueRoom) -> None:
    await room.accept(BOB)
    await room.load()
    room.clock.advance(1)
    room.sites.site_failed("mx.b.example", "connection refused by mx.b.example [192.0.2.1]")
    await room.accept("eve@b.example")
    room.clock.advance(10)
    wait = wait_of(room, "eve@b.example")
    now_ms = room.clock.now_ms()
    assert wait.why is Why.SITE_RESTS
    assert (wait.since_ms, wait.until_ms) == (now_ms - 10_000, now_ms + 50_000)
    assert wait.words == "connection refused by mx.b.example [192.0.2.1]"
    assert only(explained(room, "eve@b.example")).coming == Coming(Next.PROBE, now_ms + 50_000, attempt=1)


async def test_a_site_that_fails_again_has_rested_since_the_first_time(room: QueueRoom) -> None:
    await room.accept(BOB)
    room.sites.site_failed("mx.b.example", "refused")
    await room.load()
    room.clock.advance(61)
    room.sites.site_failed("mx.b.example", "refused")
    assert wait_of(room).since_ms == room.clock.now_ms() - 61_000


async def test_while_a_failed_site_is_probed_the_others_wait_for_the_probe(room: QueueRoom) -> None:
    room.sites.site_failed("mx.b.example", "refused")
    await room.accept("probe@b.example")
    room.clock.advance(61)
    assert len(await room.load()) == 1
    await room.accept(BOB)
    assert wait_of(room).why is Why.PROBING


async def test_a_failing_look_up_is_told_in_the_name_servers_words(room: QueueRoom) -> None:
    room.routes.fails("b.example")
    await room.accept(BOB)
    await room.load()
    wait = wait_of(room)
    assert (wait.why, wait.words) == (Why.LOOK_UP_FAILS, "SERVFAIL")
    assert wait.until_ms == room.clock.now_ms() + 60_000


async def test_a_domain_nobody_asked_about_yet_is_being_looked_up(room: QueueRoom) -> None:
    await room.accept(BOB)
    assert wait_of(room).why is Why.LOOKING_UP


async def test_a_domain_without_a_route_fails_in_a_moment(room: QueueRoom) -> None:
    room.routes.answers["b.example"] = Unroutable("5.1.2", UnroutableKind.NO_SUCH_DOMAIN, "b.example does not exist")
    await room.accept(BOB)
    await room.round()
    told = only(explained(room, BOB))
    assert told.wait is not None
    assert (told.wait.why, told.wait.words) == (Why.NO_ROUTE, "b.example does not exist")
    assert told.coming.next is Next.FAILURE


async def test_a_full_lane_is_told_with_its_limit_and_where_that_comes_from(tmp_path: Path) -> None:
    room = await QueueRoom(tmp_path, limits=FakeLimits(connections=1)).open()
    for domain in (*(f"b{n}.example" for n in range(8)), "c.example"):
        room.routes.answers[domain] = routed("mx.shared.example")
    await room.accept(*(f"r@b{n}.example" for n in range(8)), mail_class="bulk")
    await room.load()
    await room.accept("bob@c.example", mail_class="bulk")  # a person's would pass, being one of few
    await room.load()
    wait = wait_of(room, "bob@c.example")
    assert wait.why is Why.NO_SLOT
    assert wait.lane is not None
    assert (wait.lane.in_flight, wait.lane.cap, wait.lane.ready) == (8, 8, 1)
    assert (wait.lane.max_connections, wait.lane.connections_because) == (1, "test")
    await room.close()


async def test_a_spent_rate_is_told_with_the_moment_it_frees(tmp_path: Path) -> None:
    room = await QueueRoom(tmp_path, limits=FakeLimits(mails=1)).open()
    await room.accept("first@b.example")
    (leased,) = await room.load()
    await room.finish(leased, Delivered(reply(250, "2.0.0", "ok"), PEER))
    room.clock.advance(20)
    await room.accept(BOB)
    await room.load()
    wait = wait_of(room)
    assert wait.why is Why.RATE
    assert wait.lane is not None
    ceiling = wait.lane.ceiling
    assert (ceiling.count, ceiling.per_seconds, ceiling.because) == (1, 60.0, "test")
    assert 40_000 <= wait.until_ms - room.clock.now_ms() <= 40_100
    await room.close()


async def test_what_is_kept_for_people_holds_up_bulk_and_nobody_else(tmp_path: Path) -> None:
    room = await QueueRoom(tmp_path, limits=FakeLimits(mails=2)).open()
    for address in ("first@b.example", "bulk@b.example"):
        await room.accept(address, mail_class="bulk")
        await room.load()
    wait = wait_of(room, "bulk@b.example")
    assert wait.why is Why.RATE
    assert wait.lane is not None
    assert wait.lane.ceiling.for_bulk
    room.leasing.open = False
    await room.accept(BOB)
    assert wait_of(room).why is Why.SOON
    await room.close()


async def test_without_a_worker_a_due_letter_waits_for_one(room: QueueRoom) -> None:
    room.sites.look_up("b.example", lambda: None)
    await room.idle()
    room.fleet.living.clear()
    await room.accept(BOB)
    assert wait_of(room).why is Why.NO_WORKER


async def test_a_due_letter_that_nothing_keeps_goes_soon(room: QueueRoom) -> None:
    room.sites.look_up("b.example", lambda: None)
    await room.idle()
    room.leasing.open = False
    await room.accept(BOB)
    assert wait_of(room).why is Why.SOON


async def test_an_attempt_under_way_is_told_with_its_host_and_since_when(room: QueueRoom) -> None:
    await room.accept(BOB)
    await room.load()
    room.clock.advance(3)
    told = only(explained(room, BOB))
    assert told.wait is not None
    assert (told.wait.why, told.wait.hosts) == (Why.IN_DELIVERY, ("mx.b.example",))
    assert told.wait.since_ms == room.clock.now_ms() - 3000
    assert told.wait.worker_pid == 4000
    assert told.coming.next is Next.ANSWER


async def test_a_lease_that_is_no_longer_in_flight_is_being_recorded(room: QueueRoom) -> None:
    await room.accept(BOB)
    (leased,) = await room.load()
    room.leasing.end(leased.token, ())
    assert wait_of(room).why is Why.BEING_RECORDED


async def test_a_held_letter_is_told_with_the_reason_and_who_held_it(room: QueueRoom) -> None:
    await room.accept(BOB)
    now_ms = room.clock.now_ms()
    await room.commits.submit(lambda _: operate(room.store, "hold", Selection(), "wrong attachment", "ann", now_ms))
    told = only(explained(room, BOB))
    assert told.wait == Wait(Why.HELD, who="ann", reason="wrong attachment", since_ms=now_ms)
    assert told.coming.next is Next.RELEASE


async def test_delivery_that_is_switched_off_is_the_reason_of_all_that_is_due(room: QueueRoom) -> None:
    await room.accept(BOB)
    assert wait_of(room, delivers=False).why is Why.DELIVERY_OFF


async def test_without_a_server_a_due_letter_waits_for_its_start(room: QueueRoom) -> None:
    await room.accept(BOB)
    told = only(explained(room, BOB, running=False))
    assert told.wait == Wait(Why.SERVER_DOWN)
    assert told.coming.next is Next.START


async def test_without_a_server_a_deferred_letter_keeps_its_time_and_needs_a_start(room: QueueRoom) -> None:
    await room.accept(BOB)
    (leased,) = await room.load()
    await room.finish(leased, LATER)
    told = only(explained(room, BOB, running=False))
    assert told.wait is not None
    assert told.wait.why is Why.RETRY
    assert told.coming == Coming(Next.START, room.clock.now_ms() + 300_000, attempt=2)


async def test_without_a_server_a_leased_letter_was_cut_off(room: QueueRoom) -> None:
    await room.accept(BOB)
    await room.load()
    assert wait_of(room, running=False).why is Why.CUT_OFF


async def test_a_letter_that_is_too_old_before_its_next_attempt_is_given_up_then(room: QueueRoom) -> None:
    await room.accept(BOB)
    room.clock.advance(5 * 86_400 - 100)
    (leased,) = await room.load()
    await room.finish(leased, LATER)
    told = only(explained(room, BOB))
    assert told.coming == Coming(Next.EXPIRY, told.letter.message.expires_ms)


# -- what is stopped --------------------------------------------------------------------------------------------------


def stop(room: QueueRoom, scope: SuspensionScope, subject: str, **more: object) -> Suspension:
    made = Suspension(7, scope, subject, since_ms=room.clock.now_ms(), **more)  # type: ignore[arg-type]
    room.leasing.book.put(made)
    return made


async def test_a_provider_that_a_reply_stopped_is_told_with_the_words_and_until_when(room: QueueRoom) -> None:
    room.sites.look_up("b.example", lambda: None)
    await room.idle()
    until_ms = room.clock.now_ms() + 1_800_000
    stopped = stop(
        room, SuspensionScope.PROVIDER, "mx.b.example", rule="rate", reply="421 4.7.28 slow down", until_ms=until_ms
    )
    await room.accept(BOB)
    told = only(explained(room, BOB))
    assert told.wait is not None
    assert (told.wait.why, told.wait.words, told.wait.suspension) == (
        Why.SUSPENDED_BY_REPLY,
        "421 4.7.28 slow down",
        stopped,
    )
    assert told.coming == Coming(Next.ATTEMPT, until_ms, attempt=1)


@pytest.mark.parametrize(
    ("scope", "subject"),
    [
        (SuspensionScope.DOMAIN, "b.example"),
        (SuspensionScope.SITE, "mx.b.example"),
        (SuspensionScope.PROVIDER, "mx.b.example"),
        (SuspensionScope.ACCOUNT, "7"),
    ],
)
async def test_what_an_operator_suspended_is_told_with_who_and_why(
    room: QueueRoom, scope: SuspensionScope, subject: str
) -> None:
    room.sites.look_up("b.example", lambda: None)
    await room.idle()
    stop(room, scope, subject, who="ann", reason="they asked us")
    await room.accept(BOB)
    told = only(explained(room, BOB))
    assert told.wait is not None
    assert (told.wait.why, told.wait.who, told.wait.reason) == (Why.SUSPENDED, "ann", "they asked us")
    assert told.coming.next is Next.RESUME


async def test_a_stop_of_others_is_no_reason(room: QueueRoom) -> None:
    room.sites.look_up("b.example", lambda: None)
    await room.idle()
    room.leasing.open = False
    stop(room, SuspensionScope.PROVIDER, "mx.b.example", sender_domain="other.example")
    await room.accept(BOB)
    assert wait_of(room).why is Why.SOON


async def test_a_senders_stop_at_a_provider_is_its_own_reason(room: QueueRoom) -> None:
    room.sites.look_up("b.example", lambda: None)
    await room.idle()
    stop(room, SuspensionScope.PROVIDER, "mx.b.example", sender_domain="example.org", rule="quota", reply="450 MI:STC")
    await room.accept(BOB)
    assert wait_of(room).why is Why.SUSPENDED_BY_REPLY


async def test_a_retry_that_comes_after_the_stop_is_the_reason(room: QueueRoom) -> None:
    await room.accept(BOB)
    (leased,) = await room.load()
    await room.finish(leased, LATER)
    stop(room, SuspensionScope.DOMAIN, "b.example", rule="rate", until_ms=room.clock.now_ms() + 60_000)
    assert wait_of(room).why is Why.RETRY
    stop(room, SuspensionScope.DOMAIN, "b.example", rule="rate", until_ms=room.clock.now_ms() + 600_000)
    assert wait_of(room).why is Why.SUSPENDED_BY_REPLY


async def test_a_paused_stream_is_the_reason_of_its_recipients(room: QueueRoom) -> None:
    new = NewStream(7, "spring", "news@example.org", HEAD, b"Hello\r\n", 3 * 86_400_000)
    stream_id = await room.streams.make(new)
    await room.streams.enqueue(stream_id, [StreamRecipient("1", BOB, {})])
    await room.streams.change(stream_id, StreamEvent.PAUSE, "a typo", "ann")
    told = only(explained(room, BOB))
    assert told.wait is not None
    assert (told.wait.why, told.wait.who, told.wait.reason) == (Why.STREAM_PAUSED, "ann", "a typo")
    assert told.coming.next is Next.RESUME


async def test_a_streams_letter_is_shown_as_its_recipient_got_it(room: QueueRoom) -> None:
    head = b"From: <news@example.org>\r\nSubject: {{name|you}}, {{code}}\r\n\r\n"
    stream_id = await room.streams.make(NewStream(7, "spring", "news@example.org", head, b"Hello\r\n", 3 * 86_400_000))
    people = [StreamRecipient("1", BOB, {"code": "x1"}), StreamRecipient("2", "ann@b.example", {})]
    await room.streams.enqueue(stream_id, people)
    assert only(explained(room, BOB)).letter.headline.subject == "you, x1"
    assert only(explained(room, BOB)).letter.headline.to == f"<{BOB}>"
    unfilled = only(explained(room, "ann@b.example")).letter.headline
    assert unfilled.subject == "{{name|you}}, {{code}}", "what nobody can fill in is shown as it stands"


# -- other reasons ----------------------------------------------------------------------------------------------------


async def test_hosts_without_the_encryption_that_is_demanded_are_told_with_who_demands_it(tmp_path: Path) -> None:
    demanding = FakeLimits()
    demanding.limits = replace(demanding.limits, tls=TlsRule(TlsLevel.REQUIRED, "[delivery] require_tls: b.example"))
    room = await QueueRoom(tmp_path, limits=demanding).open()
    await room.accept("first@b.example")
    await room.load()
    room.sites.site_failed("mx.b.example", "mx.b.example does not offer STARTTLS, and TLS is required")
    await room.accept(BOB)
    wait = wait_of(room)
    assert (wait.why, wait.reason) == (Why.TLS_REQUIRED, "[delivery] require_tls: b.example")
    await room.close()


async def test_a_staging_host_that_does_not_let_us_begin_is_told_as_the_redirect(room: QueueRoom) -> None:
    await room.accept(BOB)
    room.sites.look_up("b.example", lambda: None)
    await room.idle()
    room.sites.site_failed("mx.b.example", "refused")
    letter = only(explained(room, BOB)).letter
    answer = seen(room, [letter.recipient])
    told = explain(letter, Surroundings(room.clock.now_ms(), answer, redirect="127.0.0.1:2525"))
    assert told.wait is not None
    assert (told.wait.why, told.wait.reason) == (Why.REDIRECT, "127.0.0.1:2525")


async def test_a_lane_between_two_workers_is_told(room: QueueRoom) -> None:
    await room.accept("first@b.example")
    (leased,) = await room.load()
    room.leasing.open = False
    room.leasing.lanes[leased.lane].is_moving = True
    await room.accept(BOB)
    assert wait_of(room).why is Why.MOVING


async def test_a_server_that_starts_is_no_server_that_is_down(room: QueueRoom, tmp_path: Path) -> None:
    await room.accept(BOB)
    assert not is_starting(tmp_path)
    with Starting(tmp_path) as begun:
        assert is_starting(tmp_path)
        (letter,) = gathering.to_address(config_of(room), {}, BOB, 10, room.clock).letters
        around = gathering.surroundings(config_of(room), [letter.recipient], room.clock)
        assert explain(letter, around).wait == Wait(Why.OWNER_STARTING)
        begun.over()
        assert not is_starting(tmp_path)


async def test_a_wish_about_what_is_being_attempted_is_told(room: QueueRoom) -> None:
    await room.accept(BOB)
    await room.load()
    (row,) = [each.letter.recipient for each in explained(room, BOB)]
    wish = Wish(row.id, "hold", "wrong price", "ann")
    await room.commits.submit(lambda _: room.store.wishes.keep(wish))
    told = only(explained(room, BOB))
    assert told.letter.wish == wish
    assert sentences.wish_sentence(wish).endswith("by ann, wrong price")


# -- how it ended -----------------------------------------------------------------------------------------------------


async def test_a_delivered_letter_is_told_by_its_last_reply_and_waits_for_nothing(room: QueueRoom) -> None:
    await room.accept(BOB)
    (leased,) = await room.load()
    room.clock.advance(2)
    await room.finish(leased, Delivered(reply(250, "2.0.0", "queued as 1"), PEER))
    told = only(explained(room, BOB))
    assert told.wait is None
    assert told.coming.next is Next.NOTHING
    assert told.ending is not None
    assert (told.ending.facts.text, told.ending.facts.attempt) == ("queued as 1", 1)
    assert told.ending == told.last
    assert told.advice is None


async def test_a_bounced_letter_has_advice_and_its_notice(room: QueueRoom) -> None:
    await room.accept(BOB)
    (leased,) = await room.load()
    refusal = Failed(Stage.RCPT, Scope.RECIPIENT, reply(550, "5.1.1", "no"), peer=PEER, category="no-such-user")
    await room.finish(leased, refusal)
    owed = only(explained(room, BOB))
    assert owed.notice is not None
    assert (owed.notice.to, owed.notice.is_queued) == ("a@example.org", False)
    await room.notices._try(1)
    told = only(explained(room, BOB))
    assert told.ending is not None
    assert told.ending.kind is JournalKind.BOUNCED
    assert told.advice is Advice.CHECK_ADDRESS
    assert told.notice is not None
    assert (told.notice.is_queued, told.notice.message_id, told.notice.action) == (True, 2, Action.FAILED)


async def test_a_letter_that_waits_for_long_tells_of_the_notice_of_its_delay(room: QueueRoom) -> None:
    await room.accept(BOB)
    (leased,) = await room.load()
    await room.finish(leased, Deferred(Stage.RCPT, Scope.RECIPIENT, reply(451, "4.3.0", "later"), peer=PEER))
    assert only(explained(room, BOB)).notice is None
    room.clock.advance(4 * 3600)
    room.notices.late(1)
    await room.notices._try(1)
    told = only(explained(room, BOB))
    assert told.wait is not None
    assert told.notice is not None
    assert (told.notice.is_queued, told.notice.message_id, told.notice.action) == (True, 2, Action.DELAYED)


async def test_a_letter_that_was_handed_on_tells_of_the_notice_that_says_so(room: QueueRoom) -> None:
    await room.accept(BOB, notify="SUCCESS")
    (leased,) = await room.load()
    await room.finish(leased, Delivered(reply(250, "2.0.0", "ok"), PEER))
    owed = only(explained(room, BOB)).notice
    assert owed is not None
    assert (owed.is_queued, owed.action) == (False, Action.RELAYED)


@pytest.mark.parametrize(("kind", "advice"), [("content", Advice.CHANGE_CONTENT), ("", Advice.READ_WORDS)])
async def test_advice_follows_the_kind_of_refusal(room: QueueRoom, kind: str, advice: Advice) -> None:
    await room.accept(BOB)
    (leased,) = await room.load()
    await room.finish(leased, Failed(Stage.RCPT, Scope.RECIPIENT, reply(550, "", "no"), category=kind))
    assert only(explained(room, BOB)).advice is advice


async def test_an_expired_letter_ends_with_its_expiry_and_keeps_its_last_reply(room: QueueRoom) -> None:
    await room.accept(BOB)
    (leased,) = await room.load()
    await room.finish(leased, LATER)
    room.clock.advance(6 * 86_400)
    await room.load()
    told = only(explained(room, BOB))
    assert told.ending is not None
    assert told.last is not None
    assert (told.ending.kind, told.last.kind) == (JournalKind.EXPIRED, JournalKind.DEFERRED)
    assert told.advice is Advice.SEND_AGAIN


async def test_a_skipped_letter_is_told_with_the_gates_reason(room: QueueRoom) -> None:
    room.gate.decisions[BOB] = Skip("suppressed")
    await room.accept(BOB)
    await room.load()
    told = only(explained(room, BOB))
    assert told.ending is not None
    assert told.ending.facts.reason == "suppressed"


async def test_a_maybe_sent_bulk_letter_is_unconfirmed_and_a_persons_is_told_as_ambiguous(room: QueueRoom) -> None:
    for address, mail_class in ((BOB, "bulk"), ("eve@b.example", "people")):
        await room.accept(address, mail_class=mail_class)
        (leased,) = await room.load()
        await room.finish(leased, MAYBE_SENT)
    assert only(explained(room, BOB)).advice is Advice.ASK_FIRST
    told = only(explained(room, "eve@b.example"))
    assert told.last is not None
    assert told.last.facts.ambiguous


# -- the rest ---------------------------------------------------------------------------------------------------------


async def test_a_from_domain_without_a_key_goes_unsigned_and_that_is_told(room: QueueRoom) -> None:
    await room.accept(BOB)
    signature = only(explained(room, BOB)).letter.signature
    assert (signature.domain, signature.unsigned) == ("example.org", Unsigned.NO_KEY)


async def test_letters_are_told_newest_first_each_with_its_own_reason(room: QueueRoom) -> None:
    await room.accept(BOB, hold="why not")
    await room.accept(BOB)
    told = explained(room, BOB)
    assert [each.letter.queue_id for each in told] == ["q0000002", "q0000001"]
    assert [each.wait and each.wait.why for each in told] == [Why.LOOKING_UP, Why.HELD]


async def test_an_answer_that_does_not_name_the_domain_is_no_reason_to_fail(room: QueueRoom) -> None:
    """The owner answers about MAX_ASKED domains; somebody may have asked for more."""
    await room.accept(BOB)
    letter = only(explained(room, BOB)).letter
    told = explain(letter, Surroundings(room.clock.now_ms(), Waits(delivers=True, workers=1)))
    assert told.wait == Wait(Why.SOON)


async def test_the_owner_tells_its_waits_without_naming_what_was_not_asked(room: QueueRoom) -> None:
    await room.accept(BOB)
    await room.accept("eve@c.example")
    await room.load()
    letter = only(explained(room, BOB)).letter
    answer = seen(room, [letter.recipient])
    assert [each.domain for each in answer.domains] == ["b.example"]
    assert [each.token for each in answer.leases] == [letter.recipient.lease]


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("too-large", Advice.MAKE_SMALLER),
        ("needs-smtputf8", Advice.ASCII_ADDRESS),
        ("needs-8bit", Advice.NO_CONVERSION),
        ("other-family", Advice.OTHER_FAMILY),
        ("demands-tls", Advice.HOST_TLS),
    ],
)
async def test_what_host_and_letter_cannot_agree_on_has_advice_of_its_own(
    room: QueueRoom, kind: str, advice: Advice
) -> None:
    await room.accept(BOB)
    (leased,) = await room.load()
    await room.finish(leased, Failed(Stage.MAIL, Scope.MESSAGE, None, "5.3.4 in our words", PEER, kind))
    assert only(explained(room, BOB)).advice is advice
