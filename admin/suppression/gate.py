"""The gate: the last question before a lease, answered from the book of suppressions (Q6).

Owns   SuppressionGate, which implements queue.gate.LeaseGate, and what is done while app.db cannot be read.
Knows  no SQL (lookup) and no table of reasons (policy.suppression).

Invariants
    Q6  an entry acts within a quarter of a second, also on what is queued already.
    Q7  never raises. While the book cannot be read, people's letters go and all others wait: a program's or a
        campaign's letter to somebody who complained cannot be taken back, a delay can.
"""

import logging
from collections.abc import Callable, Sequence

from ...policy.suppression import skip_reason
from ...queue.classes import MailClass
from ...queue.gate import Candidate, GateDecision, Send, Skip, Wait
from ..store import StoreError
from .lookup import Asked, SuppressionLookup

_log = logging.getLogger("youtong.queue")
_SEND, _WAIT = Send(), Wait()


class SuppressionGate:
    def __init__(self, lookup: SuppressionLookup, tree_of: Callable[[int], int]) -> None:
        """`tree_of`: the master of an account."""
        self._lookup, self._tree_of = lookup, tree_of
        self._is_blind = False

    def decide(self, batch: Sequence[Candidate]) -> Sequence[GateDecision]:
        try:
            decisions = [_SEND] * len(batch) if self._lookup.is_empty else self._looked_up(batch)
        except StoreError as error:
            self._tell(error)
            return [_SEND if each.mail_class is MailClass.PEOPLE else _WAIT for each in batch]
        if self._is_blind:
            self._is_blind = False
            _log.info("suppressions can be read again")
        return decisions

    def _looked_up(self, batch: Sequence[Candidate]) -> list[GateDecision]:
        trees = {account_id: self._tree_of(account_id) for account_id in {one.account_id for one in batch}}
        hits = self._lookup.find([Asked(trees[one.account_id], one.mail_class, one.address) for one in batch])
        return [_SEND if hit is None else Skip(skip_reason(hit.reason, hit.entry)) for hit in hits]

    def _tell(self, error: StoreError) -> None:
        """Once, however many letters wait."""
        if not self._is_blind:
            self._is_blind = True
            _log.error("suppressions cannot be read, bulk and programs' mail waits error=%s", error)
