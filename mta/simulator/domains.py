"""Names of domains in the simulator's file, with ranges.

Owns   the pattern "dom{000..099}.test": digits in both ends, as many as the first one has.
"""

import re

from ..address import normalise_domain

_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")
MOST = 100_000  # names from one pattern; more is a slip of the pen


def expand(pattern: str) -> list[str]:
    """The names that a pattern stands for, in their one form. Raises ValueError."""
    found = _RANGE.search(pattern)
    if found is None:
        return [normalise_domain(pattern)]
    first, last = int(found.group(1)), int(found.group(2))
    if not first <= last < first + MOST:
        raise ValueError(f"{pattern!r}: a range goes up, and has at most {MOST} names")
    width = len(found.group(1))
    head, tail = pattern[: found.start()], pattern[found.end() :]
    return [normalise_domain(f"{head}{number:0{width}}{tail}") for number in range(first, last + 1)]
