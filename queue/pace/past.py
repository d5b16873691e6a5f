"""The past of a lane: what left before this owner's life, so that its windows start where the old ones were.

Owns   the value Past and how windows are filled from it.
Knows  no row (queue.lanes.history reads them) and no lane.

Invariants
    Q4  never fewer events than there were. Single moments serve windows up to EXACT_SECONDS; longer ones count whole
        minutes, each as if all had left at its end. Of a recovered lease neither site nor moment is known: it counts
        as one MAIL at the recovery, at every site; and permits to connect that may have been used without a word
        count with it: a connection is made only for a transaction in hand, and that is a recovered lease.
"""

import msgspec

from .windows import Windows

EXACT_SECONDS = 60.0


class PastMail(msgspec.Struct, frozen=True):
    """One MAIL of the last EXACT_SECONDS; times are monotonic."""

    moment: float
    site: str


class PastMinute(msgspec.Struct, frozen=True):
    """A minute's counts; `moment` is its end, or now. `site` "": of all sites together."""

    moment: float
    site: str
    mails: int
    connects: int = 0


class Past(msgspec.Struct):
    """What is known of a lane before this owner's life."""

    mails: list[PastMail] = []
    connects: list[float] = []
    minutes: list[PastMinute] = []
    recovered: list[float] = []  # MAILs of recovered leases

    def add(self, other: "Past") -> None:
        self.mails += other.mails
        self.connects += other.connects
        self.minutes += other.minutes
        self.recovered += other.recovered

    def fill_mails(self, windows: Windows) -> None:
        """The windows of a lane's MAILs."""
        moments = [mail.moment for mail in self.mails]
        windows.remember(moments, [(each.moment, each.mails) for each in self.minutes], EXACT_SECONDS)
        for moment in self.recovered:
            windows.record(moment)

    def fill_site(self, site: str, windows: Windows) -> None:
        """The windows of one site's MAILs."""
        moments = [mail.moment for mail in self.mails if mail.site == site]
        minutes = [(each.moment, each.mails) for each in self.minutes if each.site in (site, "")]
        windows.remember(moments, minutes, EXACT_SECONDS)
        for moment in self.recovered:
            windows.record(moment)

    def fill_connects(self, windows: Windows, permits: int) -> None:
        """The windows of a lane's connects; `permits` is how many may have been out."""
        windows.remember(self.connects, [(each.moment, each.connects) for each in self.minutes], EXACT_SECONDS)
        if self.recovered:
            windows.record(max(self.recovered), permits)
