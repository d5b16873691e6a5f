"""What is measured: the rows of the table, and what each asks of the load.

Owns   the cases P1 to P7 and P10, and their names.
Knows  nothing of how a load is made (`bench.generator`) or of other mail systems (`bench.peers`).
"""

from dataclasses import dataclass

SIZE_OCTETS = 4096
DOMAINS = 100
DEPTH = 1000
"""Recipients that wait, for each message measured: 10,000,000 beside 10,000."""
BURDEN = 5
"""Messages for a bad destination, for each message measured: 50,000 beside 10,000."""


@dataclass(frozen=True)
class Case:
    """One row. `share` of the messages asked for is sent, because slower cases need fewer for a steady figure."""

    key: str
    title: str
    peer_arguments: tuple[str, ...]  # how peer.sh is told to measure the same
    wanted: float | None  # times Postfix; None: nobody asked, but it is good to know
    sessions: int = 20
    per_connection: int = 0  # 0: all messages of a session
    recipients: int = 1
    share: float = 1.0
    signed: bool = False
    held: bool = False
    size: int = SIZE_OCTETS
    per_core: float | None = None  # copies for each second of our CPU time that are wanted, whatever Postfix does
    is_deep: bool = False  # on a queue in which DEPTH times as many recipients wait; compared with P1
    per_second: float | None = None  # copies a second that are wanted
    stream: str = ""  # "deliver" or "enqueue": recipients of a stream (bench.campaign), not letters of sessions
    burden: str = ""  # a destination of `bench.sink` for which much mail waits meanwhile; compared with P1

    @property
    def is_own(self) -> bool:
        """Compared with ourselves only."""
        return bool(self.burden) or self.is_deep or bool(self.stream)

    def copies(self, messages: int) -> int:
        """Recipients in all, of which each gets its own copy in the accounts; whole messages."""
        return max(self.sessions, round(messages * self.share)) // self.recipients * self.recipients or self.recipients


_HELD = ("ingest",)
_SIGNED = ("e2e", "--dkim")

CASES = (
    Case("P1", "end to end, DKIM RSA-2048", _SIGNED, 4.0, signed=True),
    Case("P2", "end to end, unsigned", ("e2e",), 2.5),
    Case("P3", "accepted, delivery held", (*_HELD, "--conn", "many"), 2.0, held=True),
    Case("P3-one", "the same, one message per connection", (*_HELD, "--conn", "single"), 2.0, per_connection=1,
         share=0.5, held=True),
    Case("P3-alone", "the same, one session alone", (*_HELD, "--conn", "many", "--sessions", "1"), 1.5, sessions=1,
         share=0.3, held=True),
    Case("P1-alone", "end to end, DKIM, one session", ("bulk", "--dkim"), None, sessions=1, share=0.3, signed=True),
    Case("P3b", "messages of 100 recipients, one session, DKIM", ("bulk100", "--dkim"), 4.0, sessions=1,
         recipients=100, share=0.3, signed=True),
    Case("P5", "100 KB, DKIM", (*_SIGNED, "--size", "102400"), None, share=0.2, signed=True, size=102_400,
         per_core=250),
    Case("P4", "a stream: personal, 12 links rewritten, DKIM", (), None, share=10, signed=True, stream="deliver",
         per_second=2_000),
    Case("P6", "a stream queued beside a person's letters", (), None, share=100, stream="enqueue",
         per_second=100_000),
    Case("P7", "P1 with ten million waiting (P8: its memory)", (), None, signed=True, is_deep=True),
    Case("P10-dead", "P1 beside mail for a dead host", (), None, signed=True, burden="dead.test"),
    Case("P10-hang", "P1 beside mail for a host that hangs", (), None, signed=True, burden="hang.test"),
    Case("P10-defer", "P1 beside mail for a host that defers", (), None, signed=True, burden="defer.test"),
)  # fmt: skip


def chosen(keys: str) -> tuple[Case, ...]:
    """The cases named by `keys`, parted by commas; all for "". Raises ValueError."""
    names = [key.strip() for key in keys.split(",") if key.strip()]
    unknown = set(names) - {case.key for case in CASES}
    if unknown:
        raise ValueError(f"no such case: {', '.join(sorted(unknown))}; there are {', '.join(c.key for c in CASES)}")
    return tuple(case for case in CASES if not names or case.key in names)
