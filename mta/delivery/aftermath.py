"""What becomes of a job when its peer has answered, or its connection is gone.

Owns   the second try on a fresh connection, and who deserves it; whose dialogue is told with its end.
Knows  no line and no socket: `Waiting` takes the job back, the lane serves it.

Invariants
    Every transaction given here ends in one event, or stands in a line again.
    A job is tried once more, which is no attempt of its recipients (`may_mail` is asked again, for the peer saw a
    second MAIL), in three cases only: its *reused* connection died before its MAIL was answered; the host broke
    PIPELINING before the dot; the host refused our address, nobody else, and there is another family.
    Never after the dot was sent, unless the peer itself said no (Q3).
"""

from collections.abc import Sequence
from typing import Protocol

from ..outcome import Deferred, Delivered, Outcome
from ..reply import Reply
from .attempt import Ending, Withdrawn, outcomes_after
from .candidates import has_family
from .connection import Connection
from .connection_owner import JobTransaction
from .dialogue import Dialogue, Keeping, of_transaction
from .egress import EgressSource
from .events import LaneEvents
from .families import FamilyMemory, family_of, names_our_address
from .waiting import Waiting


class AftermathOwner(Protocol):
    """The lane."""

    source: EgressSource

    @property
    def is_stopping(self) -> bool: ...

    def soon(self) -> None:
        """A job stands in line again."""
        ...


class Aftermath:
    def __init__(
        self, owner: AftermathOwner, events: LaneEvents, waiting: Waiting, families: FamilyMemory, keeping: Keeping
    ) -> None:
        self._owner = owner
        self._events = events
        self._waiting = waiting
        self._families = families
        self._keeping = keeping

    def answered(self, connection: Connection, transaction: JobTransaction, outcomes: list[Outcome]) -> None:
        """The peer has spoken. A refusal of our address alone may fare better over the other family."""
        if type(outcomes[0]) is not Delivered and self._deserves_other_family(connection, transaction, outcomes):
            self._leave_family(connection)
            self._retry(transaction)
        else:
            self.finish(transaction, outcomes)

    def broken(self, connection: Connection, ending: Ending, transaction: JobTransaction, *, lost_step: bool) -> None:
        """The session has ended and left this one open. `lost_step`: it broke PIPELINING."""
        is_decided = None not in transaction.outcomes
        is_ours = self._owner.is_stopping and isinstance(ending, Withdrawn)
        if is_ours and not transaction.dot_sent and not is_decided:
            self._events.returned(transaction.request)
        elif not is_decided and self._deserves_retry(connection, transaction, lost_step=lost_step):
            self._retry(transaction)
        else:
            outcomes = outcomes_after(ending, transaction, connection.peer)
            if isinstance(ending, Reply):
                self.answered(connection, transaction, outcomes)
            else:
                self.finish(transaction, outcomes, ending)

    def finish(self, transaction: JobTransaction, outcomes: list[Outcome], ending: Ending | None = None) -> None:
        """`ending`: what cut its dialogue off."""
        dialogue = of_transaction(transaction, ending) if self._keeping.wants(outcomes) else None
        self._events.finished(transaction.request, outcomes, transaction.mail_at, dialogue)

    def finish_unopened(
        self, transactions: Sequence[JobTransaction], outcome: Deferred, dialogue: Dialogue | None
    ) -> None:
        """No session could be opened for them; they share what was said when it was tried."""
        kept = dialogue if dialogue is not None and self._keeping.wants([outcome]) else None
        for transaction in transactions:
            transaction.fill(outcome)
            self._events.finished(transaction.request, transaction.decided(), transaction.mail_at, kept)

    def _deserves_retry(self, connection: Connection, transaction: JobTransaction, *, lost_step: bool) -> bool:
        if transaction.retried or self._owner.is_stopping or transaction.dot_sent:
            return False
        is_reused = connection.session.started > 1
        return lost_step or (is_reused and not transaction.mail_answered)

    def _deserves_other_family(
        self, connection: Connection, transaction: JobTransaction, outcomes: Sequence[Outcome]
    ) -> bool:
        ours, family = connection.local_address, family_of(connection.peer.address)
        if transaction.retried or self._owner.is_stopping or not ours:
            return False
        if any(each.reply is None or not names_our_address(each.reply, ours) for each in outcomes):
            return False
        is_elsewhere = has_family(transaction.request.hosts, self._owner.source, family.other)
        return is_elsewhere and self._families.refused(connection.site, family)

    def _leave_family(self, refused: Connection) -> None:
        """No connection of this family takes another job of the site."""
        family = family_of(refused.peer.address)
        site = self._waiting.sites.get(refused.site)
        for connection in list(site.connections) if site is not None else ():
            if family_of(connection.peer.address) is family:
                connection.is_spent = True
                if connection is not refused:
                    connection.leave()

    def _retry(self, transaction: JobTransaction) -> None:
        self._waiting.put_to_retries(transaction)
        self._owner.soon()
