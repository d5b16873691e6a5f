"""Reverse-paths of ours on their way back: archived recipients, keys old and new, and no loop between two of us."""

from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest
from fakes.inbound_house import HOST, OURS, InboundHouse, submission
from youtong.mta.address import split_address
from youtong.mta.submission.ports import Proceed
from youtong.policy.our_addresses import OurAddresses
from youtong.queue.archive.archive_store import ArchivedRecipient, open_archive
from youtong.queue.classes import MailClass
from youtong.queue.inbound.inbound import VERP_LIFE_MS, Inbound
from youtong.queue.notices.owed import owes_notice
from youtong.queue.signed_address import AddressKey, AddressSigner
from youtong.queue.states import Event
from youtong.queue.storage.leaving_rows import LeavingMessage, LeavingRecipient
from youtong.queue.storage.rows import LeasedRow


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[InboundHouse]:
    made = await InboundHouse(tmp_path).open()
    yield made
    await made.close()


async def is_taken(house: InboundHouse, address: str, sink: Inbound | None = None) -> bool:
    said = (sink or house.sink).recipient(address, split_address(address)[1])
    return isinstance(await said if isinstance(said, Awaitable) else said, Proceed)


def archive(house: InboundHouse, number: int) -> None:
    """A recipient that ended just now, in the archive only."""
    message = LeavingMessage(5, 5, 0, 7, 0, "transactional", "a@b.example", "7BIT", 0, "", 9, 1, 2, "", 0, OURS)
    row = LeavingRecipient(number, 5, 1, "y.example", "x@y.example", 0, 10, 1, 0, 5, "", "", None, house.clock.now_ms())
    archived = open_archive(house.folder / "archive.db")
    archived.put([message], [ArchivedRecipient(row, ())])
    archived.close()


async def test_an_archived_recipients_address_is_good_in_any_letter_case_for_90_days(house: InboundHouse) -> None:
    address = f"{house.signer.verp(5)}@{OURS}"
    assert not await is_taken(house, address)
    archive(house, 5)
    house.clock.advance(VERP_LIFE_MS / 1000)
    assert [await is_taken(house, each) for each in (address, address.upper(), address.title())] == [True] * 3
    house.clock.advance(1)
    assert not await is_taken(house, address)


async def test_an_old_key_is_known_for_what_it_signed_and_worth_nothing_for_what_came_after(
    house: InboundHouse,
) -> None:
    both = AddressSigner([AddressKey(1, 0, b"s" * 32), AddressKey(2, 100, b"t" * 32)])
    sink = Inbound(OurAddresses(HOST, house.owners.get, both), house.store, house.clock)
    for number in (5, 100):
        await house.sent(number, house.clock.now_ms())
    old, new, stolen = (f"{local}@{OURS}" for local in (house.signer.verp(5), both.verp(100), house.signer.verp(100)))
    assert [await is_taken(house, each, sink) for each in (old, new, stolen)] == [True, True, False]


@pytest.mark.parametrize("reverse_path", ["", "somebody@elsewhere.example", "b7x@other.example"])
async def test_whoever_writes_to_such_an_address_is_heard(reverse_path: str, house: InboundHouse) -> None:
    await house.sent(5, house.clock.now_ms())
    address = f"{house.signer.verp(5)}@{OURS}"
    said = await house.sink.accept(submission(address, reverse_path=reverse_path))
    assert said.code == 250
    assert [each.reverse_path for each in house.stored()] == [reverse_path]


async def test_two_of_us_that_write_to_each_others_addresses_answer_nothing(tmp_path: Path) -> None:
    """Each answer would be written from one such address to the other."""
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    here, there = [await InboundHouse(folder).open() for folder in folders]
    try:
        addresses = {house: f"{house.signer.verp(5)}@{OURS}" for house in (here, there)}
        for house in (here, there):
            await house.sent(5, house.clock.now_ms())
        for house, other in ((here, there), (there, here)):
            before = house.connection.execute("SELECT count(*) FROM recipient").fetchone()
            said = await house.sink.accept(submission(addresses[house], reverse_path=addresses[other]))
            assert said.code == 250
            assert house.connection.execute("SELECT count(*) FROM recipient").fetchone() == before
    finally:
        for house in (here, there):
            await house.close()


@pytest.mark.parametrize("mail_class", [MailClass.PEOPLE, MailClass.TRANSACTIONAL])
@pytest.mark.parametrize("event", [Event.BOUNCE, Event.EXPIRE, Event.DELIVER])
def test_a_letter_that_has_such_an_address_as_its_reverse_path_is_never_told_of(
    event: Event, mail_class: MailClass
) -> None:
    path = f"{AddressSigner([AddressKey(1, 0, b's' * 32)]).verp(5)}@{OURS}"
    row = LeasedRow(1, 1, 1, 1, 1, 0, 0, "SUCCESS,FAILURE,DELAY", 7, mail_class.value, path, 1, 1, 0)
    assert not owes_notice(event, row)
