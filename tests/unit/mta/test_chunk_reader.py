import pytest
from hypothesis import example, given, strategies as st
from youtong.mta.smtp.chunk_reader import ChunkReader
from youtong.mta.smtp.data_reader import MAX_LINE_OCTETS, DataReader, Fault

NASTY = st.lists(st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"\0", b"a", b"bc"])).map(b"".join)


def read(octets: bytes, cuts: list[int]) -> tuple[bytes, Fault | None]:
    reader, out, at = ChunkReader(), b"", 0
    for cut in [*sorted(cut % (len(octets) + 1) for cut in cuts), len(octets)]:
        out += reader.feed(octets[at:cut])
        at = cut
    return out + reader.finish(), reader.fault


@given(NASTY, st.lists(st.integers(min_value=0), max_size=12))
def test_any_split_into_chunks_and_packets_reads_the_same(octets: bytes, cuts: list[int]) -> None:
    assert read(octets, cuts)[1] == read(octets, [])[1]
    if read(octets, [])[1] is None:
        assert read(octets, cuts) == read(octets, [])


@given(
    st.lists(st.binary(max_size=8)).map(lambda words: b"".join(w.translate(None, b"\r\n\0") + b"\r\n" for w in words))
)
def test_whole_lines_come_out_as_they_went_in(octets: bytes) -> None:
    assert read(octets, []) == (octets, None)


@given(NASTY)
@example(b".\r\n\r")
def test_a_chunk_is_refused_exactly_when_data_with_the_same_lines_is(octets: bytes) -> None:
    data = DataReader()
    stuffed = (b"\r\n" + octets).replace(b"\r\n.", b"\r\n..")[2:]  # a dot that begins the content is stuffed too
    data.feed(stuffed + b"\r\n.\r\n")
    assert (read(octets + b"\r\n", [])[1] is None) == (data.fault is None)


def test_a_line_too_long_is_seen_across_chunks() -> None:
    reader = ChunkReader()
    for _ in range(MAX_LINE_OCTETS // 1000 + 1):
        reader.feed(b"x" * 1000)
    assert reader.fault is Fault.LONG_LINE


@pytest.mark.parametrize(("octets", "added"), [(b"", b""), (b"a", b"\r\n"), (b"a\r\n", b"")])
def test_only_a_last_line_without_end_gets_one(octets: bytes, added: bytes) -> None:
    reader = ChunkReader()
    reader.feed(octets)
    assert reader.finish() == added
