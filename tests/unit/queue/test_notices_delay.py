"""Notices of delay and of mail handed on: who hears of what, once, and in which form."""

from pathlib import Path

import pytest
from fakes.queue_room import QueueRoom
from hypothesis import HealthCheck, given, settings, strategies as st
from msgspec.structs import replace
from youtong.mta.message.notice import Action
from youtong.mta.outcome import Deferred, Delivered, Failed, Outcome, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue.gate import Hold, Skip
from youtong.queue.notices.owed import DELAY_MS
from youtong.queue.states import RecipientState

FAILED = Failed(Stage.RCPT, Scope.RECIPIENT, reply(550, "5.1.1", "no such user"))
LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(451, "4.3.0", "later"))
DELIVERED = Delivered(reply(250, "2.0.0", "ok"))
HANDED_OVER = Delivered(reply(250, "2.0.0", "ok"), relayed_dsn=True)
ALL = "SUCCESS,FAILURE,DELAY"


class Timers:
    """Instead of the event loop's: what was asked to come later comes when told."""

    def __init__(self, room: QueueRoom) -> None:
        self.asked: list[int] = []
        self._room = room
        room.notices._later = lambda seconds, message: self.asked.append(message)  # type: ignore[method-assign]

    async def come(self) -> None:
        for _ in range(3):
            asked, self.asked = self.asked, []
            for message in asked:
                await self._room.notices._try(message)


@pytest.fixture
async def timers(room: QueueRoom) -> Timers:
    return Timers(room)


async def attempt(room: QueueRoom, *outcomes: Outcome) -> None:
    """The one transaction that is ready ends so."""
    (leased,) = [each for each in await room.load() if not each.ready.message.is_notice]
    await room.finish(leased, *outcomes)


async def hours_pass(room: QueueRoom, timers: Timers, hours: float) -> None:
    room.clock.advance(hours * 3600)
    await room.delays.turn()
    await timers.come()


def told(room: QueueRoom) -> list[dict[str, Action]]:
    """Each notice so far: who it tells about, and what."""
    return [{each.address: each.action for each in facts.told} for facts in room.composer.composed]


async def test_a_recipient_that_waits_for_four_hours_is_told_of_once(room: QueueRoom, timers: Timers) -> None:
    await room.accept("b@example.com")
    await attempt(room, LATER)
    await hours_pass(room, timers, 3.9)
    assert told(room) == []
    await hours_pass(room, timers, 0.2)
    assert told(room) == [{"b@example.com": Action.DELAYED}]
    (about,) = room.composer.composed[0].told
    assert about.attempt is not None
    assert about.attempt.facts.text == "later"
    assert room.kinds("b@example.com") == ["deferred", "notice"]
    assert room.journal("b@example.com")[-1].facts.notice_action == "delayed"
    await attempt(room, LATER)
    await hours_pass(room, timers, 50)
    assert len(told(room)) == 1
    assert room.db.execute("SELECT count(*) FROM delay_watch").fetchone() == (0,)


async def test_who_was_delivered_meanwhile_is_not_told_of(room: QueueRoom, timers: Timers) -> None:
    await room.accept("b@example.com", "c@example.com")
    await attempt(room, LATER, LATER)
    room.clock.advance(301)
    await attempt(room, DELIVERED, LATER)
    await hours_pass(room, timers, 4)
    assert told(room) == [{"c@example.com": Action.DELAYED}]


@pytest.mark.parametrize("end", ["deferred", "returned", "skipped", "expired", "held"])
async def test_a_notice_about_who_is_in_a_ready_queue_stays_in_the_chain_whatever_comes_next(
    room: QueueRoom, timers: Timers, end: str
) -> None:
    await room.accept("b@example.com")
    await attempt(room, LATER)
    room.leasing.open = False
    room.clock.advance(4 * 3600 + 1)
    await room.load()  # ready, and not leased
    assert any(lane.has_ready for lane in room.leasing.lanes.values())
    await hours_pass(room, timers, 0)
    assert room.kinds("b@example.com") == ["deferred", "notice"]
    await comes_to(room, end)
    rows = room.journal("b@example.com")
    assert [str(row.kind) for row in rows] == ["deferred", "notice", end]
    assert [row.prev_seq for row in rows] == [0, rows[0].seq, rows[1].seq]
    assert room.column("journal_seq", "b@example.com") == rows[-1].seq


