"""Recovery: what a dead worker held is surely unsent or maybe sent, by marks and boot, and the class decides."""

from itertools import product
from pathlib import Path

import pytest
from fakes.queue_room import QueueRoom
from youtong.queue import recovery
from youtong.queue.states import RecipientState
from youtong.queue.workers.marks import MarkFile, mark_path

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
    assert room.db.execute("SELECT sum(mails) FROM recovered_mail").fetchone() == (7,)
    await room.close()


async def test_leases_of_the_living_are_left_alone(room: QueueRoom) -> None:
    await room.accept("b@example.com")
    await room.load()
    await room.recovery.at_start(1)
    assert room.states() == {"b@example.com": _S.LEASED}
