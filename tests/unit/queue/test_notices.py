"""Notices: one for each message and round, never lost, never twice, never about a notice."""

from pathlib import Path

import pytest
from fakes.queue_ports import LIFETIME_MS
from fakes.queue_room import QueueRoom
from youtong.mta.outcome import Deferred, Failed, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue.notices import notices
from youtong.queue.states import RecipientState

FAILED = Failed(Stage.RCPT, Scope.RECIPIENT, reply(550, "5.1.1", "no such user"))
LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(451, "4.3.0", "later"))


class Later:
    """Instead of timers: what was asked to come later, and after how long."""

    def __init__(self, room: QueueRoom) -> None:
        self.asked: list[tuple[float, int]] = []
        self._room = room
        room.notices._later = lambda seconds, message: self.asked.append((seconds, message))  # type: ignore[method-assign]

    async def comes(self) -> None:
        asked, self.asked = self.asked, []
        for _, message in asked:
            await self._room.notices._try(message)


async def fail_all(room: QueueRoom, *addresses: str) -> None:
    await room.accept(*addresses)
    for leased in await room.load():
        await room.finish(leased, *[FAILED] * len(leased.ready.recipients))


def notice_recipients(room: QueueRoom) -> list[str]:
    rows = room.db.execute(
        "SELECT r.address FROM recipient AS r JOIN message AS m ON m.id = r.message_id WHERE m.is_notice ORDER BY r.id"
    )
    return [row[0] for row in rows]


async def test_recipients_that_fail_in_one_round_are_told_in_one_notice(room: QueueRoom) -> None:
    later = Later(room)
    await fail_all(room, "b@example.com", "c@example.com", "d@example.net")
    assert len(later.asked) == 1
    await later.comes()
    (facts,) = room.composer.composed
    assert [each.address for each in facts.told] == ["b@example.com", "c@example.com", "d@example.net"]
    assert facts.told[0].attempt.facts.text == "no such user"
    assert notice_recipients(room) == ["a@example.org"]
    assert room.column("notice", "b@example.com") == 2
    assert room.kinds("b@example.com") == ["bounced", "notice"]


async def test_what_is_owed_when_the_queue_stops_is_left_to_the_next_owner(room: QueueRoom) -> None:
    await fail_all(room, "b@example.com")
    room.notices.stop()
    (message_id,) = room.notices._since
    room.notices._spawn(message_id)  # its time has come
    assert room.notices._tasks == set()
    assert room.column("notice", "b@example.com") == 1


async def test_the_notice_leaves_with_the_null_reverse_path_and_owes_none_itself(room: QueueRoom) -> None:
    later = Later(room)
    await fail_all(room, "b@example.com")
    await later.comes()
    (notice,) = await room.load()
    assert (notice.ready.message.reverse_path, notice.ready.message.is_notice) == ("", True)
    (expires_ms,) = room.db.execute("SELECT expires_ms FROM message WHERE is_notice").fetchone()
    assert expires_ms == room.clock.now_ms() + LIFETIME_MS
    await room.finish(notice, FAILED)
    assert room.states()["a@example.org"] is RecipientState.BOUNCED
    assert room.column("notice", "a@example.org") == 0
    assert later.asked == []


async def test_a_notice_waits_for_the_others_first_attempt_but_not_for_ever(room: QueueRoom) -> None:
    later = Later(room)
    room.routes.fails("slow.example")
    await fail_all(room, "b@example.com", "c@slow.example")
    await later.comes()
    assert (room.composer.composed, [seconds for seconds, _ in later.asked]) == ([], [notices._AGAIN_SECONDS])
    room.clock.advance(61)
    await later.comes()
    assert len(room.composer.composed) == 1
    assert later.asked == []


async def test_a_later_round_is_told_in_a_notice_of_its_own(room: QueueRoom) -> None:
    later = Later(room)
    await room.accept("b@example.com", "c@example.com")
    (leased,) = await room.load()
    await room.finish(leased, FAILED, LATER)
    await later.comes()
    room.clock.advance(301)
    (again,) = [leased for leased in await room.load() if not leased.ready.message.is_notice]
    await room.finish(again, FAILED)
    await later.comes()
    assert [[each.address for each in facts.told] for facts in room.composer.composed] == [
        ["b@example.com"],
        ["c@example.com"],
    ]


async def test_a_notice_owed_before_a_death_is_sent_after_it_and_only_once(tmp_path: Path) -> None:
    room = await QueueRoom(tmp_path).open()
    Later(room)
    await fail_all(room, "b@example.com")
    await room.close()
    for _ in range(2):
        room = QueueRoom(tmp_path)
        later = Later(room)
        await room.notices.at_start()
        await later.comes()
        await room.close()
    room = QueueRoom(tmp_path)
    assert notice_recipients(room) == ["a@example.org"]
    await room.close()


async def test_a_fault_while_composing_leaves_the_notice_owed_and_is_tried_again(room: QueueRoom) -> None:
    later = Later(room)
    room.composer.fault = ValueError("a strange message")
    await fail_all(room, "b@example.com")
    await later.comes()
    assert room.column("notice", "b@example.com") == 1
    assert [seconds for seconds, _ in later.asked] == [notices._FAULT_SECONDS]
    room.composer.fault = None
    await later.comes()
    assert notice_recipients(room) == ["a@example.org"]


@pytest.mark.parametrize(
    ("options", "owed"),
    [({}, 1), ({"reverse_path": ""}, 0), ({"notify": "NEVER"}, 0), ({"mail_class": "transactional"}, 0)],
)
async def test_who_does_not_want_a_notice_is_sent_none(room: QueueRoom, options: dict[str, str], owed: int) -> None:
    later = Later(room)
    await room.accept("b@example.com", **options)
    (leased,) = await room.load()
    await room.finish(leased, FAILED)
    assert (room.column("notice", "b@example.com"), len(later.asked)) == (owed, owed)


async def test_a_reverse_path_that_is_no_address_ends_the_debt(room: QueueRoom) -> None:
    later = Later(room)
    await room.accept("b@example.com", reverse_path="nobody")
    (leased,) = await room.load()
    await room.finish(leased, FAILED)
    await later.comes()
    assert (room.column("notice", "b@example.com"), notice_recipients(room)) == (2, [])
