"""Selections: which mail an operator means.

Owns   the value Selection, and its conditions as fragments of SQL.
Knows  no walk (queue.storage.walks) and no verb.
"""

import msgspec

from ..ids import address_hash
from ..storage.address_runs import WITH_ADDRESS_HASH


class Selection(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which waiting recipients are meant: all criteria given must hold; none given = everything waiting."""

    message_id: int = 0
    address: str = ""
    domain: str = ""
    account_id: int = 0
    provider: str = ""
    site: str = ""
    stream_id: int = 0

    @property
    def names_letters(self) -> bool:
        """Whether it names single letters or recipients: these are held, they cannot be suspended."""
        return bool(self.message_id or self.address)


Fragment = tuple[str, list[object]]
"""A condition and its parameters."""


def recipient_sql(selection: Selection) -> Fragment:
    """Over recipient r, message m and domain d."""
    parts, values = _of_domain(selection)
    for column, value in (
        ("r.message_id", selection.message_id),
        ("m.account_id", selection.account_id),
        ("m.stream_id", selection.stream_id),
    ):
        if value:
            parts.append(f"{column} = ?")
            values.append(value)
    if selection.address:
        parts.append(f"r.id IN {WITH_ADDRESS_HASH} AND lower(r.address) = lower(?)")
        values += [address_hash(selection.address), selection.address]
    return _joined(parts), values


def pair_sql(selection: Selection) -> Fragment:
    """Over domain d and flow f: what can be said of a whole pair."""
    parts, values = _of_domain(selection)
    for column, value in (("f.account_id", selection.account_id), ("f.stream_id", selection.stream_id)):
        if value:
            parts.append(f"{column} = ?")
            values.append(value)
    return _joined(parts), values


def _of_domain(selection: Selection) -> tuple[list[str], list[object]]:
    criteria = (("d.name", selection.domain), ("d.provider", selection.provider), ("d.site", selection.site))
    return [f"{column} = ?" for column, value in criteria if value], [value for _, value in criteria if value]


def _joined(parts: list[str]) -> str:
    return " AND ".join(parts) or "1"
