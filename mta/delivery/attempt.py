"""Where a broken dialog becomes an outcome: the one place.

Owns   the mapping from what ended a dialog (`Ending`) to outcomes, and the words for it.
Knows  no retry: whether an attempt is repeated at once is the lane's decision.

Invariant  only a loss after the final dot is ambiguous (Q3); an answer of the peer, even 421, is not.
           Whatever ends a dialog is temporary, and speaks of the route, never of the recipient (Q5).
"""

from typing import Any

from ..outcome import Deferred, Outcome, Peer, Scope, Stage
from ..reply import Reply
from ..smtp.client_transaction import Transaction
from ..smtp.errors import PeerError


class Withdrawn(Exception):
    """We ended the dialog ourselves; str() says why."""


Ending = PeerError | Reply | Withdrawn
"""A fault, the peer's own last word, or our decision."""


def outcomes_after(ending: Ending, transaction: Transaction[Any], peer: Peer) -> list[Outcome]:
    """The outcomes of a transaction that a session left open; recipients with an answer keep it."""
    outcome = deferred(ending, transaction.stage, peer, dot_sent=transaction.dot_sent)
    transaction.fill(outcome)
    return transaction.decided()


def deferred(ending: Ending, stage: Stage, peer: Peer, *, dot_sent: bool = False) -> Deferred:
    """The outcome of whoever was at `stage` when the dialog ended."""
    if isinstance(ending, Reply):
        return Deferred(stage, Scope.ROUTE, ending, peer=peer)
    why = f"{ending} (with {peer.host} [{peer.address}], {stage})"
    return Deferred(stage, Scope.ROUTE, None, why, peer, ambiguous=dot_sent)


def internal_fault(peer: Peer) -> Deferred:
    """An error of ours: temporary, and the log has the details."""
    return Deferred(Stage.ROUTE, Scope.MESSAGE, None, "internal fault, see the log", peer)


def for_site(outcome: Deferred) -> Deferred:
    """What the last host said, as the word on its whole site."""
    return Deferred(outcome.stage, Scope.SITE, outcome.reply, outcome.why, outcome.peer)
