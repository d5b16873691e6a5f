"""The configuration: one TOML file, checked whole, as frozen dataclasses (DESIGN §6)."""

from .faults import ConfigError, Fault
from .first_start import first_start
from .loading import load, parse
from .sections import (
    AddressFamily,
    AdminPages,
    Config,
    Delivery,
    DkimKey,
    Dns,
    Inbound,
    Metrics,
    People,
    Server,
    Source,
    Submission,
    Tls,
    Tracking,
)
from .values import Bytes, Endpoint, Network

__all__ = [
    "AddressFamily",
    "AdminPages",
    "Bytes",
    "Config",
    "ConfigError",
    "Delivery",
    "DkimKey",
    "Dns",
    "Endpoint",
    "Fault",
    "Inbound",
    "Metrics",
    "Network",
    "People",
    "Server",
    "Source",
    "Submission",
    "Tls",
    "Tracking",
    "first_start",
    "load",
    "parse",
]
