"""History: what left us lately, so that a new owner's windows start where the old one's were.

Owns   reading the newest journal rows, connects, minutes and recovered MAILs back into the past of lanes (Q4).
Knows  the journal's facts and the rows' wall clock, which it turns into monotonic time; nothing of limits.

A provider that has another name than when its mail left: what went to a site that had no rule then, and that the MX
suffix of a rule names now, counts for that provider. For other changes of names while no owner ran, the last minute
is judged anew by its sites; the longer windows of the new name begin empty. (A running owner that reloads knows
better: queue.lanes.reshaping.)
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence

from ...mta.clock import Clock
from ..journal import decode_facts
from ..pace.past import EXACT_SECONDS, Past, PastMail, PastMinute
from ..protocol import LaneKey
from ..routing import RouteSource
from ..storage import sent_rows
from ..storage.group_commit import GroupCommit
from ..storage.sent_rows import RecoveredMail, SentMinute
from ..storage.store import QueueStore
from .leasing import Leasing
from .minutes import KEPT_MS, MINUTE_MS

_MAX_ROWS = 200_000
_MAILS = (
    "SELECT at_ms, facts FROM (SELECT seq, at_ms, facts FROM journal ORDER BY seq DESC LIMIT ?)"
    " WHERE at_ms >= ? AND facts LIKE '%\"mailed\":true%' ORDER BY seq"
)


async def fill_windows(
    commits: GroupCommit, store: QueueStore, leasing: Leasing, routes: RouteSource, clock: Clock
) -> None:
    """Give `leasing` the past of its lanes. After recovery, whose MAILs are part of it. Raises StorageError."""
    reader = _Reader(leasing, routes, clock)
    since_ms = clock.now_ms() - int(EXACT_SECONDS * 1000)
    reader.add_mails(await commits.submit(lambda db: db.execute(_MAILS, (_MAX_ROWS, since_ms)).fetchall()))
    reader.add_connects(await commits.submit(lambda _: store.connects_since(since_ms)))
    reader.add_minutes(await commits.submit(lambda db: sent_rows.minutes_since(db, clock.now_ms() - KEPT_MS)))
    reader.add_recovered(await commits.submit(lambda db: sent_rows.recovered_since(db, clock.now_ms() - KEPT_MS)))
    reader.finish()


def note_recovered(db: sqlite3.Connection, at_ms: int, transactions: Iterable[tuple[int, int]]) -> None:
    """Within the operation that recovers leases, as (token, domain id): each transaction is one MAIL now."""
    by_domain = Counter(dict(transactions).values())
    sent_rows.add_recovered(db, at_ms, list(by_domain.items()))


class _Reader:
    """Gathers rows; a minute that the journal and its row both know counts with the larger number."""

    def __init__(self, leasing: Leasing, routes: RouteSource, clock: Clock) -> None:
        self._leasing, self._routes = leasing, routes
        self._now_ms, self._now = clock.now_ms(), clock.monotonic()
        self._journal: Counter[tuple[LaneKey, str, int]] = Counter()  # MAILs by minute
        self._connects: Counter[tuple[LaneKey, int]] = Counter()
        self._mail_minutes: Counter[tuple[LaneKey, str, int]] = Counter()
        self._connect_minutes: Counter[tuple[LaneKey, int]] = Counter()
        self._providers: dict[str, str] = {}  # by site, as the rules are today

    def add_mails(self, rows: Iterable[tuple[int, str]]) -> None:
        for at_ms, text in rows:
            facts = decode_facts(text)
            key = LaneKey(self._provider_now(facts.provider, facts.site), facts.source)
            self._past(key).mails.append(PastMail(self._monotonic(at_ms), facts.site))
            self._journal[key, facts.site, _minute(at_ms)] += 1

    def add_connects(self, rows: Iterable[tuple[int, str, str]]) -> None:
        for at_ms, provider, source in rows:
            key = LaneKey(self._provider_now(provider, provider), source)
            self._past(key).connects.append(self._monotonic(at_ms))
            self._connects[key, _minute(at_ms)] += 1

    def add_minutes(self, rows: Iterable[SentMinute]) -> None:
        for row in rows:
            key = LaneKey(self._provider_now(row.provider, row.provider), row.source)
            self._mail_minutes[key, row.site, row.minute_ms] += row.mails
            self._connect_minutes[key, row.minute_ms] += row.connects

    def add_recovered(self, rows: Iterable[RecoveredMail]) -> None:
        for row in rows:
            moments = [self._monotonic(row.at_ms)] * row.mails
            self._leasing.recovered.setdefault(row.domain, []).extend(moments)

    def finish(self) -> None:
        """Minutes of both kinds become the past of their lanes."""
        whole = {(key, minute) for key, site, minute in self._mail_minutes if not site}
        together: Counter[tuple[LaneKey, str, int]] = Counter()
        for (key, site, minute), count in self._journal.items():
            together[key, "" if (key, minute) in whole else site, minute] += count
        for place, count in together.items():
            self._mail_minutes[place] = max(self._mail_minutes[place], count)
        for (key, site, minute), mails in self._mail_minutes.items():
            self._past(key).minutes.append(PastMinute(self._end_of(minute), site, mails))
        for key, minute in self._connects.keys() | self._connect_minutes.keys():
            connects = max(self._connects[key, minute], self._connect_minutes[key, minute])
            self._past(key).minutes.append(PastMinute(self._end_of(minute), "", 0, connects))

    def _past(self, key: LaneKey) -> Past:
        return self._leasing.past(key)

    def _provider_now(self, provider: str, site: str) -> str:
        """The provider that its hosts belong to by the rules of today, where MX names decide; else as it was."""
        if site not in self._providers:
            self._providers[site] = self._routes.provider_of("", _hosts(site))
        return self._providers[site] or provider or site

    def _monotonic(self, at_ms: int) -> float:
        return self._now - max(0, self._now_ms - at_ms) / 1000

    def _end_of(self, minute_ms: int) -> float:
        """When the minute ended; one that has not, or that a clock set back made future, ends now."""
        return self._monotonic(minute_ms + MINUTE_MS)


def _minute(at_ms: int) -> int:
    return at_ms - at_ms % MINUTE_MS


def _hosts(site: str) -> Sequence[str]:
    return site.split(",")
