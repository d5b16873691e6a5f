"""History: what left us lately, so that a new owner's windows start where the old one's were.

Owns   reading the newest journal rows and connects back into permits' windows (Q4).
Knows  the journal's facts; nothing of limits but the longest window worth reading.
"""

from collections import Counter

from ..mta.clock import Clock
from .journal import decode_facts
from .leasing import Leasing
from .protocol import LaneKey
from .storage.group_commit import GroupCommit
from .storage.store import QueueStore

WINDOW_SECONDS = 60.0  # the longest default window; hourly limits come with shaping rules
_MAX_ROWS = 200_000
_MAILS = (
    "SELECT at_ms, facts FROM (SELECT seq, at_ms, facts FROM journal ORDER BY seq DESC LIMIT ?)"
    " WHERE at_ms >= ? AND facts LIKE '%\"mailed\":true%' ORDER BY seq"
)


async def count_recovered(commits: GroupCommit, leasing: Leasing, transactions: dict[int, int], now: float) -> None:
    """Each recovered transaction is one MAIL now, on the lane where its domain's mail turns out to go (Q4)."""
    counts = Counter(transactions.values())
    for domain_id, count in counts.items():
        name = await commits.submit(
            lambda connection, domain_id=domain_id: connection.execute(
                "SELECT name FROM domain WHERE id = ?", (domain_id,)
            ).fetchone()[0]
        )
        leasing.recovered[name] = [now] * count


async def fill_windows(commits: GroupCommit, store: QueueStore, leasing: Leasing, clock: Clock) -> None:
    """Give `leasing` the MAILs and connects of the last window. The rows' wall clock is turned into monotonic time."""
    now_ms, now = clock.now_ms(), clock.monotonic()
    since_ms = now_ms - int(WINDOW_SECONDS * 1000)
    mails = await commits.submit(lambda connection: connection.execute(_MAILS, (_MAX_ROWS, since_ms)).fetchall())
    for at_ms, text in mails:
        facts = decode_facts(text)
        key = LaneKey(facts.provider or facts.site, facts.source)
        leasing.past(key).mails.append(now - max(0, now_ms - at_ms) / 1000)
    connects = await commits.submit(lambda _: store.connects_since(since_ms))
    for at_ms, provider, source in connects:
        leasing.past(LaneKey(provider, source)).connects.append(now - max(0, now_ms - at_ms) / 1000)