async def comes_to(room: QueueRoom, end: str) -> None:
    """The next row of b@example.com is of this kind."""
    if end in ("skipped", "held"):
        room.gate.decisions["b@example.com"] = Skip("suppressed") if end == "skipped" else Hold("paused")
    if end == "expired":
        rows = room.store.due_recipients(1, 1, room.clock.now_ms(), (-1, -1), 9)
        stale = [replace(row, journal_seq=row.journal_seq - 1) for row in rows]
        await room.endings.expire(stale)
    room.leasing.open = True
    room.leasing.wake()
    await room.idle()
    for leased in room.fleet.take():
        if leased.ready.message.is_notice:
            continue
        if end == "deferred":
            await room.finish(leased, LATER)
        else:
            await room.give_back(leased, mails=(room.clock.monotonic(),))


async def test_an_ordinary_delivery_writes_nothing_for_notices(room: QueueRoom, timers: Timers) -> None:
    await room.accept("b@example.com")
    await attempt(room, DELIVERED)
    assert room.db.execute("SELECT count(*) FROM delay_watch").fetchone() == (0,)
    assert timers.asked == []


@pytest.mark.parametrize(
    "options",
    [{"notify": "NEVER"}, {"notify": "FAILURE"}, {"mail_class": "transactional"}, {"reverse_path": ""}],
)
async def test_who_did_not_ask_hears_of_no_delay(options: dict[str, str], room: QueueRoom, timers: Timers) -> None:
    await room.accept("b@example.com", **options)
    await attempt(room, LATER)
    await hours_pass(room, timers, 5)
    assert told(room) == []
    assert room.db.execute("SELECT count(*) FROM delay_watch").fetchone() == (0,)


async def test_a_domain_that_rests_without_an_attempt_is_told_of_too(room: QueueRoom, timers: Timers) -> None:
    room.routes.fails("slow.example")
    await room.accept("b@slow.example")
    await room.load()
    await hours_pass(room, timers, 3.9)
    await room.load()
    await hours_pass(room, timers, 0.2)
    assert told(room) == [], "nobody has looked at the due recipient since it became late"
    for _ in range(5):
        room.clock.advance(61)
        await room.load()
        await hours_pass(room, timers, 0)
    assert told(room) == [{"b@slow.example": Action.DELAYED}]
    assert room.composer.composed[0].told[0].attempt is None
    assert room.column("attempts", "b@slow.example") == 0


async def test_a_recipient_that_is_being_attempted_is_looked_at_again_later(room: QueueRoom, timers: Timers) -> None:
    await room.accept("b@example.com", "c@example.com")
    await attempt(room, LATER, LATER)
    room.clock.advance(301)
    (leased,) = await room.load()
    await hours_pass(room, timers, 5)
    assert told(room) == []
    await room.finish(leased, LATER, DELIVERED)
    await hours_pass(room, timers, 1)
    assert told(room) == [{"b@example.com": Action.DELAYED}]


async def test_a_held_recipient_is_not_told_of_as_delayed(room: QueueRoom, timers: Timers) -> None:
    await room.accept("b@example.com", hold="an operator looks at it")
    await hours_pass(room, timers, 30)
    assert told(room) == []


async def test_a_delay_and_a_failure_of_one_round_share_a_notice(room: QueueRoom, timers: Timers) -> None:
    await room.accept("b@example.com", "c@example.com")
    await attempt(room, LATER, LATER)
    room.clock.advance(4 * 3600)
    await attempt(room, FAILED, LATER)
    await room.delays.turn()
    await timers.come()
    assert told(room) == [{"b@example.com": Action.FAILED, "c@example.com": Action.DELAYED}]


