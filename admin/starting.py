"""Whether an owner is starting: it runs, and does not answer yet.

Owns   the file run/starting, locked from the moment an owner has the data folder until it answers on owner.sock. The
       kernel gives the lock back whatever ends the process. Knows nothing of what a start does.
"""

import fcntl
from pathlib import Path
from types import TracebackType


def _path(data_dir: Path) -> Path:
    return data_dir / "run" / "starting"


class Starting:
    """A context manager: an owner is starting within it."""

    def __init__(self, data_dir: Path) -> None:
        path = _path(data_dir)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = path.open("w")

    def __enter__(self) -> "Starting":
        fcntl.flock(self._file, fcntl.LOCK_EX)  # somebody who looks holds it for microseconds
        return self

    def over(self) -> None:
        """It answers now."""
        self._file.close()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.over()


def is_starting(data_dir: Path) -> bool:
    """Whether an owner has the folder and does not answer yet."""
    try:
        with _path(data_dir).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass  # there never was one
    return False
