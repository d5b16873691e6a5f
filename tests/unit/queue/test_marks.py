"""Final-dot marks: what a dead worker's file can say, and what it can never be made to say."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from youtong.queue.workers import marks
from youtong.queue.workers.marks import MarkFile, is_alive, read_marks

TOKENS = [(5 << 40) | number for number in range(1, 40)]


@pytest.fixture
def file(tmp_path: Path) -> Iterator[MarkFile]:
    made = MarkFile(tmp_path / "worker-5.marks")
    yield made
    made.close()


def path_of(file: MarkFile) -> Path:
    return Path(os.readlink(f"/proc/self/fd/{file._fd}"))


def octets_of(*tokens: int, pid: int = 4711) -> bytes:
    return b"".join(marks.record(number) for number in (pid, *tokens))


def test_a_mark_is_readable_at_once_by_another_process(file: MarkFile) -> None:
    assert read_marks(path_of(file)).tokens == frozenset()
    file.leave(TOKENS[0])
    file.leave(TOKENS[1])
    found = read_marks(path_of(file))
    assert (found.pid, found.tokens) == (os.getpid(), {TOKENS[0], TOKENS[1]})


def test_a_missing_file_has_no_marks_and_no_living_worker(tmp_path: Path) -> None:
    assert read_marks(tmp_path / "none.marks").tokens == frozenset()
    assert not is_alive(tmp_path / "none.marks")


@given(st.integers(0, 16 * 40), st.integers(0, 16 * 40), st.integers(0, 64))
def test_no_truncation_or_zeroing_invents_a_token_or_a_process(
    tmp_path_factory: pytest.TempPathFactory, end: int, start: int, zeros: int
) -> None:
    octets = bytearray(octets_of(*TOKENS))
    octets[start : start + zeros] = bytes(len(octets[start : start + zeros]))
    path = tmp_path_factory.getbasetemp() / "torn.marks"
    path.write_bytes(octets[:end])
    found = read_marks(path)
    assert found.tokens <= set(TOKENS)
    assert found.pid in (0, 4711)
    whole = {token for at, token in enumerate(TOKENS, 1) if (at + 1) * 16 <= min(end, max(start, 0))}
    assert whole <= found.tokens, "a record that is whole was lost"


def test_a_torn_header_makes_no_process_of_the_first_mark(tmp_path: Path) -> None:
    path = tmp_path / "worker-5.marks"
    path.write_bytes(bytes(16) + octets_of(*TOKENS[:2])[16:])
    found = read_marks(path)
    assert (found.pid, found.tokens) == (0, set(TOKENS[:2]))


def test_a_mark_that_is_not_wholly_written_is_no_mark_and_harms_none_that_follow(
    file: MarkFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.leave(TOKENS[0])
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(marks.os, "write", lambda fd, octets: write(fd, octets[:7]))
        with pytest.raises(OSError, match="space"):
            file.leave(TOKENS[1])
    file.leave(TOKENS[2])
    assert read_marks(path_of(file)).tokens == {TOKENS[0], TOKENS[2]}


def test_the_last_letter_whose_making_did_not_end_is_the_one_that_was_being_made(file: MarkFile) -> None:
    file.begin(TOKENS[0])
    file.end()
    file.leave(TOKENS[0])
    file.begin(TOKENS[1])
    found = read_marks(path_of(file))
    assert (found.making, found.begun, found.tokens) == (TOKENS[1], {*TOKENS[:2]}, {TOKENS[0]})
    file.end()
    assert read_marks(path_of(file)).making == 0


def test_a_full_disk_blames_nobody_and_takes_no_mark_of_a_dot_away(
    file: MarkFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, room = os.write, [1, 1, 0, 0, 1, 0]
    monkeypatch.setattr(marks.os, "write", lambda fd, octets: write(fd, octets if room.pop(0) else octets[:7]))
    file.leave(TOKENS[0])
    file.begin(TOKENS[1])
    file.end()
    assert read_marks(path_of(file)).making == 0
    file.begin(TOKENS[2])
    file.end()
    found = read_marks(path_of(file))
    assert (found.making, found.begun, found.tokens) == (0, frozenset(), {TOKENS[0]})
    file.begin(TOKENS[3])
    file.end()
    found = read_marks(path_of(file))
    assert (found.making, found.tokens) == (0, {TOKENS[0]})


def test_a_small_file_is_not_rewritten(file: MarkFile) -> None:
    for token in TOKENS:
        file.leave(token)
    file.forget_all_but(set())
    assert read_marks(path_of(file)).tokens == set(TOKENS)


def test_a_large_file_keeps_the_marks_that_are_not_settled_and_its_lock(
    file: MarkFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "_TRUNCATE_AT_BYTES", 1600)
    for token in range(1, 201):
        file.leave(token)
    path = path_of(file)
    file.forget_all_but({7, 200})
    found = read_marks(path)
    assert (found.pid, found.tokens) == (os.getpid(), {7, 200})
    assert is_alive(path)
    file.leave(201)
    assert read_marks(path).tokens == {7, 200, 201}
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_file_with_mostly_live_marks_is_not_rewritten_again_and_again(
    file: MarkFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "_TRUNCATE_AT_BYTES", 1600)
    for token in range(1, 201):
        file.leave(token)
    file.forget_all_but(set(range(1, 150)))
    assert read_marks(path_of(file)).tokens == set(range(1, 201))


def test_a_worker_lives_as_long_as_it_holds_its_lock(tmp_path: Path) -> None:
    path = tmp_path / "worker-5.marks"
    file = MarkFile(path)
    assert is_alive(path)
    file.close()
    assert not is_alive(path)


def test_nobody_takes_the_file_of_a_living_worker(file: MarkFile) -> None:
    with pytest.raises(BlockingIOError):
        MarkFile(path_of(file))
    assert is_alive(path_of(file))


def test_a_worker_that_renews_its_file_while_it_is_looked_at_counts_as_living(
    file: MarkFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "_TRUNCATE_AT_BYTES", 16)
    for token in range(1, 100):
        file.leave(token)
    path, flock = path_of(file), fcntl.flock

    def renewed_first(fd: int, how: int) -> None:
        monkeypatch.setattr(marks.fcntl, "flock", flock)
        file.forget_all_but(set())
        flock(fd, how)

    monkeypatch.setattr(marks.fcntl, "flock", renewed_first)
    assert is_alive(path)