async def test_a_delay_told_before_does_not_hide_the_failure_after_it(room: QueueRoom, timers: Timers) -> None:
    await room.accept("b@example.com")
    await attempt(room, LATER)
    await hours_pass(room, timers, 4)
    await attempt(room, FAILED)
    await timers.come()
    assert told(room) == [{"b@example.com": Action.DELAYED}, {"b@example.com": Action.FAILED}]
    assert room.kinds("b@example.com") == ["deferred", "notice", "bounced", "notice"]


async def test_a_restart_loses_no_delay_and_tells_none_twice(tmp_path: Path) -> None:
    room = await QueueRoom(tmp_path).open()
    await room.accept("b@example.com")
    await attempt(room, LATER)
    start = room.clock.now_ms()
    await room.close()
    notices = 0
    for life in range(3):
        room = QueueRoom(tmp_path)
        room.clock.advance((start - room.clock.now_ms() + DELAY_MS) / 1000 + life)
        timers = Timers(room)
        await room.notices.at_start()
        await room.delays.turn()
        await timers.come()
        notices += len(told(room))
        await room.close()
    assert notices == 1


async def test_a_notice_that_cannot_be_committed_is_not_marked_as_sent(room: QueueRoom, timers: Timers) -> None:
    await room.accept("b@example.com")
    await attempt(room, LATER)
    room.composer.fault = ValueError("a strange message")
    await hours_pass(room, timers, 5)
    assert room.db.execute("SELECT count(*) FROM delay_told").fetchone() == (0,)
    room.composer.fault = None
    await timers.come()
    assert told(room) == [{"b@example.com": Action.DELAYED}]


async def test_very_many_recipients_that_fail_are_told_in_parts(room: QueueRoom, timers: Timers) -> None:
    people = [f"p{n}@example.com" for n in range(501)]
    await room.accept(*people)
    for leased in await room.round(12):
        await room.finish(leased, *[FAILED] * len(leased.ready.recipients))
    await timers.come()
    await timers.come()
    assert sorted(map(len, told(room))) == [1, 500]


# -- success ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("notify", "outcome", "expected"),
    [
        (ALL, DELIVERED, Action.RELAYED),
        ("SUCCESS", DELIVERED, Action.RELAYED),
        (ALL, HANDED_OVER, None),
        ("", DELIVERED, None),
        ("FAILURE", DELIVERED, None),
        ("NEVER", DELIVERED, None),
    ],
)
async def test_mail_handed_to_a_host_without_dsn_is_told_to_who_asked(
    notify: str, outcome: Outcome, expected: Action | None, room: QueueRoom, timers: Timers
) -> None:
    await room.accept("b@example.com", notify=notify)
    await attempt(room, outcome)
    assert room.states()["b@example.com"] is RecipientState.DELIVERED
    await timers.come()
    assert told(room) == ([{"b@example.com": expected}] if expected else [])


async def test_that_the_next_hop_owes_the_notice_is_a_fact_of_the_journal(room: QueueRoom, timers: Timers) -> None:
    await room.accept("b@example.com", notify=ALL)
    await attempt(room, HANDED_OVER)
    assert room.journal("b@example.com")[-1].facts.relayed


async def test_six_fates_of_one_message_give_one_notice(room: QueueRoom, timers: Timers) -> None:
    people = [f"{name}@example.com" for name in ("failed", "relayed", "owed-elsewhere", "waits", "failed2")]
    await room.accept(*people, notify=ALL)
    await attempt(room, FAILED, DELIVERED, HANDED_OVER, LATER, FAILED)
    await timers.come()
    assert told(room) == [
        {
            "failed@example.com": Action.FAILED,
            "relayed@example.com": Action.RELAYED,
            "failed2@example.com": Action.FAILED,
        }
    ]
    await hours_pass(room, timers, 4)
    assert told(room)[1:] == [{"waits@example.com": Action.DELAYED}]


