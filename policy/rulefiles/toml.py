"""A rule file from disk to a TOML document.

Owns   reading it as UTF-8 and as TOML, with what is wrong as a fault at its line.
Knows  no key.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from .faults import Fault
from .fields import Source
from .phrases import phrased

_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def text_of(path: Path) -> tuple[str, Fault | None]:
    """The text, or what keeps it from being read."""
    try:
        return path.read_bytes().decode(), None
    except OSError as error:
        return "", Fault(path, 0, "", phrased("cannot be read ({why})", why=error.strerror))
    except UnicodeDecodeError:
        return "", Fault(path, 0, "", phrased("is not UTF-8 text"))


def document_of(text: str, source: Source) -> dict[str, Any] | None:
    """None when it is no TOML; the fault is in `source.faults`."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        position = _POSITION.search(str(error))
        line = int(position[1] or text.count("\n") + 1) if position else 0
        source.fault(line, "", phrased("is no valid TOML: {why}", why=_POSITION.sub("", str(error))))
        return None
