"""Messages in files: single ones, folders, Maildirs, mboxes, a stream.

Owns   finding every message below a path, one after another, with a name for each.
Knows  nothing of what is in a message.

Invariants
    One message is in memory at a time, at most MAX_MESSAGE octets of it: no file is too large to be read.
    What cannot be read is a value, and the others go on.
An mbox is a file that begins with "From "; its messages begin so behind an empty line, with a date on that line
(RFC 4155 §2). Not every program quotes a line of the text that begins with the same word.
"""

import mmap
import os
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

MAX_MESSAGE = 32 << 20
STDIN = "-"
_DATE = rb"\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b|\d{4}-\d\d-\d\d)"
_SEPARATOR = re.compile(
    rb"(?:\AFrom |(?>\r\n|\n|\r)(?>\r\n|\n|\r)From (?=[^\r\n]{0,400}?" + _DATE + rb"))[^\r\n]*(?>\r\n|\n|\r)"
)


class MailFile(msgspec.Struct, frozen=True):
    """A message; of an mbox with several the name ends in #1, #2 …"""

    name: str
    octets: bytes


class Unreadable(msgspec.Struct, frozen=True):
    name: str
    why: str  # the system's words


def mail_files(path: str) -> Iterator[MailFile | Unreadable]:
    """Every message at or below the path, "-" being standard input; a folder's in the order of their names."""
    try:
        if path == STDIN:
            yield from _messages(path, sys.stdin.buffer.read())
        elif Path(path).is_dir():
            yield from _folder(path)
        else:
            yield from _file(path)
    except OSError as error:
        yield Unreadable(path, error.strerror or str(error))


def _folder(path: str) -> Iterator[MailFile | Unreadable]:
    """A Maildir's tmp holds what is still being written, and files beside it are its server's own notes; pipes and
    devices hold no mail, and might never end."""
    with os.scandir(path) as entries:
        inside = sorted(entries, key=lambda entry: entry.name)
    is_maildir = {"cur", "new", "tmp"} <= {entry.name for entry in inside}
    for entry in inside:
        if is_maildir and (entry.name == "tmp" or not entry.is_dir(follow_symlinks=False)):
            continue
        if _is_readable(entry):
            yield from mail_files(entry.path)


def _is_readable(entry: os.DirEntry[str]) -> bool:
    """A link to a folder is not followed: it may lead in a circle. One to nothing is tried, and so gets said."""
    try:
        if entry.is_dir(follow_symlinks=False) or entry.is_file():
            return True
    except OSError:  # such as a link to itself
        return True
    return entry.is_symlink() and not os.path.exists(entry.path)


def _file(path: str) -> Iterator[MailFile]:
    with open(path, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            yield from _messages(path, file.read())
        elif about.st_size:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as octets:
                yield from _messages(path, octets)
        else:
            yield MailFile(path, b"")


def _messages(name: str, octets: bytes | mmap.mmap) -> Iterator[MailFile]:
    if octets[:5] != b"From ":
        yield MailFile(name, octets[:MAX_MESSAGE])
        return
    begins: Iterator[re.Match[bytes] | None] = iter(_SEPARATOR.finditer(octets))
    here = next(begins, None)
    if here is None:
        yield MailFile(name, octets[:MAX_MESSAGE])
    nth = 0
    while here is not None:
        following = next(begins, None)
        end = following.start() if following else len(octets)
        nth += 1
        is_only = nth == 1 and following is None
        yield MailFile(name if is_only else f"{name}#{nth}", octets[here.end() : min(end, here.end() + MAX_MESSAGE)])
        here = following
