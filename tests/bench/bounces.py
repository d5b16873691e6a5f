"""How well messages that came back are read: by us, by flufl.bounce alone, by a naive reader of Status fields.

Owns   the table of `make bench CASES=bounces`; below it each miss of ours, and the time of the command for
       1,000 files.
"""

import email
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path

from fakes.bounce_samples import Sample, blind_samples, flufl_samples, is_held_out, own_samples
from fakes.bounce_score import Score, score
from flufl.bounce import all_failures
from youtong.mta.reports.reading import read_report
from youtong.mta.reports.report import Report, ReportedRecipient, ReportSort

FILES = 1000
QUICK_FILES = 50
_FIELD = re.compile(
    rb"^(Final-Recipient|Original-Recipient|Status): *(?:rfc822; *)?(\S+)", re.IGNORECASE | re.MULTILINE
)


def table(*, is_quick: bool) -> str:
    """One line for each set of samples and reader."""
    flufl = flufl_samples()
    sets: dict[str, Sequence[Sample]] = {
        "our own": own_samples(),
        "written blind": blind_samples(),
        "flufl.bounce's, seen": [sample for sample in flufl if not is_held_out(sample.name)],
        "flufl.bounce's, held out": [sample for sample in flufl if is_held_out(sample.name)],
    }
    lines = [
        f"{'samples':26}{'reader':16}{'found':>8}{'missed':>8}{'invented':>9}{'recall':>8}{'sorts':>9}{'ms each':>9}"
    ]
    misses: list[str] = []
    for name, samples in sets.items():
        for reader, read in READERS.items():
            sums, each = _timed(samples, read)
            lines.append(_line(name, reader, sums, each))
            misses += sums.misses if reader == "youtong" else []
    samples = [sample for each in sets.values() for sample in each]
    return "\n".join(
        [*lines, "", "missed by us:", *misses, "", _by_command(samples, QUICK_FILES if is_quick else FILES)]
    )


def _by_command(samples: Sequence[Sample], files: int) -> str:
    """As a user waits for it, with the start of the program."""
    with tempfile.TemporaryDirectory() as folder:
        for number, sample in zip(range(files), cycle(samples), strict=False):
            (Path(folder) / f"{number:05}.eml").write_bytes(sample.octets)
        command = [Path(sys.executable).with_name("youtong"), "bounce", "classify", "--all", folder]
        start = time.perf_counter()
        found = subprocess.run(command, capture_output=True, check=True).stdout.count(b"\n")
        seconds = time.perf_counter() - start
    return f"youtong bounce classify --all, {files:,} files: {seconds:.1f} s, {found:,} lines"


def _timed(samples: Sequence[Sample], read: Callable[[bytes], Report]) -> tuple[Score, float]:
    start = time.perf_counter()
    sums = score(samples, read)
    return sums, (time.perf_counter() - start) * 1000 / max(1, len(samples))


def _line(name: str, reader: str, sums: Score, each: float) -> str:
    figures = f"{sums.found:>8}{sums.missed:>8}{sums.invented:>9}{sums.recall:>8.1%}"
    return f"{name:26}{reader:16}{figures}{sums.sorts:>5}/{sums.samples}{each:>9.2f}"


def by_flufl(octets: bytes) -> Report:
    """As its users call it; what it raises counts as nothing found."""
    try:
        temporary, permanent = all_failures(email.message_from_bytes(octets))
    except Exception:  # noqa: BLE001 - hostile mail makes it raise
        return Report(ReportSort.OTHER)
    found = tuple(ReportedRecipient(address.decode("ascii", "replace")) for address in sorted(permanent or temporary))
    sort = ReportSort.BOUNCE if permanent else ReportSort.DELAY if temporary else ReportSort.OTHER
    return Report(sort, found)


def by_status(octets: bytes) -> Report:
    """Final-Recipient where a Status begins with 5."""
    fields = {name.lower(): value for name, value in _FIELD.findall(octets)}
    address = fields.get(b"final-recipient", b"").decode("ascii", "replace")
    if address and fields.get(b"status", b"").startswith(b"5"):
        return Report(ReportSort.BOUNCE, (ReportedRecipient(address),))
    return Report(ReportSort.OTHER)


READERS: dict[str, Callable[[bytes], Report]] = {
    "youtong": read_report,
    "flufl.bounce": by_flufl,
    "Status fields": by_status,
}
