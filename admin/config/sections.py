# ruff: noqa: RUF009 - `key` is dataclasses.field with metadata of ours
"""The sections of youtong.toml, one frozen dataclass each, and the whole Config.

Owns   every key's name, default and kind: an option is written once, here (conf/youtong.toml is tested against it).
Knows  nothing of how a file is read (`loading`) or of what a value is used for.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

from .hostnames import is_public_hostname
from .values import (
    Bytes,
    Endpoint,
    Network,
    Reader,
    boolean,
    creatable_folder,
    endpoint_or_none,
    endpoints,
    host_name,
    host_name_or_empty,
    host_names,
    ip_address,
    ipv6_address_or_empty,
    listen_endpoints,
    mail_address_or_empty,
    networks,
    one_of,
    readable_file,
    seconds,
    size,
    size_or_zero,
    text,
    url_or_empty,
    whole_number,
)

_HERE = Path()


def key(read: Reader, default: Any = ...) -> Any:
    """A key with its kind; `default` is written as in the file, `...` makes the key required."""
    metadata = {"read": read, "written": default}
    if default is ...:
        return field(metadata=metadata)
    return field(default=None if default is None else read(default, _HERE), metadata=metadata)


class AddressFamily(StrEnum):
    """Which IP version a delivery tries."""

    PREFER_IPV4 = "prefer_ipv4"
    PREFER_IPV6 = "prefer_ipv6"
    IPV4 = "ipv4"
    IPV6 = "ipv6"


def _family(raw: Any, folder: Path) -> AddressFamily:
    return AddressFamily(one_of(*AddressFamily)(raw, folder))


_count = whole_number(0, 1_000_000)


@dataclass(frozen=True, kw_only=True)
class Server:
    hostname: str = key(host_name)
    data_dir: Path = key(creatable_folder, "var")
    stop_seconds: float = key(seconds, 3)
    operator_address: str = key(mail_address_or_empty, "")


@dataclass(frozen=True, kw_only=True)
class Tls:
    """Both files or neither; neither: a self-signed pair in data_dir (`Config.certificate_file`)."""

    certificate_file: Path | None = key(readable_file, None)
    key_file: Path | None = key(readable_file, None)


@dataclass(frozen=True, kw_only=True)
class Submission:
    listen: tuple[Endpoint, ...] = key(listen_endpoints, "127.0.0.1:5587")
    listen_tls: tuple[Endpoint, ...] = key(listen_endpoints, "127.0.0.1:5465")
    trusted_networks: tuple[Network, ...] = key(networks, [])
    trusted_account: str = key(text, "operator")
    memory: Bytes = key(size, "64 MiB")
    max_message_size: Bytes = key(size, "25 MiB")
    processes: int = key(whole_number(0, 64), 1)


@dataclass(frozen=True, kw_only=True)
class People:
    """What one login may send within a span of time; 0: no limit (queue.people.allowances.Allowance)."""

    messages_per_minute: int = key(_count, 100)
    messages_per_hour: int = key(_count, 300)
    messages_per_day: int = key(_count, 500)
    recipients_per_minute: int = key(_count, 500)
    recipients_per_hour: int = key(_count, 1000)
    recipients_per_day: int = key(_count, 2000)
    new_recipients_per_day: int = key(_count, 200)


@dataclass(frozen=True, kw_only=True)
class Queue:
    """How long what has ended is kept: in queue.db, and then in archive.db."""

    archive_after_days: int = key(whole_number(1, 3650), 7)
    forget_after_days: int = key(whole_number(1, 36_500), 400)


@dataclass(frozen=True, kw_only=True)
class Inbound:
    listen: tuple[Endpoint, ...] = key(listen_endpoints, "127.0.0.1:5525")
    memory: Bytes = key(size, "32 MiB")
    max_message_size: Bytes = key(size, "25 MiB")
    keep_days: int = key(whole_number(1, 3650), 30)
    keep_size: Bytes = key(size, "1 GiB")
    host_messages_per_minute: int = key(_count, 600)
    host_size_per_minute: Bytes = key(size_or_zero, "100 MiB")


@dataclass(frozen=True, kw_only=True)
class Delivery:
    enabled: bool = key(boolean, True)
    port: int = key(whole_number(1, 65535), 25)
    workers: int = key(whole_number(0, 256), 0)  # 0: one per core
    dns_servers: tuple[Endpoint, ...] = key(endpoints, [])
    allow_private_addresses: bool = key(boolean, False)
    address_family: AddressFamily = key(_family, "prefer_ipv4")
    redirect_all_to: Endpoint | None = key(endpoint_or_none, "")
    require_tls: tuple[str, ...] = key(host_names, [])
    verify_tls: tuple[str, ...] = key(host_names, [])
    keep_dialogues: Bytes = key(size_or_zero, "64 MiB")
    dialogue_sample: int = key(whole_number(0, 1_000_000_000), 1000)  # one in so many that were delivered; 0: none


@dataclass(frozen=True, kw_only=True)
class Source:
    """An egress source: the local addresses that mail leaves from, one for each IP version, and their EHLO names."""

    name: str = key(text)
    address: str = key(ip_address)
    ehlo: str = key(host_name)
    address6: str = key(ipv6_address_or_empty, "")
    ehlo6: str = key(host_name_or_empty, "")

    @property
    def has_ipv6(self) -> bool:
        return ":" in self.address or bool(self.address6)


@dataclass(frozen=True, kw_only=True)
class DkimKey:
    """A static DKIM key, beside those made by `youtong dkim keygen`."""

    domain: str = key(host_name)
    selector: str = key(host_name)
    key_file: Path = key(readable_file)


@dataclass(frozen=True, kw_only=True)
class AdminPages:
    listen: tuple[Endpoint, ...] = key(listen_endpoints, "127.0.0.1:5580")
    base_url: str = key(url_or_empty, "")
    trusted_proxies: tuple[Network, ...] = key(networks, [])


@dataclass(frozen=True, kw_only=True)
class Tracking:
    listen: tuple[Endpoint, ...] = key(listen_endpoints, "127.0.0.1:5581")
    base_url: str = key(url_or_empty, "")


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Figures for Prometheus, at /metrics (docs/metrics.md)."""

    listen: tuple[Endpoint, ...] = key(listen_endpoints, "127.0.0.1:5590")


