import pytest
from hypothesis import given, strategies as st
from youtong.mta.submission.input import MAX_LINE_OCTETS, ClientInput, LineTooLongError

STREAM = st.lists(st.sampled_from([b"\r\n", b"\n", b"NOOP", b"a", b"\r"]), max_size=30).map(b"".join)


def lines(source: ClientInput) -> list[bytes]:
    found: list[bytes] = []
    while (line := source.line()) is not None:
        found.append(line)
    return found


@given(STREAM, st.lists(st.integers(min_value=0), max_size=12))
def test_any_split_of_the_stream_gives_the_same_lines(stream: bytes, cuts: list[int]) -> None:
    source, found, at = ClientInput(), list[bytes](), 0
    for cut in [*sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]:
        source.feed(stream[at:cut])
        found += lines(source)
        at = cut
    assert b"".join(found) + source.block() == stream
    assert all(line.count(b"\n") == 1 and line.endswith(b"\n") for line in found)


def test_a_line_too_long_is_thrown_away_while_it_comes_and_told_once_at_its_end() -> None:
    source = ClientInput()
    for _ in range(100):
        source.feed(b"x" * 1000)
        assert source.line() is None
        assert len(source) <= MAX_LINE_OCTETS + 1000
    source.feed(b"x\r\nNOOP\r\n")
    with pytest.raises(LineTooLongError):
        source.line()
    assert lines(source) == [b"NOOP\r\n"]


def test_what_is_thrown_away_does_not_swallow_the_next_line() -> None:
    source = ClientInput()
    source.feed(b"x" * (MAX_LINE_OCTETS + 1))
    assert source.line() is None
    source.discard()
    source.feed(b"NOOP\r\n")
    assert lines(source) == [b"NOOP\r\n"]


async def test_an_awaited_line_is_there_when_it_has_come_and_empty_at_the_end() -> None:
    source = ClientInput()
    source.feed(b"one\r\n")
    assert await source.readline() == b"one\r\n"
    source.end()
    assert await source.readline() == b""
    assert not source.is_awaited
