"""Power cuts, from a record of everything a server wrote and synced (tests/crash/power_cut/recorder.c).

The disk of this model keeps what a sync has ended for, and of what was written since, any part. Names are kept when
their folder was synced. A cut is possible between any two records; `cuts` rebuilds the folder as of each, at its worst
(nothing unsynced survived) and torn (a part drawn from a seed did).
"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

_SOURCE = Path(__file__).parents[1] / "crash/power_cut/recorder.c"
_HEAD = 19
_SECTOR = 512
FORGOTTEN_SUFFIXES = ("-shm", ".sock")  # of no meaning after a boot


def build_recorder(folder: Path) -> Path:
    """The recorder as a library to be preloaded. Raises CalledProcessError."""
    library = folder / "recorder.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, _SOURCE, "-ldl"], check=True)
    return library


def environment(library: Path, folder: Path, log: Path) -> dict[str, str]:
    """What a process needs to be recorded, with its children."""
    return {"LD_PRELOAD": str(library), "POWER_CUT_FOLDER": str(folder), "POWER_CUT_LOG": str(log)}


def note(log: Path, text: str) -> None:
    """Something that the world learned at this moment, put in its place among the writes."""
    data = text.encode()
    head = b"A" + bytes(12) + bytes(2) + len(data).to_bytes(4, "little")
    fd = os.open(log, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(fd, head + data)
    finally:
        os.close(fd)


@dataclass(frozen=True)
class Record:
    """One call: W write, T truncate, B and S begin and end of a sync, U unlink, R rename, A a note."""

    op: str
    thread: int
    offset: int
    path: str
    data: bytes


def records(log: Path) -> Iterator[Record]:
    octets, at = log.read_bytes(), 0
    while at < len(octets):
        path_length = int.from_bytes(octets[at + 13 : at + 15], "little")
        length = int.from_bytes(octets[at + 15 : at + 19], "little")
        path_at = at + _HEAD
        data_at = path_at + path_length
        yield Record(
            chr(octets[at]),
            int.from_bytes(octets[at + 1 : at + 5], "little"),
            int.from_bytes(octets[at + 5 : at + 13], "little"),
            octets[path_at:data_at].decode(),
            octets[data_at : data_at + length],
        )
        at = data_at + length


@dataclass
class _File:
    """`pending` was written and not synced."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[Record] = field(default_factory=list)

    def settle(self, count: int) -> None:
        """The first `count` of what was pending is durable."""
        for record in self.pending[:count]:
            _apply(self.durable, record)
        del self.pending[:count]

    def worst(self) -> bytes:
        return bytes(self.durable)

    def torn(self, random: Random) -> bytes:
        """Of what was pending each sector may have reached the disk, or not."""
        octets = bytearray(self.durable)
        for record in self.pending:
            if record.op == "T":
                if random.random() < 0.5:
                    _apply(octets, record)
                continue
            for at in range(0, len(record.data), _SECTOR):
                if random.random() < 0.5:
                    part = Record("W", 0, record.offset + at, "", record.data[at : at + _SECTOR])
                    _apply(octets, part)
        return bytes(octets)


def _apply(octets: bytearray, record: Record) -> None:
    if record.op == "T":
        del octets[record.offset :]
        octets.extend(bytes(record.offset - len(octets)))
        return
    octets.extend(bytes(max(0, record.offset - len(octets))))
    octets[record.offset : record.offset + len(record.data)] = record.data


class Disk:
    """What the records so far have made of the folder."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._names: dict[str, _File] = {}
        self._durable_names: dict[str, _File] = {}
        self._begun: dict[tuple[int, str], tuple[_File | None, int, dict[str, _File]]] = {}

    def take(self, record: Record) -> None:
        match record.op:
            case "W" | "T":
                self._names.setdefault(record.path, _File()).pending.append(record)
            case "B":
                self._begin(record)
            case "S":
                self._end(record)
            case "U":
                self._names.pop(record.path, None)
            case "R":
                self._names[record.data.decode()] = self._names.pop(record.path, _File())
            case "A":
                self.notes.append(record.data.decode())
            case op:
                raise ValueError(f"the recorder wrote an unknown record {op!r}")

    def _begin(self, record: Record) -> None:
        file = self._names.get(record.path)
        below = {name: each for name, each in self._names.items() if os.path.dirname(name) == record.path}
        self._begun[record.thread, record.path] = (file, len(file.pending) if file else 0, below)

    def _end(self, record: Record) -> None:
        file, count, below = self._begun.pop((record.thread, record.path))
        if file is not None:
            file.settle(count)
            return
        for name in [name for name in self._durable_names if os.path.dirname(name) == record.path]:
            del self._durable_names[name]
        self._durable_names.update(below)

    def rebuild(self, recorded: Path, folder: Path, random: Random | None = None) -> None:
        """Write what a boot would find into `folder`; `random`: a torn disk, else the worst."""
        names = self._durable_names if random is None or random.random() < 0.5 else self._names
        for name, file in names.items():
            if name.endswith(FORGOTTEN_SUFFIXES):
                continue
            target = folder / Path(name).relative_to(recorded)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.worst() if random is None else file.torn(random))