@dataclass(frozen=True, kw_only=True)
class Dns:
    listen: tuple[Endpoint, ...] = key(listen_endpoints)


@dataclass(frozen=True, kw_only=True)
class Config:
    """A whole, checked configuration. A section that is None was not in the file: its listener is off."""

    server: Server
    tls: Tls = Tls()
    submission: Submission = Submission()
    people: People = People()
    queue: Queue = Queue()
    inbound: Inbound | None = None
    delivery: Delivery = Delivery()
    source: tuple[Source, ...] = ()
    dkim: tuple[DkimKey, ...] = ()
    admin: AdminPages | None = None
    tracking: Tracking | None = None
    metrics: Metrics | None = None
    dns: Dns | None = None
    path: Path = Path("youtong.toml")  # the file it was read from; policy.py and the like lie beside it
    text: str = field(default="", repr=False, compare=False)  # what the file said

    @property
    def folder(self) -> Path:
        return self.path.parent

    @property
    def certificate_file(self) -> Path:
        return self.tls.certificate_file or self.server.data_dir / "tls" / "certificate.pem"

    @property
    def key_file(self) -> Path:
        return self.tls.key_file or self.server.data_dir / "tls" / "key.pem"

    @property
    def has_public_hostname(self) -> bool:
        """False: mail for public addresses is accepted and held (DESIGN §6)."""
        return is_public_hostname(self.server.hostname)


ALWAYS: dict[str, type[Any]] = {
    "server": Server,
    "tls": Tls,
    "submission": Submission,
    "people": People,
    "queue": Queue,
    "delivery": Delivery,
}
OPTIONAL: dict[str, type[Any]] = {
    "inbound": Inbound,
    "admin": AdminPages,
    "tracking": Tracking,
    "metrics": Metrics,
    "dns": Dns,
}
REPEATED: dict[str, type[Any]] = {"source": Source, "dkim": DkimKey}
SECTIONS: dict[str, type[Any]] = {
    name: {**ALWAYS, **OPTIONAL, **REPEATED}[name]
    for name in (
        "server",
        "tls",
        "submission",
        "people",
        "queue",
        "inbound",
        "delivery",
        "source",
        "dkim",
        "admin",
        "tracking",
        "metrics",
        "dns",
    )
}


@dataclass(frozen=True)
class Key:
    """One key of a section, as the reader and `config show` see it."""

    name: str
    read: Reader
    written: Any  # the default as written in a file; `...` when the key is required, None when it has none

    @property
    def is_required(self) -> bool:
        return self.written is ...


def keys_of(section: type[Any]) -> Iterator[Key]:
    for one in fields(section):
        yield Key(one.name, cast("Reader", one.metadata["read"]), one.metadata["written"])
