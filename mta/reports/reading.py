"""Reading a message that came back: any octets in, the facts out.

Owns   the order of the readers: ours by the book first, then the styles of the world.
Knows  nothing of what a failure means, or of whose letter it was.

Invariants
    `read_report` never raises, whatever the octets, and its work is bounded (see tree).
    LF, CRLF and CR as line ends of one message give the same report.
"""

from .report import Report, ReportSort
from .tree import read_tree


def read_report(octets: bytes) -> Report:
    """What this message says about mail of ours; sort OTHER when it says nothing."""
    return Report(ReportSort.OTHER, truncated=read_tree(octets).truncated)
