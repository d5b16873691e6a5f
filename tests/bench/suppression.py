"""What suppression costs a batch of recipients.

Owns   the table of `make bench CASES=suppression`: how fast a book of 5,000,000 entries was filled; how long the gate
       takes for a batch of 1,000 and for one recipient, with an empty book and with ever more of them suppressed; what
       the process grew by meanwhile.

The book is filled as an import fills it, and kept in build/bench: later runs only measure. A quick one is small.
"""

import asyncio
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from youtong.admin.store import AppDatabase
from youtong.admin.suppression import book
from youtong.admin.suppression.entry import Entry
from youtong.admin.suppression.gate import SuppressionGate
from youtong.admin.suppression.importing import CHUNK, write_chunk
from youtong.admin.suppression.lookup import SuppressionLookup
from youtong.mta.clock import SystemClock
from youtong.policy.suppression import EntrySource, Reason
from youtong.queue.classes import MailClass
from youtong.queue.gate import Candidate

ENTRIES = 5_000_000
QUICK_ENTRIES = 20_000
BATCH = 1000
RUNS = 200
SHARES = (0.0, 0.01, 0.5, 0.99)
_BUILD = Path(__file__).parents[2] / "build" / "bench"
_TREE = 2
_PRIME = 7_919_111  # numbers in no order: neighbours in a file are no neighbours in the index
_LARGE = ("gmail.test", "qq.test", "163.test", "outlook.test")


def address(number: int) -> str:
    """Of an entry below ENTRIES; of a stranger beyond. Six in ten are at four large providers."""
    domain = _LARGE[number % 4] if number % 10 < 6 else f"shop{number % 20_011}.test"
    return f"reader.{number * _PRIME % 999_999_937:x}@{domain}"


async def fill(app: AppDatabase, entries: int) -> float:
    """Entries a second; 0 when they were there."""
    async with app.reading() as reading:
        there = await book.count(reading, book.Chosen())
    started = time.perf_counter()
    for first in range(there, entries, CHUNK):
        rows = [_entry(number) for number in range(first, min(entries, first + CHUNK))]
        await write_chunk(app, rows)
    return (entries - there) / (time.perf_counter() - started) if there < entries else 0.0


def _entry(number: int) -> Entry:
    return Entry(address(number), Reason.COMPLAINT, EntrySource.IMPORT, _TREE, who="bench", created_ms=1)


def batch_of(share: float, entries: int, random: Random, length: int) -> list[Candidate]:
    """So many of them suppressed."""
    numbers = [
        random.randrange(entries) if random.random() < share else random.randrange(entries, 10 * entries)
        for _ in range(length)
    ]
    return [Candidate(_TREE, 1, MailClass.BULK, address(number)) for number in numbers]


def times_of(decide: Callable[[Sequence[Candidate]], object], batches: Sequence[Sequence[Candidate]]) -> list[float]:
    """Seconds, sorted."""
    taken: list[float] = []
    for batch in batches:
        started = time.perf_counter()
        decide(batch)
        taken.append(time.perf_counter() - started)
    return sorted(taken)


def measure(folder: Path, entries: int, runs: int = RUNS) -> list[str]:
    """Lines of the table."""
    lookup = SuppressionLookup(folder / "app.db", SystemClock())
    lookup.open()
    gate, random = SuppressionGate(lookup, lambda account_id: account_id), Random(1)
    before, lines = _resident_kib(), list[str]()
    for length in (BATCH, 1):
        for share in SHARES:
            batches = [batch_of(share, entries, random, length) for _ in range(runs)]
            taken = times_of(gate.decide, batches)
            what = f"batch of {length:>5,}, {share:>4.0%} suppressed"
            lines.append(
                f"{what}: median {_ms(_at(taken, 0.5))}, 95 % {_ms(_at(taken, 0.95))}, 99 % {_ms(_at(taken, 0.99))}"
            )
    lines.append(f"grown by {(_resident_kib() - before) / 1024:.1f} MiB")
    lookup.close()
    return lines


def _at(taken: Sequence[float], share: float) -> float:
    return taken[min(len(taken) - 1, int(len(taken) * share))]


def _resident_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.3f} ms"


async def _filled(folder: Path, entries: int) -> float:
    app = await AppDatabase.open(folder / "app.db")
    try:
        return await fill(app, entries)
    finally:
        await app.close()


def table(*, is_quick: bool) -> str:
    entries, runs = (QUICK_ENTRIES, 20) if is_quick else (ENTRIES, RUNS)
    folder = _BUILD / f"suppression-{entries}"
    empty = folder / "empty"
    empty.mkdir(parents=True, exist_ok=True)
    asyncio.run(_filled(empty, 0))
    lines = [f"an empty book: {measure(empty, entries, runs)[0]}"]
    if rate := asyncio.run(_filled(folder, entries)):
        lines.append(f"filled with {rate:,.0f} entries a second")
    lines.append(f"{entries:,} entries, {(folder / 'app.db').stat().st_size / 1e6:,.0f} MB")
    return "\n".join([*lines, *measure(folder, entries, runs)])
