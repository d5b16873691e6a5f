"""What a lane knows of one site: the jobs that wait for it and its open connections.

Owns   the order of waiting jobs, and the answer to "is another connection wanted?". No I/O.
Knows  nothing of limits over all sites; those are the lane's.
"""

from collections import deque

from .connection import Connection
from .connection_owner import JobTransaction
from .host import Host

JOBS_PER_CONNECTION = 4
"""Waiting jobs for each open connection before another is opened: opening one costs as much as several kept
transactions, on both sides."""

SLOW_DOT_SECONDS = 1.0
"""A site that takes longer to answer the final dot gets no envelope sent behind it: that would only wait there."""


class Site:
    """One canonical set of MX hosts."""

    def __init__(self, name: str, hosts: tuple[Host, ...]) -> None:
        self.name = name
        self.hosts = hosts  # as the newest job has them
        self.waiting: deque[JobTransaction] = deque()  # urgent ones in front
        self.retries: deque[JobTransaction] = deque()  # for a fresh connection only
        self.connections: set[Connection] = set()
        self.idle: dict[Connection, None] = {}  # in the order of becoming idle
        self.openings = 0
        self.last_dot_seconds = 0.0
        self.content_until = 0.0  # no further connection is asked for until then: the site refused one

    def __repr__(self) -> str:
        return f"<Site {self.name}: {len(self.waiting)} waiting, {len(self.connections)} connections>"

    def add(self, transaction: JobTransaction) -> None:
        """Behind the others of its kind."""
        if transaction.request.urgent:
            self.waiting.insert(self._urgent, transaction)
        else:
            self.waiting.append(transaction)

    def put_back(self, transaction: JobTransaction) -> None:
        """Before the others of its kind."""
        self.waiting.insert(0 if transaction.request.urgent else self._urgent, transaction)

    @property
    def _urgent(self) -> int:
        """How many urgent ones stand in front: few."""
        count = 0
        for transaction in self.waiting:
            if not transaction.request.urgent:
                break
            count += 1
        return count

    @property
    def is_urgent(self) -> bool:
        """Whether an urgent job is next in one of the lines."""
        self._forget_recalled()
        return any(line[0].request.urgent for line in (self.retries, self.waiting) if line)

    def pop(self, *, fresh: bool) -> JobTransaction | None:
        """The next job that was not recalled."""
        for line in (self.retries, self.waiting) if fresh else (self.waiting,):
            while line:
                transaction = line.popleft()
                if not transaction.recalled:
                    return transaction
        return None

    def drain(self) -> list[JobTransaction]:
        """All jobs that were not recalled; none waits any more."""
        everything = [transaction for transaction in (*self.retries, *self.waiting) if not transaction.recalled]
        self.retries.clear()
        self.waiting.clear()
        return everything

    @property
    def sockets(self) -> int:
        """Open and being opened; counted until they are closed."""
        return len(self.connections) + self.openings

    def be_content_until(self, then: float) -> None:
        """The connections that stand must do: the site refused another. Retries have had their fresh connection."""
        self.content_until = then
        self.waiting.extendleft(reversed(self.retries))
        self.retries.clear()

    def wants_connection(self, now: float) -> bool:
        """Work waits that the connections open or opening will not soon do."""
        self._forget_recalled()
        standing = len(self.connections) + self.openings
        if self.retries and not self.openings:
            return True
        if not self.waiting:
            return False
        if not standing:
            return True
        crowd = 0 if self._is_stuck(now) else JOBS_PER_CONNECTION * standing
        return now >= self.content_until and len(self.waiting) > crowd

    def _is_stuck(self, now: float) -> bool:
        """Every connection waits for the peer, and has for long; one more may fare better."""
        return not self.openings and all(
            now - connection.waits_since > SLOW_DOT_SECONDS for connection in self.connections
        )

    def _forget_recalled(self) -> None:
        for line in (self.retries, self.waiting):
            while line and line[0].recalled:
                line.popleft()

    @property
    def is_fast(self) -> bool:
        return self.last_dot_seconds <= SLOW_DOT_SECONDS

    @property
    def is_empty(self) -> bool:
        return not (self.waiting or self.retries or self.connections or self.openings)
