"""Intake: 250 only after the commit, and on any fault nothing half kept."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.queue_room import HEAD, QueueRoom, opened, submission
from youtong.mta.outcome import Delivered
from youtong.mta.reply import reply
from youtong.mta.submission.content import Content
from youtong.mta.submission.ports import InlineBody, SpooledBody
from youtong.queue.contents import spool
from youtong.queue.ids import parse_queue_id, queue_id
from youtong.queue.states import RecipientState
from youtong.queue.storage import group_commit

_S = RecipientState
LARGE = b"x" * 98 + b"\r\n"


def spooled(room: QueueRoom, octets: bytes = LARGE * 1000) -> SpooledBody:
    writer = room.intake.open_body()
    writer.write(octets)
    body = writer.finish()
    assert isinstance(body, SpooledBody)
    return body


def files(room: QueueRoom) -> list[str]:
    return sorted(entry.name for entry in room.spool.iterdir())


async def warm(room: QueueRoom, domain: str = "example.com") -> None:
    await room.accept(f"warm@{domain}")
    (leased,) = await room.load()
    await room.finish(leased, Delivered(reply(250, "2.0.0", "ok")))
    await room.load()


async def until(happened: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not happened():  # noqa: ASYNC110 - each turn of the loop is a step of the code under test
            await asyncio.sleep(0)


def nothing_kept(room: QueueRoom, before: int = 0) -> None:
    for table in ("message", "content", "recipient"):
        assert room.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == before, table
    assert files(room) == []
    assert (room.leasing.in_flight, room.leasing._bytes) == ({}, 0)
    assert all((lane.in_flight, lane.mails.out) == (0, 0) for lane in room.leasing.lanes.values())


async def test_the_reply_names_the_message_and_another_process_sees_it(room: QueueRoom) -> None:
    said = await room.accept("b@example.com")
    number = parse_queue_id(said.text.rpartition(" ")[2])
    other = opened(room.folder / "queue.db")
    assert other.execute("SELECT id FROM message").fetchall() == [(number,)]
    other.close()
    assert (said.code, said.enhanced, said.text) == (250, "2.0.0", f"Ok: queued as {queue_id(number)}")


async def test_a_double_recipient_is_one_also_in_another_spelling_of_its_domain(room: QueueRoom) -> None:
    await room.accept("b@example.com", "b@example.com", "b@EXAMPLE.com", "B@example.com")
    assert list(room.states()) == ["b@example.com", "B@example.com"]


async def test_a_message_that_a_hook_holds_waits_with_the_reason(room: QueueRoom) -> None:
    await warm(room)
    await room.accept("b@example.com", hold="looks odd")
    assert await room.load() == []
    assert room.states()["b@example.com"] is _S.HELD
    (row,) = room.journal("b@example.com")
    assert (row.kind, row.facts.reason, room.column("journal_seq", "b@example.com")) == ("held", "looks odd", row.seq)


async def test_acceptance_is_one_journal_row_with_its_counts(room: QueueRoom) -> None:
    await room.accept("b@example.com", "c@example.net")
    (row,) = room.journal()
    assert (row.kind, row.recipient_id, row.facts.recipients) == ("accepted", 0, 2)
    assert row.facts.size_bytes == len(HEAD) + len(b"text\r\n")


async def test_a_large_body_is_a_file_that_stays_when_the_session_forgets_its_content(room: QueueRoom) -> None:
    content = Content(room.intake, 10_000_000)
    content.add(HEAD + LARGE * 1000)
    finished = content.finish()
    assert isinstance(finished, tuple)
    assert (await room.intake.accept(submission("b@example.com", body=finished[1]))).code == 250
    content.hand_over()
    content.discard()
    (leased,) = await room.load()
    assert leased.content is not None
    assert leased.content.spool is not None
    assert (room.spool / leased.content.spool).read_bytes() == LARGE * 1000


async def test_a_body_that_was_not_handed_over_is_discarded(room: QueueRoom) -> None:
    writer = room.intake.open_body()
    writer.write(LARGE * 1000)
    assert len(files(room)) == 1
    writer.discard()
    writer.discard()
    assert files(room) == []


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 64 * 1024 + 1, 300_000])
@pytest.mark.parametrize("step", [1000, 70_000, 1 << 20])
def test_a_body_is_kept_octet_for_octet(tmp_path: Path, size: int, step: int) -> None:
    octets = bytes(at * 7 % 256 for at in range(size))
    writer = spool.SpoolWriter(tmp_path)
    for at in range(0, size, step):
        writer.write(octets[at : at + step])
    match writer.finish():
        case InlineBody(octets=kept):
            assert size <= spool.MAX_INLINE_BYTES
        case SpooledBody(name=name, size_bytes=length):
            assert length == size > spool.MAX_INLINE_BYTES
            kept = (tmp_path / name).read_bytes()
    assert kept == octets


def test_orphans_are_the_files_that_no_row_names(tmp_path: Path) -> None:
    for name in ("known", "orphan"):
        (tmp_path / name).write_bytes(b"")
    assert spool.orphans(tmp_path, {"known", "gone"}) == ["orphan"]


async def test_a_full_store_is_452_and_nothing_is_kept(room: QueueRoom) -> None:
    body = spooled(room)
    pages = room.db.execute("PRAGMA page_count").fetchone()[0]
    room.db.execute(f"PRAGMA max_page_count = {pages}")
    said = await room.accept(*[f"{'b' * 50}{number}@example.com" for number in range(100)], body=body)
    assert (said.code, said.enhanced) == (452, "4.3.1")
    nothing_kept(room)


async def test_a_busy_store_is_451_and_nothing_is_kept(room: QueueRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "_BUSY_PAUSE_SECONDS", 0)
    body = spooled(room)
    other = opened(room.folder / "queue.db")
    other.execute("BEGIN IMMEDIATE")
    said = await room.accept("b@example.com", body=body)
    other.close()
    assert (said.code, said.enhanced) == (451, "4.3.0")
    nothing_kept(room)


async def test_a_body_that_cannot_be_synced_is_452_and_its_file_is_removed(
    room: QueueRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(path: Path) -> None:
        raise OSError(28, "No space left on device")

    body = spooled(room)
    monkeypatch.setattr(spool, "_sync_path", fails)
    assert (await room.accept("b@example.com", body=body)).code == 452
    nothing_kept(room)


@pytest.mark.parametrize("where", ["gate", "store"])
async def test_a_fault_of_ours_is_temporary_and_gives_every_lease_back(
    room: QueueRoom, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    for domain in ("example.com", "example.net"):
        await warm(room, domain)

    def fails(*args: object) -> None:
        raise ValueError("a bug")

    if where == "store":
        monkeypatch.setattr(room.store, "insert_message", fails)
    else:
        decide, calls = room.gate.decide, []

        def second_fails(batch: object) -> object:
            calls.append(batch)
            return fails() if len(calls) == 2 else decide(batch)  # type: ignore[arg-type]

        monkeypatch.setattr(room.gate, "decide", second_fails)
    said = await room.accept("b@example.com", "c@example.net", body=spooled(room))
    assert (said.code, said.enhanced) == (451, "4.3.0")
    nothing_kept(room, before=2)


async def test_a_failed_commit_gives_the_reserved_leases_back(room: QueueRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    await warm(room)

    class Refusing:
        def commit(self) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        def __getattr__(self, name: str) -> object:
            return getattr(room.db, name)

    monkeypatch.setattr(room.commits, "_connection", Refusing())
    assert (await room.accept("b@example.com")).code in (451, 452)
    nothing_kept(room, before=1)
    assert room.fleet.take() == []


async def test_a_session_cancelled_during_the_commit_undoes_nothing(room: QueueRoom) -> None:
    await warm(room)
    body = spooled(room)
    session = asyncio.create_task(room.accept("b@example.com", body=body))
    await until(lambda: room.leasing.in_flight)
    session.cancel()
    with pytest.raises(asyncio.CancelledError):
        await session
    await until(lambda: room.fleet.handed)
    (handed,) = room.fleet.take()
    assert handed.ready.recipients[0].address == "b@example.com"
    assert files(room) == [body.name]
    assert room.states()["b@example.com"] is _S.LEASED


async def test_a_domain_rolled_back_under_a_reserved_lease_is_refused(room: QueueRoom) -> None:
    """The number that memory had for it may be another domain's by now."""
    await warm(room)
    room.store._domain_ids["example.com"] = 4711
    forget = room.store.insert_message

    def as_after_a_rollback(*args: object) -> None:
        room.store.forget()
        forget(*args)  # type: ignore[arg-type]

    room.store.insert_message = as_after_a_rollback  # type: ignore[method-assign,assignment]
    assert (await room.accept("b@example.com")).code == 451
    nothing_kept(room, before=1)


async def test_many_domains_start_at_once_where_they_may_and_wait_where_not(room: QueueRoom) -> None:
    await warm(room)
    await room.accept("b@example.com", "c@unknown.example")
    assert room.states()["b@example.com"] is _S.LEASED
    assert room.states()["c@unknown.example"] is _S.SCHEDULED
    assert [each.ready.domain for each in room.fleet.take()] == ["example.com"]
    assert [each.ready.domain for each in await room.load()] == ["unknown.example"]


@pytest.mark.parametrize("text", ["", "q", "q!", "u000001", "zzzzzzzzzzzzz", "q" + "1" * 14])
def test_what_is_no_queue_id_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="is not a queue id"):
        parse_queue_id(text)


@pytest.mark.parametrize("number", [0, 1, 31, 32, 12345, (1 << 63) - 1])
def test_a_queue_id_is_read_back_also_as_people_type_it(number: int) -> None:
    assert parse_queue_id(queue_id(number)) == number
    assert parse_queue_id(f" {queue_id(number).upper().replace('0', 'O')} ") == number
