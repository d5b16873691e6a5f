"""Where a rule file comes from: the one beside the configuration, or the shipped one, or the first over the second.

Owns   finding and reading them whole: all faults of all files are raised at once, and then nothing is in use.
Knows  no key; a kind of file says how it is parsed, laid over another and checked.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from .faults import Fault, RuleFileError
from .fields import Source
from .toml import text_of

CONF = Path(__file__).resolve().parent.parent.parent / "conf"


class Layer(Protocol):
    @property
    def base(self) -> str: ...


File = TypeVar("File", bound=Layer)


class Layers(Generic[File]):
    """One kind of rule file; `name` as in "shaping.toml"."""

    def __init__(
        self,
        name: str,
        error: type[RuleFileError],
        parse: Callable[[str, Source], File],
        laid_over: Callable[[File, File], File],
        faults_between: Callable[[File], Iterable[Fault]],
    ) -> None:
        self._name, self._error = name, error
        self._parse, self._laid_over, self._faults_between = parse, laid_over, faults_between
        self._parsed: dict[Path, tuple[str, File, tuple[Fault, ...]]] = {}
        self.shipped = CONF / name

    def beside(self, config_file: Path) -> Path:
        """The file that belongs to a configuration: the one beside it, or the shipped one."""
        own = config_file.resolve().parent / self._name
        return own if own.exists() else self.shipped

    def load(self, path: Path) -> File:
        """The rules of this file, over the shipped ones where it says so. Raises the kind's RuleFileError."""
        faults: list[Fault] = []
        file = self._read(path, faults)
        if file.base == "shipped" and path != self.shipped:
            file = self._laid_over(self._read(self.shipped, faults), file)
        if not faults:
            faults += self._faults_between(file)
        if faults:
            raise self._error(faults)
        return file

    def _read(self, path: Path, faults: list[Fault]) -> File:
        text, fault = text_of(path)
        if fault:
            raise self._error([fault])
        before = self._parsed.get(path)
        if before is None or before[0] != text:  # a reload that changed nothing costs nothing
            label = f"shipped {self._name}" if path == self.shipped else self._name
            source = Source(path, label, text)
            before = text, self._parse(text, source), tuple(source.faults)
            self._parsed = {each: kept for each, kept in self._parsed.items() if each == self.shipped} | {path: before}
        faults += before[2]
        return before[1]
