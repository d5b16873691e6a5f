"""Streams and their template: idempotent by key, rendered late, never breaking a header."""

from pathlib import Path

import pytest
from fakes.queue_room import QueueRoom
from hypothesis import given, strategies as st
from youtong.mta.address import AddressError
from youtong.mta.delivery.job import RenderFault
from youtong.queue.contents.content import NOBODY, ContentKind, ContentKinds, Personal, StoredContent, SubmittedContent
from youtong.queue.contents.merging import MAX_RENDERED_BYTES, merge
from youtong.queue.contents.template import TemplateContent
from youtong.queue.reading import reading
from youtong.queue.states import RecipientState
from youtong.queue.streams.streams import NewStream, StreamRecipient, UnknownStream

HEAD = b"Subject: Dear {{name|friend}}\r\n\r\n"
NEW = NewStream(7, "spring", "news@example.org", HEAD, b"Hello {{ name }}!\r\n", 3 * 86_400_000)


def people(*numbers: int) -> list[StreamRecipient]:
    return [StreamRecipient(f"k{number}", f"b{number}@example.com", {"name": f"B{number}"}) for number in numbers]


async def test_a_chunk_that_is_sent_again_adds_nobody_twice(room: QueueRoom) -> None:
    stream = await room.streams.make(NEW)
    assert await room.streams.enqueue(stream, people(1, 2)) == 2
    assert await room.streams.enqueue(stream, people(1, 2, 3)) == 1
    assert list(room.states()) == ["b1@example.com", "b2@example.com", "b3@example.com"]


async def test_the_same_key_in_another_stream_is_another_recipient(room: QueueRoom) -> None:
    for _ in range(2):
        assert await room.streams.enqueue(await room.streams.make(NEW), people(1)) == 1


async def test_a_chunk_with_a_bad_address_is_refused_whole(room: QueueRoom) -> None:
    stream = await room.streams.make(NEW)
    with pytest.raises(AddressError):
        await room.streams.enqueue(stream, [*people(1), StreamRecipient("k2", "nobody")])
    assert room.states() == {}
    assert await room.streams.enqueue(stream, people(1)) == 1
    assert len(await room.load()) == 1


async def test_a_stream_that_does_not_exist_takes_nobody(room: QueueRoom) -> None:
    with pytest.raises(UnknownStream):
        await room.streams.enqueue(4711, people(1))
    assert room.states() == {}


async def test_each_recipient_travels_with_its_own_fields_and_the_stored_text(room: QueueRoom) -> None:
    stream = await room.streams.make(NEW)
    await room.streams.enqueue(stream, people(1, 2))
    handed = await room.load()
    assert [leased.parcel().fields for leased in handed] == ['{"name":"B1"}', '{"name":"B2"}']
    assert {leased.ready.message.content_id for leased in handed} == {stream}
    assert set(room.states().values()) == {RecipientState.LEASED}


async def test_what_came_of_a_stream_is_counted_by_state(room: QueueRoom) -> None:
    stream = await room.streams.make(NEW)
    await room.streams.enqueue(stream, people(1, 2))
    await room.load()
    await room.streams.enqueue(stream, people(3))
    with reading(room.folder) as reader:
        assert reader.stream_fates(stream) == {RecipientState.LEASED: 2, RecipientState.SCHEDULED: 1}
        assert reader.stream_fates(stream + 1) == {}


# -- the template


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"Dear {{name}}", b"Dear Anna"),
        (b"Dear {{ name }}", b"Dear Anna"),
        (b"Dear {{missing|friend}}", b"Dear friend"),
        (b"Dear {{missing|}}", b"Dear "),
        (b"Dear {{empty|friend}}", b"Dear friend"),
        (b"{{name}}{{name}}", b"AnnaAnna"),
        (b"{{wild}}", b"{{name}} \\1"),
        (b"{name} {{}} {{1a}}", b"{name} {{}} {{1a}}"),
        (b"{{chinese}}", "安娜".encode()),
    ],
)
def test_places_are_filled_once(text: bytes, expected: bytes) -> None:
    values = {"name": "Anna", "empty": "", "wild": "{{name}} \\1", "chinese": "安娜"}
    assert merge(text, values) == expected


def test_a_missing_field_without_fallback_is_a_fault_with_its_name() -> None:
    with pytest.raises(RenderFault, match="'name'"):
        merge(b"{{name}}", {})


@given(st.text(st.sampled_from("a\r\n\v: 中"), max_size=20))
def test_no_value_adds_a_header_field_or_a_line(value: str) -> None:
    merged = merge(b"Subject: {{name|x}}\r\nTo: a@example.com\r\n\r\n", {"name": value})
    assert merged.count(b"\r") == merged.count(b"\n") == merged.count(b"\r\n") == 3


def rendered(text: bytes, fields: str, folder: Path) -> bytes:
    content = StoredContent(1, ContentKind.TEMPLATE, HEAD, text, None)
    return ContentKinds({ContentKind.TEMPLATE: TemplateContent(folder)}).render(content, Personal(fields)).body


@pytest.mark.parametrize("fields", ["[]", "{", '{"name": 1}', "null", '"x"'])
def test_fields_that_are_no_object_of_texts_are_a_fault(tmp_path: Path, fields: str) -> None:
    with pytest.raises(RenderFault):
        rendered(b"{{name}}", fields, tmp_path)


def test_a_rendered_message_is_bounded_before_it_fills_the_memory(tmp_path: Path) -> None:
    fields = '{"name": "' + "x" * 300_000 + '"}'
    with pytest.raises(RenderFault, match="1 MiB"):
        rendered(b"{{name}}" * 8_000, fields, tmp_path)
    assert len(rendered(b"{{name}}" * 2, fields, tmp_path)) < MAX_RENDERED_BYTES


def test_a_body_that_is_gone_from_the_spool_is_a_fault(tmp_path: Path) -> None:
    content = StoredContent(1, ContentKind.SUBMITTED, HEAD, None, "gone")
    with pytest.raises(RenderFault):
        SubmittedContent(tmp_path).render(content, NOBODY)
