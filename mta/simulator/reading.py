"""Reading conf/simulator.toml: text to `Settings`, or every fault with its line.

Owns   the checks across providers (unique names, domains and addresses), those of the simulator's own table, and the
       way from a fault to its line in the file.
Knows  nothing of sockets. What can be wrong with one provider is `mta.simulator.checking`'s.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from .changing import ChangeRefused, changed
from .checking import loopback, provider_faults
from .domains import expand
from .drawing import DrawingFault, drawn, is_array, is_table
from .settings import ProviderSettings, Servers, Settings

_HEADER = re.compile(r"\s*\[\[?\s*([\w.\-]+)\s*\]\]?")
_KEY = re.compile(r"\s*([\w\-]+)\s*=")
_STEP = re.compile(r"\.?([\w\-]+)|\[(\d+|\.\.\.)\]")
_UNKNOWN_FIELD = re.compile(r"unknown field `([^`]+)`")


class SettingsError(ValueError):
    """The file is wrong; `faults` are sentences with their line, in order of the file."""

    def __init__(self, faults: list[tuple[int, str]]) -> None:
        self.faults = sorted(faults)
        super().__init__("\n".join(f"line {line}: {what}" if line else what for line, what in self.faults))


def load_settings(path: Path) -> Settings:
    """The settings in a file. Raises SettingsError, or OSError when the file cannot be read."""
    return read_settings(path.read_text(encoding="utf-8"))


def read_settings(text: str) -> Settings:
    """The settings in a text. Raises SettingsError."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([(0, str(error))]) from error
    try:
        settings = msgspec.convert(_drawn(text, tables), Settings)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$.")
        raise SettingsError([(_line_of(text, _steps(path.rstrip("`"), what)), what)]) from error
    faults = [(_line_of(text, ["provider", str(at)]), what) for at, what in faults_of(settings)]
    faults += [(_line_of(text, ["simulator", key]), what) for key, what in _server_faults(settings.simulator)]
    if not faults:  # a change of what is wrong already would be refused for that
        faults = [(_line_of(text, steps), what) for steps, what in _change_faults(settings)]
    if faults:
        raise SettingsError(faults)
    return settings


def _drawn(text: str, tables: dict[str, Any]) -> dict[str, Any]:
    """The file with numbers in place of ranges. Raises SettingsError; what has not the shape of the file passes."""
    providers, servers = tables.get("provider"), tables.get("simulator")
    seed = servers.get("seed", 0) if is_table(servers) else 0
    if not is_array(providers):
        return tables
    result: list[Any] = []
    for at, each in enumerate(providers):
        try:
            result.append(drawn(each, seed) if is_table(each) else each)
        except DrawingFault as fault:
            raise SettingsError([(_line_of(text, ["provider", str(at), *fault.steps]), str(fault))]) from fault
    return {**tables, "provider": result}


def faults_of(settings: Settings) -> list[tuple[int, str]]:
    """What is wrong beyond types: the provider's place in the file, and a sentence."""
    faults = [(at, what) for at, provider in enumerate(settings.provider) for what in provider_faults(provider)]
    for what, values in (
        ("provider name", [(at, each.name) for at, each in enumerate(settings.provider)]),
        ("domain", [(at, name) for at, each in enumerate(settings.provider) for name in _domains(each)]),
        ("address", [(at, mx.address) for at, each in enumerate(settings.provider) for mx in each.mx if mx.address]),
    ):
        faults += list(_repeated(what, values))
    return faults


def _change_faults(settings: Settings) -> Iterator[tuple[list[str], str]]:
    """Changes that would be refused when their time comes, in the order of time."""
    for at, provider in enumerate(settings.provider):
        now = provider
        for number, change in sorted(enumerate(provider.change), key=lambda each: each[1].after_seconds):
            try:
                now = changed(now, change.set, settings.simulator.seed)
            except ChangeRefused as refused:
                yield ["provider", str(at), "change", str(number)], f"provider {provider.name!r}: {refused}"


def _server_faults(servers: Servers) -> Iterator[tuple[str, str]]:
    """The name server and the control socket stay on this machine too."""
    control = "" if servers.control.startswith("unix:") else servers.control
    for key, where in (("dns", servers.dns), ("silent_dns", servers.silent_dns), ("control", control)):
        try:
            if where:
                loopback(where.rpartition(":")[0].strip("[]"))
        except ValueError as error:
            yield key, f"{key}: {error}"


def _domains(provider: ProviderSettings) -> list[str]:
    try:
        return [name for pattern in provider.domains for name in expand(pattern)]
    except ValueError:
        return []  # told by provider_faults


def _repeated(what: str, values: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    seen: set[str] = set()
    for at, value in values:
        if value in seen:
            yield at, f"the {what} {value} is there twice"
        seen.add(value)


def _steps(path: str, what: str) -> list[str]:
    steps = [name or index for name, index in _STEP.findall(path)]
    unknown = _UNKNOWN_FIELD.search(what)
    return [*steps, unknown.group(1)] if unknown else steps


def _line_of(text: str, steps: list[str]) -> int:
    """The line of the deepest table or key that `steps` name; 0 when there is none."""
    counts: dict[str, int] = {}
    table, best, depth = "", 0, 0
    for number, line in enumerate(text.splitlines(), 1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            table = _numbered(header.group(1), line.lstrip().startswith("[["), counts)
            here = table.split("/")
        elif key:
            here = [*table.split("/"), key.group(1)] if table else [key.group(1)]
        else:
            continue
        reached = len(here)
        if reached > depth and here == steps[:reached]:
            best, depth = number, reached
    return best


def _numbered(name: str, in_array: bool, counts: dict[str, int]) -> str:
    """A header as a path with the numbers of its arrays: "provider.rule" in the third provider: provider/2/rule/0."""
    path = ""
    *parents, last = name.split(".")
    for parent in parents:
        path += f"/{parent}" + (f"/{counts[path + '/' + parent] - 1}" if f"{path}/{parent}" in counts else "")
    path += f"/{last}"
    if in_array:
        counts[path] = counts.get(path, 0) + 1
        path += f"/{counts[path] - 1}"
    return path.lstrip("/")
