"""Every message below a path, one after another: files, folders, Maildirs, mboxes, a stream."""

import io
import os
import sys
from pathlib import Path

import pytest
from youtong.admin import mail_files as module
from youtong.admin.mail_files import MailFile, Unreadable, mail_files

ONE, TWO = b"Subject: one\n\nfirst\n", b"Subject: two\n\nsecond\nFrom here on it goes well\n"


def found(path: Path | str) -> dict[str, bytes]:
    each = list(mail_files(str(path)))
    assert all(isinstance(one, MailFile) for one in each), each
    return {one.name: one.octets for one in each if isinstance(one, MailFile)}


def test_a_file_is_one_message(tmp_path: Path) -> None:
    (path := tmp_path / "one.eml").write_bytes(TWO)
    assert found(path) == {str(path): TWO}


def test_an_empty_file_is_an_empty_message(tmp_path: Path) -> None:
    (path := tmp_path / "empty").touch()
    assert found(path) == {str(path): b""}


def test_a_folder_is_read_in_the_order_of_names_and_below(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("c", "a", "b/x"):
        (tmp_path / name).write_bytes(name.encode())
    assert list(found(tmp_path).values()) == [b"a", b"b/x", b"c"]


def test_what_a_maildir_still_writes_is_left(tmp_path: Path) -> None:
    for name in ("cur", "new", "tmp"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1").write_bytes(name.encode())
    (tmp_path / "dovecot-uidlist").write_bytes(b"3 V1 N2\n")
    assert list(found(tmp_path).values()) == [b"cur", b"new"]
    assert list(found(tmp_path / "tmp").values()) == [b"tmp"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_an_mbox_has_its_messages_numbered_and_only_an_empty_line_begins_one(tmp_path: Path, end: bytes) -> None:
    octets = b"From a@b Mon Jan  1\n" + ONE + b"\nFrom c@d Tue Jan  2\n" + TWO
    (path := tmp_path / "mbox").write_bytes(octets.replace(b"\n", end))
    assert list(found(path)) == [f"{path}#1", f"{path}#2"]
    first, second = found(path).values()
    assert first.startswith(b"Subject: one")
    assert second == TWO.replace(b"\n", end)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_paragraph_that_begins_with_the_word_is_no_message(tmp_path: Path, end: bytes) -> None:
    text = b"From a@b Mon Jan  1\nSubject: one\n\nfirst\n\nFrom here on it goes well.\n\nFrom 5 to 7 pm too.\n"
    octets = (text + b"\nFrom c@d 2026-01-02T10:00:00Z\n" + ONE).replace(b"\n", end)
    (path := tmp_path / "mbox").write_bytes(octets)
    first, second = found(path).values()
    assert first.rstrip().endswith(b"too.")
    assert second == ONE.replace(b"\n", end)


def test_a_single_message_with_an_mbox_line_keeps_the_files_name(tmp_path: Path) -> None:
    (path := tmp_path / "one").write_bytes(b"From a@b Mon Jan  1\n" + ONE)
    assert found(path) == {str(path): ONE}


def test_standard_input_is_a_stream_of_either_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stream:
        buffer = io.BytesIO(b"From a@b Mon\n" + ONE + b"\nFrom c@d Tue\n" + TWO)

    monkeypatch.setattr(sys, "stdin", Stream)
    assert list(found("-")) == ["-#1", "-#2"]


def test_of_a_message_beyond_all_bounds_the_beginning_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_MESSAGE", 10)
    (path := tmp_path / "large").write_bytes(b"x" * 100)
    assert found(path) == {str(path): b"x" * 10}


def test_what_cannot_be_read_is_said_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "b")  # would wait for ever
    (tmp_path / "c").write_bytes(ONE)
    (tmp_path / "d").symlink_to(tmp_path / "d")
    (tmp_path / "e").symlink_to(tmp_path)
    assert list(mail_files(str(tmp_path))) == [
        Unreadable(str(tmp_path / "a"), "No such file or directory"),
        MailFile(str(tmp_path / "c"), ONE),
        Unreadable(str(tmp_path / "d"), "Too many levels of symbolic links"),
    ]
    assert list(mail_files(str(tmp_path / "gone"))) == [Unreadable(str(tmp_path / "gone"), "No such file or directory")]


def test_a_link_to_a_message_is_read(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(ONE)
    (tmp_path / "two").symlink_to(tmp_path / "one")
    assert list(found(tmp_path).values()) == [ONE, ONE]
