"""Every crash point of the product: what a death there interrupts, and how tests/crash gets there.

tests/house/test_crash_points.py keeps this table equal to the code, tests/crash/test_kill_at_point.py dies at each.
"""

import os
from dataclasses import dataclass
from enum import Enum


class When(Enum):
    """In which part of a server's life a point is reached for certain."""

    FIRST_START = "a new data folder"
    STARTING = "a start after a kill"
    SERVING = "letters go through"
    INBOUND = "the world writes to addresses of ours"
    RETURNED = "what came back is read"
    ARCHIVING = "a small process moves old mail to the archive"
    DRIVEN = "a small process of its own drives that one class"


@dataclass(frozen=True)
class CrashPoint:
    name: str
    interrupts: str
    when: tuple[When, ...] = (When.SERVING,)
    times: tuple[int, ...] = (1,)  # also die at the n-th time
    soak_times: tuple[int, ...] = ()  # and in long runs at these
    sent: bool | None = None  # whether the one letter under way was surely (not) sent; None: it may have been


IS_SOAK = float(os.environ.get("SOAK_SHARE", "0.01")) >= 1
_SERVING, _STARTING, _FIRST = When.SERVING, When.STARTING, When.FIRST_START

POINTS = (
    CrashPoint("migrate.before", "the schema of queue.db", (_FIRST,), sent=False),
    CrashPoint("migrate.after", "the schema of queue.db, committed", (_FIRST,), sent=False),
    CrashPoint("app.commit.before", "a transaction of app.db: accounts, the follower", (_FIRST, _STARTING, _SERVING)),
    CrashPoint("app.commit.after", "the same, committed", (_FIRST, _STARTING, _SERVING)),
    CrashPoint("commit.before", "any transaction of queue.db", (_FIRST, _STARTING, _SERVING), (1, 3), (2, 4, 5, 8)),
    CrashPoint(
        "commit.after", "the same, committed and told to nobody", (_FIRST, _STARTING, _SERVING), (1, 3), (2, 4, 5, 8)
    ),
    CrashPoint("marks-forgotten.before", "recovery, leases settled, mark files still there", (_STARTING,), sent=False),
    CrashPoint("marks-forgotten.after", "recovery, done", (_STARTING,), sent=False),
    CrashPoint("mark-file.before", "a worker's start: its mark file is empty", (_STARTING,), sent=False),
    CrashPoint("mark-file.after", "a worker's start", (_STARTING,), sent=False),
    CrashPoint("life-file.before", "the start of a session process: nobody can tell its pid", (_STARTING,), sent=False),
    CrashPoint("life-file.after", "the start of a session process", (_STARTING,), sent=False),
    CrashPoint("spool-write.before", "a large body on its way to its file", sent=False),
    CrashPoint("spool-write.after", "the same, written in part", sent=False),
    CrashPoint("spool-sync.before", "a large body, whole and not durable", sent=False),
    CrashPoint("spool-sync.after", "a large body, durable and known to no row", sent=False),
    CrashPoint("address-key.before", "the first key of signed addresses", (_FIRST,), sent=False),
    CrashPoint("address-key.after", "the same, durable", (_FIRST,), sent=False),
    CrashPoint("inbound.before", "inbound mail whose content is durable and known to no row", (When.INBOUND,)),
    CrashPoint("inbound.after", "inbound mail, committed, its 250 not made", (When.INBOUND,)),
    CrashPoint("returned.before", "news of a recipient, not written down", (When.RETURNED,)),
    CrashPoint("returned.after", "news of a recipient, written and not committed", (When.RETURNED,)),
    CrashPoint("accepted-reply.before", "a committed message whose 250 was not made", sent=None),
    CrashPoint("submission.reply.before", "any reply to a client", times=(1, 2, 3, 4)),
    CrashPoint("submission.reply.after", "any reply to a client, given to the kernel", times=(1, 2, 3, 4)),
    CrashPoint("handover.before", "committed leases, not yet told to their worker", sent=False),
    CrashPoint("handover.after", "committed leases that a worker has"),
    CrashPoint("delivery.commands.before", "commands: EHLO, MAIL, RCPT, DATA", times=(1, 2, 3), sent=False),
    CrashPoint("delivery.commands.after", "the same, given to the kernel", times=(1, 2, 3), sent=False),
    CrashPoint("delivery.body.before", "a body before its last octets", sent=False),
    CrashPoint("delivery.body.after", "the same, given to the kernel", sent=False),
    CrashPoint("making.before", "a message about to be rendered and signed", sent=False),
    CrashPoint("making.after", "a message that is being rendered and signed", sent=False),
    CrashPoint("made.before", "a message rendered and signed, nothing said of it yet", sent=False),
    CrashPoint("made.after", "the same, and the mark of it over", sent=False),
    CrashPoint("mark.before", "a final dot about to be sent, unmarked", sent=False),
    CrashPoint("mark.after", "a final dot about to be sent, marked"),
    CrashPoint("delivery.dot.before", "the write of the final dot"),
    CrashPoint("delivery.dot.after", "the wait for the answer to the final dot"),
    CrashPoint("delivery.outcome.before", "the answer to the final dot, heard by the connection", sent=True),
    CrashPoint("delivery.outcome.after", "the answer to the final dot, known to the worker", sent=True),
    CrashPoint("report.before", "a report to the owner"),
    CrashPoint("report.after", "a report to the owner, given to the kernel"),
    CrashPoint("archive-migrate.before", "the schema of archive.db", (When.ARCHIVING,)),
    CrashPoint("archive-migrate.after", "the schema of archive.db, committed", (When.ARCHIVING,)),
    CrashPoint("archive.before", "ended mail on its way to the archive", (When.ARCHIVING,), (1, 2, 4)),
    CrashPoint("archive.after", "the same, durable there and still in queue.db", (When.ARCHIVING,), (1, 2, 4)),
    CrashPoint("mark-rewrite.before", "the shortening of a mark file", (When.DRIVEN,)),
    CrashPoint("mark-rewrite.after", "the same, done", (When.DRIVEN,)),
)


def cases(when: When) -> list[tuple[CrashPoint, int]]:
    """Points and times to die at in this part of a server's life."""
    wanted = [point for point in POINTS if when in point.when]
    return [(point, n) for point in wanted for n in (*point.times, *(point.soak_times if IS_SOAK else ()))]