async def test_a_persons_mail_that_cannot_be_rendered_is_told_with_the_reason(room: QueueRoom, timers: Timers) -> None:
    await room.accept("b@example.com")
    (leased,) = await room.load()
    await room.give_back(leased, fault="the body is gone")
    await timers.come()
    assert told(room) == [{"b@example.com": Action.FAILED}]
    assert room.composer.composed[0].told[0].reason == "the body is gone"


async def test_what_was_last_said_to_one_that_expired_is_found_behind_other_facts(
    room: QueueRoom, timers: Timers
) -> None:
    await room.accept("b@example.com")
    await attempt(room, LATER)
    await hours_pass(room, timers, 4)
    room.clock.advance(6 * 86_400)
    await room.load()
    await timers.come()
    (about,) = room.composer.composed[-1].told
    assert (about.action, about.is_expired) == (Action.FAILED, True)
    assert about.attempt is not None
    assert about.attempt.facts.text == "later"


# -- where it goes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reverse_path", "to", "smtputf8"),
    [
        ("a@example.org", "a@example.org", 0),
        ("A.b@Example.ORG", "A.b@Example.ORG", 0),
        ("a@例子.example", "a@xn--fsqu00a.example", 0),
        ("李@例子.example", "李@例子.example", 1),
    ],
)
async def test_a_notice_needs_smtputf8_only_when_its_address_has_no_ascii_form(
    reverse_path: str, to: str, smtputf8: int, room: QueueRoom, timers: Timers
) -> None:
    await room.accept("b@example.com", reverse_path=reverse_path, smtputf8=True)
    await attempt(room, FAILED)
    await timers.come()
    assert room.db.execute(
        "SELECT r.address, m.smtputf8 FROM recipient AS r JOIN message AS m ON m.id = r.message_id WHERE m.is_notice"
    ).fetchall() == [(to, smtputf8)]


async def test_ret_envid_and_a_small_body_are_at_hand_for_the_notice(room: QueueRoom, timers: Timers) -> None:
    for ret in ("FULL", "HDRS", ""):
        await room.accept("b@example.com", ret=ret, envid="QQ+3D1")
        await attempt(room, FAILED)
        await timers.come()
    about = [facts.message for facts in room.composer.composed]
    assert [each.body for each in about] == [b"text\r\n", None, b"text\r\n"]
    assert {each.envid for each in about} == {"QQ+3D1"}


# -- any order --------------------------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rounds=st.lists(st.sampled_from([DELIVERED, HANDED_OVER, FAILED, LATER]), min_size=4, max_size=12), data=st.data()
)
async def test_whatever_happens_each_recipient_is_told_of_exactly_what_its_fate_owes(
    rounds: list[Outcome], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    room = await QueueRoom(tmp_path_factory.mktemp("any")).open()
    timers = Timers(room)
    notify = {f"p{n}@d{n}.example": data.draw(st.sampled_from(["", ALL, "NEVER", "DELAY"])) for n in range(3)}
    for address, word in notify.items():
        await room.accept(address, notify=word)
    relayed: set[str] = set()
    was_late: set[str] = set()
    for outcome in rounds:
        for leased in await room.load():
            if not leased.ready.message.is_notice:
                await room.finish(leased, outcome)
                relayed |= {leased.ready.recipients[0].address} if outcome is DELIVERED else set()
        was_late |= {who for who, state in room.states().items() if who in notify and not state.is_terminal}
        await hours_pass(room, timers, 5)
    expected: set[tuple[str, Action]] = set()
    for address, word in notify.items():
        state = room.states()[address]
        if address in was_late and word in ("", ALL, "DELAY"):
            expected.add((address, Action.DELAYED))
        if state is RecipientState.BOUNCED and word in ("", ALL):
            expected.add((address, Action.FAILED))
        if state is RecipientState.DELIVERED and word == ALL and address in relayed:
            expected.add((address, Action.RELAYED))
    found = [each for notice in told(room) for each in notice.items()]
    assert len(found) == len(set(found)), "told twice"
    assert set(found) == expected
    await room.close()
