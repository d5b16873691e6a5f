import pytest
from hypothesis import example, given, strategies as st
from youtong.mta.smtp.data_reader import MAX_LINE_OCTETS, DataReader, Fault

NASTY = st.lists(st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"\r\n.", b"\r\n.\r\n", b"\0", b"a", b"bc"])).map(
    b"".join
)


def lines_of(words: list[bytes]) -> bytes:
    return b"".join(word.translate(None, b"\r\n\0") + b"\r\n" for word in words)


def stuffed(message: bytes) -> bytes:
    """RFC 5321 §4.5.2, the slow and obvious way."""
    lines = message.split(b"\r\n")[:-1]
    return b"".join((b"." + line if line.startswith(b".") else line) + b"\r\n" for line in lines) + b".\r\n"


def read(stream: bytes, cuts: list[int]) -> tuple[bytes, bool, bool, bytes]:
    reader, octets, at = DataReader(), b"", 0
    for cut in [*sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]:
        if reader.ended:
            return octets, True, reader.fault is not None, reader.rest + stream[at:]
        octets += reader.feed(stream[at:cut])
        at = cut
    return octets, reader.ended, reader.fault is not None, reader.rest


@given(NASTY, st.lists(st.integers(min_value=0), max_size=12))
@example(b".\r\n", [1])
@example(b"a\r\n.\r\nrest", [1, 2, 3, 4, 5])
def test_any_split_of_the_stream_reads_the_same(stream: bytes, cuts: list[int]) -> None:
    whole = read(stream, [])
    split = read(stream, cuts)
    if whole[1]:
        assert split == whole
    else:
        assert not split[1]
        assert whole[0].startswith(split[0])


@given(st.lists(st.binary(max_size=12)).map(lines_of), st.lists(st.integers(min_value=0), max_size=5), st.binary())
def test_unstuffing_takes_back_what_stuffing_did(message: bytes, cuts: list[int], behind: bytes) -> None:
    assert read(stuffed(message) + behind, cuts) == (message, True, False, behind)


@given(NASTY)
def test_only_crlf_dot_crlf_ends_content(stream: bytes) -> None:
    assert read(stream, [])[1] == (b"\r\n.\r\n" in b"\r\n" + stream)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"a\rb\r\n", Fault.BARE_CR),
        (b"a\nb\r\n", Fault.BARE_LF),
        (b"a\0b\r\n", Fault.NUL),
        (b"x" * MAX_LINE_OCTETS + b"\r\n", Fault.LONG_LINE),
        (b"x" * 998 + b"\r\n", None),
    ],
)
def test_each_fault_is_named_and_the_content_read_to_its_end(content: bytes, fault: Fault | None) -> None:
    reader = DataReader()
    reader.feed(content + b".\r\nNOOP\r\n")
    assert (reader.fault, reader.rest) == (fault, b"NOOP\r\n")


def test_a_line_too_long_is_seen_across_blocks_and_inside_one() -> None:
    across, inside = DataReader(), DataReader()
    for _ in range(MAX_LINE_OCTETS // 1000 + 1):
        across.feed(b"x" * 1000)
    inside.feed(b"a\r\n" + b"x" * (MAX_LINE_OCTETS + 1) + b"\r\nb\r\n.\r\n")
    assert (across.fault, inside.fault) == (Fault.LONG_LINE, Fault.LONG_LINE)


def test_many_short_lines_in_large_blocks_are_no_long_line() -> None:
    reader = DataReader()
    for _ in range(4):
        reader.feed((b"x" * 76 + b"\r\n") * 3000 + b"the beginning of a line that goes on ")
    assert reader.fault is None


def test_no_more_than_four_octets_are_held_back() -> None:
    reader = DataReader()
    given_octets = b"Subject: x\r\n\r\nbody\r\n."
    assert len(given_octets) - len(reader.feed(given_octets)) == 3
