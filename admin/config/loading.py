"""Reading youtong.toml: all faults at once, each with its line.

Owns   the way from a file to a Config: TOML, names, kinds, and the rules that span keys.
Knows  no single key (`sections` does).
"""

import re
import tomllib
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from ..texts import _
from .faults import ConfigError, Fault
from .lines import LineIndex, index_lines
from .listening import same_twice
from .sections import ALWAYS, OPTIONAL, REPEATED, SECTIONS, Config, keys_of

_POSITION = re.compile(r" \(at line (\d+), column \d+\)$")


def load(path: Path) -> Config:
    """The checked configuration. Raises ConfigError with every fault; a missing file is one sentence."""
    try:
        octets = path.read_bytes()
    except FileNotFoundError as error:
        sentence = _("there is no such file; name one with --config, or let “youtong serve” create it")
        raise ConfigError(path, [Fault(0, "", sentence)]) from error
    except OSError as error:
        raise ConfigError(path, [Fault(0, "", _("cannot be read ({reason})").format(reason=error.strerror))]) from error
    try:
        text = octets.decode()
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise ConfigError(path, [Fault(line, "", _("is not UTF-8 text"))]) from error
    return parse(text, path)


def parse(text: str, path: Path) -> Config:
    """As `load`, from text; relative paths start at the folder of `path`."""
    index = index_lines(text)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, _syntax_faults(error, index)) from error
    reading = _Reading(index, path.absolute().parent)
    sections = reading.document(document)
    if reading.faults:
        raise ConfigError(path, reading.faults)
    config = Config(**sections, path=path.absolute(), text=text)
    if faults := same_twice(config, index):
        raise ConfigError(path, faults)
    return config


def _syntax_faults(error: tomllib.TOMLDecodeError, index: LineIndex) -> list[Fault]:
    repeated = [
        Fault(line, f"[{name}]", _("stands a second time (first at line {first})").format(first=first))
        for name, line, first in index.repeated
    ]
    position = _POSITION.search(str(error))
    line = int(position.group(1)) if position else 0
    if any(fault.line == line for fault in repeated):
        return repeated
    sentence = _("is no valid TOML: {reason}").format(reason=_POSITION.sub("", str(error)))
    return [*repeated, Fault(line, "", sentence)]


@dataclass
class _Reading:
    index: LineIndex
    folder: Path
    faults: list[Fault] = field(default_factory=list[Fault])

    def document(self, document: dict[str, Any]) -> dict[str, Any]:
        for name in document:
            if name not in SECTIONS:
                self._unknown_section(name, document[name])
        return {
            **{name: self._single(name, document.get(name, {})) for name in ALWAYS},
            **{name: self._single(name, document[name]) for name in OPTIONAL if name in document},
            **{name: self._all(name, document.get(name, [])) for name in REPEATED},
        }

    def _unknown_section(self, name: str, value: Any) -> None:
        if not isinstance(value, dict | list):
            line = self.index.line_of("", 0, name)
            self.faults.append(Fault(line, name, _("stands before the first [section]")))
            return
        sentence = _("is no section") + _did_you_mean(name, list(SECTIONS), "[{}]")
        self.faults.append(Fault(self.index.line_of(name), f"[{name}]", sentence))

    def _single(self, name: str, table: Any) -> Any:
        if not isinstance(table, dict):
            self.faults.append(
                Fault(self.index.line_of(name), name, _("is a section: write [{name}]").format(name=name))
            )
            return None
        return self._section(name, 0, cast("dict[str, Any]", table))

    def _all(self, name: str, tables: Any) -> tuple[Any, ...]:
        if not isinstance(tables, list):
            sentence = _("may stand several times: write [[{name}]]").format(name=name)
            self.faults.append(Fault(self.index.line_of(name), f"[{name}]", sentence))
            return ()
        all_tables = cast("list[dict[str, Any]]", tables)
        self._same_twice(name, all_tables)
        return tuple(self._section(name, nth, table) for nth, table in enumerate(all_tables))

    def _section(self, name: str, nth: int, table: dict[str, Any]) -> Any:
        known = {key.name: key for key in keys_of(SECTIONS[name])}
        values: dict[str, Any] = {}
        for word, raw in table.items():
            if word not in known:
                self._fault(name, nth, word, _("is no key of this section") + _did_you_mean(word, list(known), "{}"))
                continue
            values[word] = self._value(name, nth, word, known[word].read, raw)
        for key in known.values():
            if key.is_required and key.name not in table:
                self._fault(name, nth, key.name, _("is missing"))
            elif key.name not in table and key.written is not None:
                values[key.name] = self._value(name, nth, key.name, key.read, key.written)
        self._tls_pair(name, table)
        return SECTIONS[name](**values) if len(self.faults) == 0 else None

    def _value(self, name: str, nth: int, word: str, read: Any, raw: Any) -> Any:
        try:
            return read(raw, self.folder)
        except ValueError as error:
            self._fault(name, nth, word, str(error))
            return None

    def _fault(self, name: str, nth: int, word: str, sentence: str) -> None:
        place = f"[[{name}]] {word}" if name in REPEATED else f"[{name}] {word}"
        self.faults.append(Fault(self.index.line_of(name, nth, word), place, sentence))

    def _tls_pair(self, name: str, table: dict[str, Any]) -> None:
        if name == "tls" and len(table.keys() & {"certificate_file", "key_file"}) == 1:
            (present,) = table.keys() & {"certificate_file", "key_file"}
            self._fault(name, 0, present, _("certificate_file and key_file go together: write both or neither"))

    def _same_twice(self, name: str, tables: list[dict[str, Any]]) -> None:
        identity = {"source": ("name",), "dkim": ("domain", "selector")}[name]
        seen: set[tuple[Any, ...]] = set()
        for nth, table in enumerate(tables):
            mark = tuple(repr(table.get(word)) for word in identity)
            if mark in seen and all(word in table for word in identity):
                self._fault(name, nth, identity[-1], _("is the same as in an earlier [[{name}]]").format(name=name))
            seen.add(mark)


def _did_you_mean(word: str, known: list[str], form: str) -> str:
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return _(", did you mean {word}?").format(word=form.format(close[0])) if close else ""
