"""Reasons of ours to hold, as they stand in the journal: keys and numbers, never sentences.

Owns   the text form of each. A reason that people or hooks gave is their own words, and no key.
Knows  no language (admin.explain.sentences). The reason without numbers is queue.journal.NO_PUBLIC_HOSTNAME.
"""

import re

import msgspec


class NewRecipients(msgspec.Struct, frozen=True):
    """The brake: with this message an account would have written to `count` strangers within a day; `limit` may be."""

    count: int
    limit: int

    def __str__(self) -> str:
        return f"new-recipients:{self.count}:{self.limit}"


class WorkerDeaths(msgspec.Struct, frozen=True):
    """So many workers in a row ended while they had the message (queue.workers.suspects)."""

    count: int

    def __str__(self) -> str:
        return f"worker-deaths:{self.count}"


_WORKER_DEATHS = re.compile(r"worker-deaths:(\d{1,9})")
_NEW_RECIPIENTS = re.compile(r"new-recipients:(\d{1,9}):(\d{1,9})")


def new_recipients(reason: str) -> NewRecipients | None:
    """The reason as a value, if it is this one."""
    match = _NEW_RECIPIENTS.fullmatch(reason)
    return NewRecipients(int(match[1]), int(match[2])) if match else None


def worker_deaths(reason: str) -> WorkerDeaths | None:
    """The reason as a value, if it is this one."""
    match = _WORKER_DEATHS.fullmatch(reason)
    return WorkerDeaths(int(match[1])) if match else None
