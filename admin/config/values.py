"""Kinds of values a key may take: reading them, and what is said when one is wrong.

Owns   the value types Endpoint, Bytes, Network, and one reader per kind (`read(raw, folder) -> value`).
Knows  no section and no key. A reader raises ValueError with one sentence for the operator.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NewType, cast
from urllib.parse import urlsplit

from ...mta.address import AddressError, normalise_domain, split_address
from ..texts import _

Bytes = NewType("Bytes", int)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Reader = Callable[[Any, Path], Any]  # raw TOML value, folder of the file

_SIZE = re.compile(r"(\d+) ?(B|KiB|MiB|GiB|KB|MB|GB)")
_UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "KB": 10**3, "MB": 10**6, "GB": 10**9}


@dataclass(frozen=True)
class Endpoint:
    """An address to listen at or connect to; IPv6 is written in brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def text(raw: Any, folder: Path) -> str:
    if not isinstance(raw, str):
        raise ValueError(_('needs a text in quotes, e.g. "words"'))
    return raw


def boolean(raw: Any, folder: Path) -> bool:
    if not isinstance(raw, bool):
        raise ValueError(_("needs true or false, without quotes"))
    return raw


def whole_number(low: int, high: int) -> Reader:
    def read(raw: Any, folder: Path) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int) or not low <= raw <= high:
            raise ValueError(_("needs a whole number from {low} to {high}").format(low=low, high=high))
        return raw

    return read


def seconds(raw: Any, folder: Path) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not 0 <= raw <= 3600:
        raise ValueError(_("needs a number of seconds from 0 to 3600, without quotes"))
    return float(raw)


def size(raw: Any, folder: Path) -> Bytes:
    if octets := size_or_zero(raw, folder):
        return octets
    raise _no_size()


def _no_size() -> ValueError:
    return ValueError(_('needs a size with its unit in quotes, e.g. "25 MiB" (B, KiB, MiB, GiB, KB, MB, GB)'))


def size_or_zero(raw: Any, folder: Path) -> Bytes:
    match = _SIZE.fullmatch(raw) if isinstance(raw, str) else None
    if match is None:
        raise _no_size()
    return Bytes(int(match.group(1)) * _UNITS[match.group(2)])


def size_text(value: int) -> str:
    """The size in the largest unit that divides it."""
    unit = next((unit for unit in ("GiB", "MiB", "KiB") if value % _UNITS[unit] == 0), "B")
    return f"{value // _UNITS[unit]} {unit}"


def host_name(raw: Any, folder: Path) -> str:
    try:
        return normalise_domain(text(raw, folder))
    except AddressError as error:
        raise ValueError(_('is no host name ("{raw}"), write e.g. "mail.example.com"').format(raw=raw)) from error


def host_names(raw: Any, folder: Path) -> tuple[str, ...]:
    """Host names, without the last dot, in lower case."""
    return tuple(host_name(one, folder).lower().rstrip(".") for one in _list(raw))


def mail_address_or_empty(raw: Any, folder: Path) -> str:
    if text(raw, folder) == "":
        return ""
    try:
        local, domain = split_address(raw, smtputf8=True)
    except AddressError as error:
        raise ValueError(_('is no e-mail address ("{raw}")').format(raw=raw)) from error
    return f"{local}@{domain}"


def endpoint(raw: Any, folder: Path) -> Endpoint:
    host, colon, port = (raw if isinstance(raw, str) else "").rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(_('needs "host:port", e.g. "127.0.0.1:5587" or "[::1]:5587"'))
    return Endpoint(_checked_host(host), int(port))


def listen_endpoints(raw: Any, folder: Path) -> tuple[Endpoint, ...]:
    """One "host:port" or a list of them; an empty list listens nowhere."""
    each = cast("list[Any]", raw) if isinstance(raw, list) else [raw]
    return tuple(_listenable(endpoint(one, folder)) for one in each)


def endpoint_or_none(raw: Any, folder: Path) -> Endpoint | None:
    return None if raw == "" else endpoint(raw, folder)


def endpoints(raw: Any, folder: Path) -> tuple[Endpoint, ...]:
    return tuple(_numeric(endpoint(one, folder)) for one in _list(raw))


def networks(raw: Any, folder: Path) -> tuple[Network, ...]:
    """Some of the world; a prefix of 0 would let all of it in."""
    return tuple(_not_everywhere(_network(one)) for one in _list(raw))


def ip_address(raw: Any, folder: Path) -> str:
    try:
        return str(ipaddress.ip_address(text(raw, folder)))
    except ValueError as error:
        raise ValueError(_('is not an IP address ("{raw}")').format(raw=raw)) from error


def ipv6_address_or_empty(raw: Any, folder: Path) -> str:
    if not text(raw, folder):
        return ""
    address = ip_address(raw, folder)
    if ":" not in address:
        raise ValueError(_('is not an IP address ("{raw}")').format(raw=raw))
    return address


def host_name_or_empty(raw: Any, folder: Path) -> str:
    return host_name(raw, folder) if text(raw, folder) else ""


def path(raw: Any, folder: Path) -> Path:
    """A path that need not exist yet; relative ones start at the file's folder."""
    if not text(raw, folder):
        raise ValueError(_("needs a path, not an empty text"))
    return folder / raw


def readable_file(raw: Any, folder: Path) -> Path:
    full = path(raw, folder)
    try:
        full.open("rb").close()
    except OSError as error:
        raise ValueError(_("cannot read {path} ({reason})").format(path=full, reason=error.strerror)) from error
    return full


def creatable_folder(raw: Any, folder: Path) -> Path:
    """A folder that exists, or whose nearest existing ancestor is a folder."""
    full = path(raw, folder)
    nearest = next((one for one in (full, *full.parents) if one.exists()), full)
    if not nearest.is_dir():
        raise ValueError(_("cannot be a folder, since {path} is none").format(path=nearest))
    return full


def url_or_empty(raw: Any, folder: Path) -> str:
    parts = urlsplit(text(raw, folder))
    if raw and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError(_('needs a full address, e.g. "https://mail.example.com"'))
    return raw.rstrip("/")


def one_of(*words: str) -> Reader:
    def read(raw: Any, folder: Path) -> str:
        if raw not in words:
            raise ValueError(_("needs one of {words}").format(words=", ".join(f'"{word}"' for word in words)))
        return raw

    return read


def _list(raw: Any) -> list[Any]:
    if not isinstance(raw, list):
        raise ValueError(_('needs a list in square brackets, e.g. [] or ["127.0.0.1"]'))
    return cast("list[Any]", raw)


def _network(raw: Any) -> Network:
    try:
        return ipaddress.ip_network(raw if isinstance(raw, str) else "")
    except ValueError as error:
        raise ValueError(_('"{raw}" is no network, write e.g. "192.0.2.0/24"').format(raw=raw)) from error


def _not_everywhere(network: Network) -> Network:
    if not network.prefixlen:
        text = _('"{network}" is every address there is, so anybody could send through this server: name your own '
                 "networks")  # fmt: skip
        raise ValueError(text.format(network=network))
    return network


def _checked_host(host: str) -> str:
    if ":" in host or host.replace(".", "").isdigit():
        return ip_address(host, Path())
    return host_name(host, Path())


def _listenable(one: Endpoint) -> Endpoint:
    return one if one.host == "localhost" else _numeric(one)


def _numeric(one: Endpoint) -> Endpoint:
    return Endpoint(ip_address(one.host, Path()), one.port)
