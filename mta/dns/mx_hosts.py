"""The hosts that MX records name: which count, in what order, and which names need no question.

Owns   the order of RFC 5321 §5.1, and what is no host name.
Knows  nothing of addresses or routes.
RFC 5321 §5.1 (order and shuffling; the data of an MX record is a domain name), RFC 7505 §3 (null MX),
RFC 3696 §2 (a top-level domain is never all digits), RFC 6761 §6.3 (localhost).
"""

import re
from collections.abc import Sequence
from itertools import groupby
from random import Random

from .answers import Family, MxRecord

MAX_MX_NAMES = 100  # of a domain: they are the name of its site, and a message may hold 3,000
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")  # "_" is against the rules, and in use
_LOCALHOST = {Family.IPV4: "127.0.0.1", Family.IPV6: "::1"}


def best_of_each(records: Sequence[MxRecord]) -> tuple[MxRecord, ...]:
    """Each host once, at its best preference, by preference and name; a "." beside real hosts is no null MX.

    Of more than MAX_MX_NAMES the best count.
    """
    best: dict[str, int] = {}
    for record in records:
        host = record.host.lower().rstrip(".")
        if host and record.preference <= best.get(host, record.preference):
            best[host] = record.preference
    ordered = sorted((preference, host) for host, preference in best.items())
    return tuple(MxRecord(preference, host) for preference, host in ordered[:MAX_MX_NAMES])


def shuffled(records: Sequence[MxRecord], rng: Random) -> list[MxRecord]:
    """The same, in random order inside each preference, so that hosts of one preference share the load."""
    order: list[MxRecord] = []
    for _, equals in groupby(records, key=lambda record: record.preference):
        group = list(equals)
        order += rng.sample(group, len(group)) if len(group) > 1 else group
    return order


def is_host_name(host: str) -> bool:
    """False for what an MX record may not name: an IP address, or characters that no host name has."""
    labels = host.split(".")
    return all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def localhost_address(host: str, family: Family) -> str | None:
    """The address of a name that always is this machine, whatever a server says of it; None for other names."""
    return _LOCALHOST[family] if host == "localhost" or host.endswith(".localhost") else None
