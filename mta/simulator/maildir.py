"""A Maildir of what was received, for eyes and for other programs.

Owns   the files: new/*.eml holds the exact octets as received (dot-unstuffed), envelopes.jsonl one line for each with
       its SMTP envelope. Delivered by rename, so a reader never sees half a file. Nothing is synced: a simulator
       promises nothing to a power cut.
"""

import os
from pathlib import Path

import msgspec

from .received import Received


class Maildir:
    """A Maildir at `root`, made when absent. Raises OSError."""

    def __init__(self, root: Path) -> None:
        self._root = root
        for name in ("tmp", "new", "cur"):
            (root / name).mkdir(parents=True, exist_ok=True)
        self._envelopes = (root / "envelopes.jsonl").open("ab", buffering=0)

    def deliver(self, received: Received) -> None:
        name = f"{received.at_ms}.{os.getpid()}_{received.number}.simulator"
        temporary = self._root / "tmp" / name
        temporary.write_bytes(received.content)
        temporary.rename(self._root / "new" / f"{name}.eml")
        line = msgspec.to_builtins(received)
        del line["content"], line["number"]
        self._envelopes.write(msgspec.json.encode({"file": f"new/{name}.eml", **line}) + b"\n")

    def close(self) -> None:
        self._envelopes.close()
