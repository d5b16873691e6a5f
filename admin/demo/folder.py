"""The demo's folder: fresh at each start, kept afterwards so that one can look into it.

Owns   emptying it, and the lock that keeps two demos apart.
Knows  nothing of what is put there. Only a folder that a demo made is ever emptied: it bears a mark.
"""

import fcntl
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ..texts import _

_MARK = ".youtong-demo"


class FolderUnusable(Exception):
    """str() is one sentence."""


@contextmanager
def fresh_folder(folder: Path) -> Generator[None]:
    """An empty folder that is ours until the end of the block. Raises FolderUnusable."""
    try:
        _refuse_foreign(folder)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (folder / _MARK).open("a")
    except OSError as error:
        sentence = _("The demo cannot use the folder {folder}: {why}. Another one: --folder DIR.")
        raise FolderUnusable(sentence.format(folder=folder, why=error.strerror)) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sentence = _("Another demo runs in {folder}; give this one its own with --folder DIR.")
            raise FolderUnusable(sentence.format(folder=folder)) from None
        _empty(folder)
        yield


def _refuse_foreign(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _MARK).exists():
        sentence = _("{folder} holds something that no demo put there, and a demo would delete it: --folder DIR.")
        raise FolderUnusable(sentence.format(folder=folder))


def _empty(folder: Path) -> None:
    for each in folder.iterdir():
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        elif each.name != _MARK:
            each.unlink()
