"""Recovery: what a dead worker held is surely unsent or maybe sent, by marks and boot, and the class decides."""

from itertools import product
from pathlib import Path

import pytest
from fakes.queue_room import QueueRoom
from youtong.queue import history, recovery
from youtong.queue.lanes import Past
from youtong.queue.marks import MarkFile, mark_path
from youtong.queue.protocol import LaneKey, LaneNews, Report
from youtong.queue.states import RecipientState

_S = RecipientState


async def died_with(folder: Path, mail_class: str, *, marked: bool, boot: str = "this boot") -> None:
    """An owner and its worker end with one lease, as after a kill."""
    room = await QueueRoom(folder, boot=boot).open()
    await room.accept("b@example.com", mail_class=mail_class)
    (leased,) = await room.load()
    marks = MarkFile(mark_path(room.run_dir, 2))
    if marked:
        marks.leave(leased.token)
    marks.close()
    await room.close()


async def recovered(folder: Path) -> QueueRoom:
    room = QueueRoom(folder)
    mine = await room.begin("owner")
    room.counted = await room.recovery.at_start(mine)  # type: ignore[attr-defined]
    return room


MAYBE = {"people": _S.SCHEDULED, "transactional": _S.SCHEDULED, "bulk": _S.UNCONFIRMED}


@pytest.mark.parametrize(("mail_class", "why"), list(product(MAYBE, ["unsent", "marked", "other boot"])))
async def test_marks_and_boot_say_what_may_have_been_sent_and_the_class_what_that_means(
    tmp_path: Path, mail_class: str, why: str
) -> None:
    boot = "an earlier boot" if why == "other boot" else "this boot"
    await died_with(tmp_path, mail_class, marked=why == "marked", boot=boot)
    room = await recovered(tmp_path)
    maybe = why != "unsent"
    assert room.states() == {"b@example.com": MAYBE[mail_class] if maybe else _S.SCHEDULED}
    assert room.column("attempts", "b@example.com") == int(maybe)
    assert [row.facts.ambiguous for row in room.journal("b@example.com")] == [True] * maybe
    assert list(room.run_dir.iterdir()) == []
    await room.close()


async def test_a_recovered_recipient_is_due_for_the_new_owner(tmp_path: Path) -> None:
    await died_with(tmp_path, "people", marked=False)
    room = await recovered(tmp_path)
    room.fleet.living[0] = await room.begin("worker")
    room.leasing.open = True
    (leased,) = await room.load()
    assert leased.ready.recipients[0].address == "b@example.com"
    await room.close()


async def test_recovering_twice_is_recovering_once(tmp_path: Path) -> None:
    await died_with(tmp_path, "people", marked=True)
    await (await recovered(tmp_path)).close()
    room = await recovered(tmp_path)
    assert (len(room.journal("b@example.com")), room.column("attempts", "b@example.com")) == (1, 1)
    await room.close()


async def test_more_leases_than_a_page_are_all_recovered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "_PAGE", 2)
    room = await QueueRoom(tmp_path).open()
    await room.accept(*[f"b@d{number}.example" for number in range(7)])
    assert len(await room.load()) == 7
    await room.close()
    room = await recovered(tmp_path)
    assert set(room.states().values()) == {_S.SCHEDULED}
    assert len(room.counted.transactions) == 7  # type: ignore[attr-defined]
    await room.close()


async def test_leases_of_the_living_are_left_alone(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    await room.load()
    await room.recovery.at_start(1)
    assert room.states() == {"b@example.com": _S.LEASED}


async def test_each_recovered_transaction_counts_as_one_mail_now(tmp_path: Path) -> None:
    room = await QueueRoom(tmp_path).open()
    await room.accept("b@example.com", "c@example.com")
    await room.accept("d@example.com")
    assert len(await room.load()) == 2
    await room.close()
    room = await recovered(tmp_path)
    counted = room.counted.transactions  # type: ignore[attr-defined]
    await history.count_recovered(room.commits, room.leasing, counted, 5.0)
    assert room.leasing.recovered == {"example.com": [5.0, 5.0]}
    await room.close()


async def test_a_new_owners_windows_start_where_the_old_ones_were(tmp_path: Path) -> None:
    room = await QueueRoom(tmp_path).open()
    for number in range(3):
        await room.accept(f"b{number}@example.com")
    handed = await room.load()
    for wait, leased in zip((0, 50, 5), handed, strict=True):
        room.clock.advance(wait)
        await room.give_back(leased, mails=(room.clock.monotonic(),))
    now_ms = room.clock.now_ms()
    await room.close()
    room = await recovered(tmp_path)
    room.clock.jump((now_ms - room.clock.now_ms()) / 1000 + 10)
    await history.fill_windows(room.commits, room.store, room.leasing, room.clock)
    assert room.leasing.history == {LaneKey("mx.example.com", "default"): Past([985.0, 990.0])}
    await room.close()


async def test_a_wall_clock_set_back_counts_what_left_as_now(tmp_path: Path) -> None:
    room = await QueueRoom(tmp_path).open()
    await room.accept("b@example.com")
    (leased,) = await room.load()
    await room.give_back(leased, mails=(room.clock.monotonic(),))
    room.clock.jump(-3600)
    await history.fill_windows(room.commits, room.store, room.leasing, room.clock)
    assert room.leasing.history == {LaneKey("mx.example.com", "default"): Past([room.clock.monotonic()])}
    await room.close()


async def test_a_reported_connect_is_there_for_the_next_owners_windows(tmp_path: Path) -> None:
    room = await QueueRoom(tmp_path).open()
    key = LaneKey("mx.example.com", "default")
    at = room.clock.monotonic()
    room.clock.advance(2)
    room.settling.hear(Report(1, [], [], [LaneNews(key, (at,), 1, wants_connect=False)], []), lambda: None)
    await room.settling.drain()
    await history.fill_windows(room.commits, room.store, room.leasing, room.clock)
    assert room.leasing.history == {key: Past([], [at])}
    await room.close()
