"""What is wrong with a configuration file.

Owns   the value Fault (a line, a place, a sentence) and ConfigError, which carries all of them.
Knows  no key.
"""

from dataclasses import dataclass
from pathlib import Path

from ..texts import _, ngettext


@dataclass(frozen=True, order=True)
class Fault:
    """One thing to mend; line 0 is the file as a whole."""

    line: int
    place: str  # "[submission] listen"
    sentence: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.sentence) if part)

    def with_line(self) -> str:
        return _("line {line}: {fault}").format(line=self.line, fault=self) if self.line else str(self)


class ConfigError(Exception):
    """The file cannot be used; str() lists every fault with its line, one a line."""

    def __init__(self, path: Path, faults: list[Fault]) -> None:
        self.path = path
        self.faults = sorted(faults)
        super().__init__(self._text())

    def _text(self) -> str:
        if len(self.faults) == 1 and not self.faults[0].line:
            return f"{self.path}: {self.faults[0]}"
        n = len(self.faults)
        head = ngettext("{path} has {n} fault:", "{path} has {n} faults:", n).format(path=self.path, n=n)
        return "\n".join([head, *(f"  {fault.with_line()}" for fault in self.faults)])
