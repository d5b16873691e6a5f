"""Reading conf/simulator.toml: text to `Settings`, or every fault with its line.

Owns   the check of what types cannot say (unique names, loopback addresses, replies that are replies) and the way from
       a fault to its line in the file.
Knows  nothing of sockets.
"""

import re
import tomllib
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import msgspec

from .behaviours import Deed
from .domains import expand
from .settings import ProviderSettings, Servers, Settings, parse_reply

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
        settings = msgspec.convert(tables, Settings)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$.")
        raise SettingsError([(_line_of(text, _steps(path.rstrip("`"), what)), what)]) from error
    faults = [(_line_of(text, ["provider", str(at)]), what) for at, what in faults_of(settings)]
    faults += [(_line_of(text, ["simulator", key]), what) for key, what in _server_faults(settings.simulator)]
    if faults:
        raise SettingsError(faults)
    return settings


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


def provider_faults(provider: ProviderSettings) -> list[str]:
    """What is wrong with one provider, as sentences."""
    faults: list[str] = []
    octets = [rule.octets for rule in provider.rule if rule.do is Deed.OCTETS]
    names = (*provider.domains, *(mx.host for mx in provider.mx), *(mx.alias for mx in provider.mx if mx.alias))
    checks = (
        (parse_reply, _replies(provider)), (_octets, octets), (expand, names), (_loopback, _addresses(provider))
    )  # fmt: skip
    for check, values in checks:
        for value in values:
            try:
                check(value)
            except ValueError as error:
                faults.append(f"provider {provider.name!r}: {error}")
    faults += [
        f"provider {provider.name!r}: a window needs most ≥ 1 and seconds > 0"
        for window in provider.window
        if window.most < 1 or window.seconds <= 0
    ]
    return faults


def _server_faults(servers: Servers) -> Iterator[tuple[str, str]]:
    """The name server and the control socket stay on this machine too."""
    control = "" if servers.control.startswith("unix:") else servers.control
    for key, where in (("dns", servers.dns), ("silent_dns", servers.silent_dns), ("control", control)):
        try:
            if where:
                _loopback(where.rpartition(":")[0].strip("[]"))
        except ValueError as error:
            yield key, f"{key}: {error}"


def _replies(provider: ProviderSettings) -> list[str]:
    limits = provider.limits
    always = [limits.connections_reply, limits.messages_reply, limits.recipients_reply, limits.content_reply]
    return [
        *(rule.reply for rule in provider.rule if rule.do is Deed.REPLY),
        *(window.reply for window in provider.window),
        *always,
        *(each for each in (limits.close_reply, limits.idle_reply) if each),
        *([provider.greylist.reply] if provider.greylist else []),
    ]


def _octets(text: str) -> None:
    if not text or max(text) > "\xff":
        raise ValueError(f"{text!r}: octets are characters up to U+00FF, and not none")


def _addresses(provider: ProviderSettings) -> list[str]:
    return [mx.address for mx in provider.mx if mx.address]


def _loopback(address: str) -> None:
    if not ip_address(address).is_loopback:
        raise ValueError(f"{address} is not a loopback address: the simulator never leaves this machine")


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
