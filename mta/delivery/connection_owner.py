"""The port ConnectionOwner: who gives a connection its work.

Owns   the protocol, and the two shapes of what passes through it.
Knows  nothing of `mta.delivery.connection`, which is its user: hence the type variable.
"""

from typing import Protocol, TypeVar

from ..smtp.client_transaction import Transaction
from .attempt import Ending
from .job import Job

JobTransaction = Transaction[Job]  # made by `Transaction(job)`: calling the alias costs as much again
Prepared = tuple[JobTransaction, list[bytes]]
ConnectionT = TypeVar("ConnectionT", contravariant=True)


class ConnectionOwner(Protocol[ConnectionT]):
    """Who gives a connection its work. Called from the transport's callbacks; must not raise."""

    def next_for(self, connection: ConnectionT) -> Prepared | None:
        """A job ready to be written on this connection, or None."""
        ...

    def give_back(self, transaction: JobTransaction) -> None:
        """It was not written after all."""
        ...

    def may_mail(self, transaction: JobTransaction) -> bool:
        """False: the owner took it away, forget it."""
        ...

    def before_dot(self, transaction: JobTransaction) -> bool:
        """False: the dot may not be sent, and the connection is dropped."""
        ...

    def ended(self, connection: ConnectionT, transaction: JobTransaction) -> None:
        """Every recipient has its outcome."""
        ...

    def idle(self, connection: ConnectionT) -> None:
        """Ready, and `next_for` had nothing."""
        ...

    def broken(self, connection: ConnectionT, ending: Ending, opened: list[JobTransaction]) -> None:
        """An established session has ended and leaves these open; the socket closes next."""
        ...

    def over(self, connection: ConnectionT) -> None:
        """The socket is closed."""
        ...
