"""Inbound mail: who is taken, that it is on the disk before 250, and that no flood fills it."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest
from fakes.inbound_house import HEAD, HOST, OURS, OWNER, InboundHouse, submission
from youtong.mta.address import split_address
from youtong.mta.submission.ports import InlineBody, Proceed, Refuse, SpooledBody
from youtong.queue.contents import spool
from youtong.queue.housekeeping import Housekeeper
from youtong.queue.inbound.inbound import VERP_LIFE_MS
from youtong.queue.inbound.inbound_mail import Addressee, InboundKind, InboundMessage
from youtong.queue.inbound.inbound_reading import reading_inbound
from youtong.queue.inbound.inbound_room import ROW_OCTETS, Room
from youtong.queue.signed_address import TokenKind
from youtong.queue.storage import inbound_rows
from youtong.queue.storage.database import StorageFull

SOMEBODY = submission(HOST).client
KEPT = b"Return-Path: <>\r\n" + HEAD  # as it is stored


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[InboundHouse]:
    made = await InboundHouse(tmp_path).open()
    yield made
    await made.close()


async def verdict(house: InboundHouse, address: str) -> str:
    """ "ok" or the reply."""
    _local, domain = split_address(address)
    found = house.sink.recipient(address, domain)
    said = await found if isinstance(found, Awaitable) else found
    return str(said.reply) if isinstance(said, Refuse) else "ok"


async def spooled(house: InboundHouse, size: int) -> SpooledBody:
    """A body that was written while it arrived."""
    writer = house.sink.open_body()
    for _ in range(size // 10_000):
        writer.write(b"x" * 10_000)
    body = writer.finish()
    assert isinstance(body, SpooledBody)
    return body


# -- who is taken


async def test_an_address_elsewhere_is_a_relay_and_one_that_nobody_has_is_unknown(house: InboundHouse) -> None:
    assert await verdict(house, "ann@elsewhere.example") == "550 5.7.1 this server does not relay"
    assert await verdict(house, f"ann@{HOST}") == "550 5.1.1 no such address here"
    assert await verdict(house, f"ann@{OURS}") == "ok"


async def test_a_verp_address_is_good_for_90_days_after_the_last_attempt(house: InboundHouse) -> None:
    address = f"{house.signer.verp(5)}@{OURS}"
    assert await verdict(house, address) == "550 5.1.1 no such address here"  # no such recipient
    await house.sent(5, house.clock.now_ms())
    assert await verdict(house, address) == "ok"
    house.clock.advance(VERP_LIFE_MS / 1000)
    assert await verdict(house, address) == "ok"
    house.clock.advance(1)
    assert await verdict(house, address) == "550 5.1.1 no such address here"


async def test_a_forged_verp_address_costs_no_look_at_the_disk(house: InboundHouse) -> None:
    before = house.commits.commits
    forged = house.signer.verp(5)[:-1] + "0"
    assert await verdict(house, f"{forged}@{OURS}") == "550 5.1.1 no such address here"
    assert house.commits.commits == before


async def test_an_unsubscribe_address_never_expires(house: InboundHouse) -> None:
    token = house.signer.token(TokenKind.UNSUBSCRIBE, 5)
    house.clock.advance(10 * 365 * 86_400)
    assert await verdict(house, f"unsubscribe+{token}@{OURS}") == "ok"


async def test_a_look_up_that_fails_is_temporary(house: InboundHouse) -> None:
    await house.sent(5, house.clock.now_ms())
    address = f"{house.signer.verp(5)}@{OURS}"
    house.connection.execute("DROP TABLE journal")
    assert (await verdict(house, address)).startswith("451 4.3.0")


# -- what is kept


async def test_a_message_is_a_row_with_each_recipients_kind_and_number(house: InboundHouse) -> None:
    verp = f"{house.signer.verp(5)}@{OURS}"
    said = await house.sink.accept(submission(f"ann@{OURS}", verp, f"ann@{OURS}", reverse_path="x@elsewhere.example"))
    assert str(said) == "250 2.0.0 Ok: stored as i0000001"
    [message] = house.stored()
    assert (message.seq, message.at_ms) == (1, house.clock.now_ms())
    assert (message.reverse_path, message.client, message.helo, message.tls) == (
        "x@elsewhere.example", "192.0.2.9", "mta.elsewhere.example", "TLSv1.3",
    )  # fmt: skip
    assert message.size_bytes == len(b"Return-Path: <x@elsewhere.example>\r\n" + HEAD) + 7
    assert message.addressees == (
        Addressee(f"ann@{OURS}", InboundKind.ANSWER, 0, OWNER),
        Addressee(verp, InboundKind.VERP, 5, OWNER),
    )
    content = house.content(1)
    assert content is not None
    kept = b"Return-Path: <x@elsewhere.example>\r\n" + HEAD
    assert (content.head, content.body, content.spool) == (kept, b"Hello\r\n", None)


async def test_a_large_body_is_a_file_that_survives_the_sweep_at_start(house: InboundHouse) -> None:
    body = await spooled(house, 100_000)
    assert (await house.sink.accept(submission(f"ann@{OURS}", body=body))).code == 250
    content = house.content(1)
    assert content is not None
    assert content.spool == body.name
    assert (house.spool / body.name).stat().st_size == 100_000
    assert spool.orphans(house.spool, house.queue.spool_names()) == []


async def test_250_comes_after_the_commit(house: InboundHouse) -> None:
    other = sqlite3.connect(house.folder / "queue.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = asyncio.ensure_future(house.sink.accept(submission(f"ann@{OURS}")))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not answer.done()
    other.close()
    assert (await answer).code == 250
    assert len(house.stored()) == 1


async def test_a_session_that_is_cancelled_while_its_message_is_stored_undoes_nothing(house: InboundHouse) -> None:
    session = asyncio.create_task(house.sink.accept(submission(f"ann@{OURS}")))
    await asyncio.sleep(0)
    session.cancel()
    await asyncio.gather(session, return_exceptions=True)
    await house.commits.submit(lambda _: None)
    assert len(house.stored()) == 1


async def test_a_fault_of_the_database_is_temporary_and_leaves_nothing(house: InboundHouse) -> None:
    body = await spooled(house, 100_000)
    house.connection.execute("DROP TABLE inbound_content")
    assert str(await house.sink.accept(submission(f"ann@{OURS}", body=body))).startswith("451 4.3.0")
    assert house.stored() == []
    assert os.listdir(house.spool) == []
    assert house.store.room.used == 0


async def test_a_domain_that_is_taken_away_between_rcpt_and_dot_defers_the_message(house: InboundHouse) -> None:
    body = await spooled(house, 100_000)
    house.owners.clear()
    assert str(await house.sink.accept(submission(f"ann@{OURS}", body=body))).startswith("451 4.3.0")
    assert house.stored() == []
    assert os.listdir(house.spool) == []
    assert house.store.room.used == 0


# -- how much is kept


async def test_the_room_counts_messages_and_bodies_that_arrive_and_a_new_owner_counts_the_same(
    house: InboundHouse,
) -> None:
    await house.sink.accept(submission(f"ann@{OURS}"))
    await house.sink.accept(submission(f"ann@{OURS}", body=await spooled(house, 100_000)))
    used = house.store.room.used
    assert used == 2 * ROW_OCTETS + 2 * len(KEPT) + 7 + 100_000
    await house.store.open()
    assert house.store.room.used == used
    assert await house.store.delete([1, 2, 3]) == 2
    assert house.store.room.used == 0
    assert os.listdir(house.spool) == []


async def test_a_body_that_is_given_up_gives_its_room_back_once(house: InboundHouse) -> None:
    writer = house.sink.open_body()
    writer.write(b"x" * 100_000)
    assert house.store.room.used == 100_000
    writer.discard()
    writer.discard()
    assert house.store.room.used == 0


async def test_a_body_that_does_not_fit_is_cut_off_while_it_arrives(tmp_path: Path) -> None:
    house = await InboundHouse(tmp_path, keep_octets=150_000).open()
    writer = house.sink.open_body()
    writer.write(b"x" * 100_000)
    with pytest.raises(OSError, match="no room"):
        writer.write(b"x" * 100_000)
    writer.discard()
    assert house.store.room.used == 0
    await house.close()


async def test_above_the_bound_mail_is_deferred_and_what_only_we_can_address_comes_last_to_it(tmp_path: Path) -> None:
    house = await InboundHouse(tmp_path, keep_octets=16 * ROW_OCTETS).open()
    signed = f"unsubscribe+{house.signer.token(TokenKind.UNSUBSCRIBE, 5)}@{HOST}"
    while await verdict(house, f"postmaster@{HOST}") == "ok":
        assert (await house.sink.accept(submission(f"postmaster@{HOST}"))).code == 250
    flooded = len(house.stored())
    assert (await verdict(house, f"postmaster@{HOST}")).startswith("452 4.3.1")
    assert await verdict(house, signed) == "ok"
    assert house.sink.mail_from(SOMEBODY) == Proceed()
    while await verdict(house, signed) == "ok":
        code = (await house.sink.accept(submission(signed))).code
        assert code in (250, 452)
        if code == 452 or isinstance(house.sink.mail_from(SOMEBODY), Refuse) or len(house.stored()) > 20:
            break
    assert len(house.stored()) > flooded
    assert house.store.room.used <= 16 * ROW_OCTETS
    assert (await house.sink.accept(submission(signed, body=InlineBody(b"x" * 20_000)))).code == 452
    await house.close()


async def test_large_mail_to_an_address_that_anybody_can_guess_leaves_the_share_of_signed_ones(tmp_path: Path) -> None:
    house = await InboundHouse(tmp_path, keep_octets=160_000).open()
    signed = f"unsubscribe+{house.signer.token(TokenKind.UNSUBSCRIBE, 5)}@{HOST}"
    assert (await house.sink.accept(submission(f"ann@{OURS}", body=await spooled(house, 150_000)))).code == 452
    assert os.listdir(house.spool) == []
    assert house.store.room.used == 0
    assert (await house.sink.accept(submission(signed, body=await spooled(house, 150_000)))).code == 250
    await house.close()


async def test_more_than_the_bound_is_never_stored_by_many_at_once(tmp_path: Path) -> None:
    house = await InboundHouse(tmp_path, keep_octets=10 * ROW_OCTETS).open()
    replies = await asyncio.gather(*(house.sink.accept(submission(f"ann@{OURS}")) for _ in range(50)))
    assert sorted({each.code for each in replies}) == [250, 452]
    assert sum(each.code == 250 for each in replies) == len(house.stored()) == 8
    await house.close()


def test_a_lowered_bound_takes_nothing_until_there_is_room() -> None:
    room = Room(1000)
    room.used = 5000
    assert not room.take(1)
    room.give(4500)
    assert room.take(500)


async def test_mail_is_deleted_after_its_time_with_its_file_and_not_before(house: InboundHouse) -> None:
    await house.sink.accept(submission(f"ann@{OURS}", body=await spooled(house, 100_000)))
    house.clock.advance(29 * 86_400)
    await house.sink.accept(submission(f"ann@{OURS}"))
    keeper = Housekeeper(house.folder / "queue.db", house.spool, house.commits, lambda: None, house.clock)
    keeper.also(house.store.sweep)
    assert await keeper.sweep() == 0
    house.clock.advance(86_400 + 1)
    assert await keeper.sweep() == 1
    assert [each.seq for each in house.stored()] == [2]
    assert os.listdir(house.spool) == []
    assert house.store.room.used == ROW_OCTETS + len(KEPT) + 7


async def test_a_flood_is_swept_in_pages(house: InboundHouse) -> None:
    await asyncio.gather(*(house.sink.accept(submission(f"ann@{OURS}")) for _ in range(450)))
    house.clock.advance(31 * 86_400)
    assert await house.store.sweep() == 450
    assert house.stored() == []


async def test_what_nobody_has_read_is_counted(house: InboundHouse) -> None:
    for _ in range(3):
        await house.sink.accept(submission(f"ann@{OURS}"))
    await house.commits.submit(lambda db: inbound_rows.mark_read(db, 2, "letter", ""))
    with reading_inbound(house.folder) as reader:
        assert reader.count_unread() == 2


async def test_the_number_of_a_deleted_message_is_never_used_again(house: InboundHouse) -> None:
    await house.sink.accept(submission(f"ann@{OURS}"))
    await house.store.delete([1])
    assert "i0000002" in str(await house.sink.accept(submission(f"ann@{OURS}")))


async def test_putting_into_a_full_store_raises_and_keeps_nothing(tmp_path: Path) -> None:
    house = await InboundHouse(tmp_path, keep_octets=10).open()
    said = submission(f"ann@{OURS}")
    with pytest.raises(StorageFull):
        await house.store.put(InboundMessage(0, 1, "", "192.0.2.1", "x", "", 100, ()), said.head, said.body)
    assert house.store.room.used == 0
    await house.close()
