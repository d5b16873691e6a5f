"""Ready: transactions that wait for a slot of their lane, and how many they are.

Owns   LaneReady: the order in which a lane's transactions leave (urgent flows first, then accounts, flows of an account
       and sites of a flow in turn), and ReadyBook: what is ready over all lanes.
Knows  no permit and no row: whether a transaction may leave is asked through `may`. Recipients here are only scheduled
       rows; whoever takes a transaction out without leasing it loses nothing, if the loader is told.

Invariants
    M1  a flow has at most `ReadyBook.allowance` recipients ready for one provider, and that sinks as the whole fills.
    A recipient is ready once.
"""

from collections import deque
from collections.abc import Callable, Container, Iterator
from typing import TypeVar

from ..storage.backlog import Pair
from ..transactions import Ready
from .turns import Turns

READY_PER_FLOW = 500  # recipients of a flow for one provider: a page
_MANY = 25_000  # recipients ready in all, beyond which a flow may have fewer
_FEW_PER_FLOW, _FEWEST_PER_FLOW = 50, 5

Key = TypeVar("Key")
FlowAt = tuple[str, int]
"""Provider and flow."""


class ReadyBook:
    """What is ready or about to be leased: by recipient, by (domain, flow), by (provider, flow), by site."""

    def __init__(self) -> None:
        self.recipients = 0
        self.ids: set[int] = set()
        self.of_pair: dict[Pair, int] = {}
        self.of_flow: dict[FlowAt, int] = {}
        self.of_site: dict[str, int] = {}
        self.emptied: set[Pair] = set()  # since the loader last looked
        self.awaited: Container[FlowAt] = ()  # flows of which more wait for room
        self.hungry: set[FlowAt] = (
            set()
        )  # of those, since the loader last looked: half of what they may have is used up
        self.on_hunger: Callable[[], None] = lambda: None

    @property
    def allowance(self) -> int:
        """How many recipients a flow may have ready for one provider."""
        if self.recipients < _MANY:
            return READY_PER_FLOW
        return _FEW_PER_FLOW if self.recipients < 2 * _MANY else _FEWEST_PER_FLOW

    def room(self, flow_at: FlowAt) -> int:
        """How many recipients more the flow may have ready."""
        return self.allowance - self.of_flow.get(flow_at, 0)

    def enter(self, ready: Ready, provider: str) -> None:
        for each in ready.recipients:
            self.ids.add(each.id)
        self._count(ready, provider, len(ready.recipients))

    def leave(self, ready: Ready, provider: str) -> None:
        """Its lease is committed, or it was taken out."""
        for each in ready.recipients:
            self.ids.discard(each.id)
        self._count(ready, provider, -len(ready.recipients))
        if ready.pair not in self.of_pair:
            self.emptied.add(ready.pair)
        flow_at = (provider, ready.message.flow.id)
        if flow_at in self.awaited and self.of_flow.get(flow_at, 0) <= self.allowance // 2:
            self.hungry.add(flow_at)
            self.on_hunger()

    def _count(self, ready: Ready, provider: str, count: int) -> None:
        self.recipients += count
        _add(self.of_pair, ready.pair, count)
        _add(self.of_flow, (provider, ready.message.flow.id), count)
        _add(self.of_site, ready.site, count)


class SiteLine:
    """Transactions of one flow: sites in turn, each one's in their order. A Line of queue.turns."""

    def __init__(self) -> None:
        self._sites: dict[str, deque[Ready]] = {}

    @property
    def is_empty(self) -> bool:
        return not self._sites

    def __iter__(self) -> Iterator[Ready]:
        for transactions in self._sites.values():
            yield from transactions

    def append(self, ready: Ready) -> None:
        self._sites.setdefault(ready.site, deque()).append(ready)

    def take(self, may: Callable[[Ready], bool]) -> tuple[Ready, int] | None:
        for site, transactions in self._sites.items():
            if may(transactions[0]):
                ready = transactions.popleft()
                del self._sites[site]
                if transactions:
                    self._sites[site] = transactions  # at the end of the turn
                return ready, len(ready.recipients)
        return None

    def remove(self, goes: Callable[[Ready], bool]) -> list[Ready]:
        removed = [ready for ready in self if goes(ready)]
        if removed:
            stays = {site: deque(each for each in line if not goes(each)) for site, line in self._sites.items()}
            self._sites = {site: line for site, line in stays.items() if line}
        return removed


class AccountLine(Turns[int, Ready]):
    """Transactions of one account: its flows in turn."""

    def __init__(self) -> None:
        super().__init__(SiteLine)

    def append(self, ready: Ready) -> None:
        line = self.line(ready.message.flow.id)
        assert isinstance(line, SiteLine)
        line.append(ready)


class ClassTurns(Turns[int, Ready]):
    """Transactions of urgent flows, or of bulk: accounts in turn."""

    def __init__(self) -> None:
        super().__init__(AccountLine)

    def append(self, ready: Ready) -> None:
        line = self.line(ready.message.flow.key.account_id)
        assert isinstance(line, AccountLine)
        line.append(ready)


class LaneReady:
    """What is ready of one lane."""

    def __init__(self, provider: str, book: ReadyBook | None = None) -> None:
        self._provider = provider
        self._book = book if book is not None else ReadyBook()
        self._urgent, self._bulk = ClassTurns(), ClassTurns()
        self.of_site: dict[str, int] = {}
        self.recipients = 0

    def __repr__(self) -> str:
        return f"<LaneReady to {self._provider}: {self.recipients} recipients>"

    def __bool__(self) -> bool:
        return self.recipients > 0

    def __iter__(self) -> Iterator[Ready]:
        yield from self._urgent
        yield from self._bulk

    def has(self, *, urgent: bool) -> bool:
        return not (self._urgent if urgent else self._bulk).is_empty

    def append(self, ready: Ready) -> None:
        """Behind the others of its flow and site."""
        (self._urgent if ready.message.flow.is_urgent else self._bulk).append(ready)
        self._count(ready, len(ready.recipients))
        self._book.enter(ready, self._provider)

    def take(self, may: Callable[[Ready], bool], *, urgent: bool) -> Ready | None:
        """The next in turn among those that may leave. In the book it stays ready until `left`."""
        taken = (self._urgent if urgent else self._bulk).take(may)
        if taken is None:
            return None
        self._count(taken[0], -taken[1])
        return taken[0]

    def remove(self, goes: Callable[[Ready], bool]) -> list[Ready]:
        """Take these out for good; they are scheduled rows again."""
        removed = self._urgent.remove(goes) + self._bulk.remove(goes)
        for ready in removed:
            self._count(ready, -len(ready.recipients))
            self._book.leave(ready, self._provider)
        return removed

    def _count(self, ready: Ready, count: int) -> None:
        self.recipients += count
        _add(self.of_site, ready.site, count)


def _add(counts: dict[Key, int], key: Key, count: int) -> None:
    now = counts.get(key, 0) + count
    if now:
        counts[key] = now
    else:
        counts.pop(key, None)
