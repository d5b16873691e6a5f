"""The score of a reader of bounces: which recipients it found, which it invented, what it took for what."""

from collections.abc import Callable, Iterable

import msgspec
from youtong.mta.reports.report import Report, ReportSort

from .bounce_samples import Sample

SPEAKS_OF_RECIPIENTS = (ReportSort.BOUNCE, ReportSort.DELAY, ReportSort.SUCCESS)


class Score(msgspec.Struct):
    """Sums over samples."""

    found: int = 0
    missed: int = 0
    invented: int = 0
    sorts: int = 0  # samples whose sort is right
    samples: int = 0
    false_alarms: int = 0  # taken for a bounce, and is none
    misses: list[str] = msgspec.field(default_factory=list[str])

    @property
    def recall(self) -> float:
        """Which part of the recipients was found."""
        return self.found / max(1, self.found + self.missed)

    @property
    def invention(self) -> float:
        """Which part of what was found is wrong."""
        return self.invented / max(1, self.found + self.invented)


def score(samples: Iterable[Sample], read: Callable[[bytes], Report]) -> Score:
    """How well `read` does."""
    sums = Score()
    for sample in samples:
        _count(sums, sample, read(sample.octets))
    return sums


def named(report: Report) -> frozenset[str]:
    """The recipients that a report speaks about as a notice."""
    if report.sort not in SPEAKS_OF_RECIPIENTS:
        return frozenset()
    return frozenset(recipient.address.casefold() for recipient in report.recipients if recipient.address)


def _count(sums: Score, sample: Sample, report: Report) -> None:
    got = named(report)
    sums.samples += 1
    sums.found += len(got & sample.recipients)
    sums.missed += len(sample.recipients - got)
    sums.invented += len(got - sample.recipients)
    sums.sorts += report.sort == sample.sort
    sums.false_alarms += report.sort == ReportSort.BOUNCE and sample.sort != ReportSort.BOUNCE
    if got != sample.recipients or report.sort != sample.sort:
        missed, invented = sorted(sample.recipients - got), sorted(got - sample.recipients)
        sums.misses.append(
            f"{sample.name}: {report.style or 'nobody'} says {report.sort}, is {sample.sort}; {missed=} {invented=}"
        )
