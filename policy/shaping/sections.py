"""The numbers of a shaping file: `[default]` and one `[provider.NAME]` each.

Owns   the value Section, its keys, and what each of them becomes in EgressLimits.
Knows  no reply rule (`replies`), and nothing of two files over each other (`layers`).
"""

from pathlib import Path
from typing import Any

import msgspec

from ...mta.delivery.egress import TlsLevel
from ...queue.limits import Limit, RateLimit, TlsRule
from ..rulefiles.fields import Table, names, one_of, text, texts, whole_number
from ..rulefiles.units import duration, rates
from .reply_rule import ReplyRule

_WHOLE = {
    "connections": whole_number(1, 10_000),
    "messages_per_connection": whole_number(1, 1_000_000),
    "recipients_per_transaction": whole_number(1, 10_000),
    "reserved_percent": whole_number(0, 90),
}
_RATES = {"message_rate": "message_rates", "connection_rate": "connection_rates"}
_LEVELS = {
    "opportunistic": TlsLevel.OPPORTUNISTIC,
    "required": TlsLevel.REQUIRED,
    "verified": TlsLevel.VERIFIED,
}


class Section(msgspec.Struct, frozen=True):
    """What one table says, and nothing where it says nothing. `limits` and `site` are fields of EgressLimits."""

    name: str
    path: Path
    lines: dict[str, int] = {}
    limits: dict[str, Any] = {}
    site: dict[str, Any] = {}
    mx: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    replies_from: tuple[str, ...] = ()
    fact: str = ""
    rules: tuple[ReplyRule, ...] = ()


def read_numbers(table: Table) -> dict[str, Any]:
    """The limits that the table sets."""
    found: dict[str, Any] = {}
    for key, read in _WHOLE.items():
        if (value := table.take(key, read, -1)) >= 0:
            found[key] = Limit(value, table.because(key))
    found |= _rates(table)
    if (seconds := table.take("idle", duration, 0)) > 0:
        found["idle_seconds"] = Limit(seconds, table.because("idle"))
    if level := table.take("tls", one_of(*_LEVELS), ""):
        found["tls"] = TlsRule(_LEVELS[level], table.because("tls"))
    return found


def _rates(table: Table, keys: dict[str, str] = _RATES) -> dict[str, Any]:
    return {
        field: tuple(RateLimit(count, seconds, table.because(key)) for count, seconds in found)
        for key, field in keys.items()
        if (found := table.take(key, rates, []))
    }


def read_section(table: Table, rules: tuple[ReplyRule, ...]) -> Section:
    """A provider; `done` is the caller's."""
    lines = {key: table.line_of(key) for key in ("mx", "domains", "replies_from")}
    return Section(
        name=table.names[-1],
        path=table.source.path,
        lines=lines,
        limits=read_numbers(table),
        site=_read_site(table),
        mx=table.take("mx", names, ()),
        domains=table.take("domains", names, ()),
        replies_from=table.take("replies_from", texts, ()),
        fact=table.take("fact", text, ""),
        rules=rules,
    )


def _read_site(table: Table) -> dict[str, Any]:
    """`site.connections = 2`, or a table [provider.NAME.site]."""
    raw = table.take_raw("site")
    if raw is None:
        return {}
    inner = SiteTable(table, raw)
    found: dict[str, Any] = {}
    if connections := inner.take("connections", _WHOLE["connections"], 0):
        found["connections"] = Limit(connections, inner.because("connections"))
    found |= _rates(inner, {"message_rate": "message_rates"})
    inner.done()
    return found


class SiteTable(Table):
    """A table whose keys may stand in the one around it, as `site.key`."""

    def __init__(self, outer: Table, raw: object) -> None:
        super().__init__(outer.source, (*outer.names, "site"), raw)
        self._outer = outer

    def line_of(self, key: str) -> int:
        own = self.source.lines.line_of(self.names, 0, key)
        return own or self._outer.line_of(f"site.{key}")
