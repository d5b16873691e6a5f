"""Frames between two processes of ours: cut and written."""

import asyncio

from youtong.mta.frames import FrameReader, FrameWriter, framed


class ListingTransport(asyncio.Transport):
    """Notes what each system call would get."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[list[bytes]] = []
        self.writelines = lambda frames: self.written.append(list(frames))
        self.is_closing = lambda: False
        self.close = lambda: None


async def test_frames_of_one_turn_are_written_at_once_in_their_order() -> None:
    transport = ListingTransport()
    writer = FrameWriter(transport)
    writer.write(b"one")
    writer.write(b"two")
    assert transport.written == []
    await asyncio.sleep(0)
    writer.write(b"three")
    await asyncio.sleep(0)
    assert transport.written == [[b"one", b"two"], [b"three"]]


async def test_what_was_written_goes_out_before_the_end() -> None:
    transport = ListingTransport()
    writer = FrameWriter(transport)
    writer.write(b"last")
    writer.close()
    await asyncio.sleep(0)
    assert transport.written == [[b"last"]]


def test_frames_are_the_same_wherever_the_stream_is_cut() -> None:
    bodies = [b"", b"a", b"bc" * 300]
    stream = b"".join(map(framed, bodies))
    for first in range(len(stream) + 1):
        for second in (first, (first + len(stream)) // 2):
            reader = FrameReader()
            cuts = (stream[:first], stream[first:second], stream[second:])
            assert [body for cut in cuts for body in reader.feed(cut)] == bodies
