"""What is wrong with a rule file.

Owns   the value Fault (file, line, place, sentence) and RuleFileError, which carries all of them.
Knows  no key.
"""

from pathlib import Path

import msgspec


class Fault(msgspec.Struct, frozen=True, order=True):
    """One thing to mend; line 0 is the file as a whole."""

    path: Path
    line: int
    place: str  # "[provider.google] connections"
    sentence: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.sentence) if part)

    def with_file(self) -> str:
        return f"{self.path}:{self.line}: {self}" if self.line else f"{self.path}: {self}"


class RuleFileError(Exception):
    """The rules cannot be used; str() lists every fault with file and line, one a line."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(faults)
        super().__init__("\n".join(fault.with_file() for fault in self.faults))
