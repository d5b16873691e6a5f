"""One mail transaction from the client's side: what is wanted, and what each recipient got.

Owns   the shape that a transaction is made from (`Request`), its progress, and the outcome of every reply.
Knows  protocol facts only; what a reply's words mean is the queue's ReplyJudge, with one exception that is a protocol
       fact: 552 (and 452) to RCPT as "too many recipients" (RFC 5321 §4.5.3.1.10).
Invariant  `outcomes` has one place per recipient, filled once. What a loss of the connection leaves open is filled by
       `mta.delivery.attempt`.
"""

import re
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from ..envelope import Body
from ..outcome import Deferred, Delivered, Failed, Outcome, Peer, Scope, Stage
from ..reply import Reply
from .client_extensions import Extensions
from .exchange import Exchange

TOO_MANY_RECIPIENTS = "too-many-recipients"
_MAILBOX_WORDS = re.compile(r"mailbox|quota|full|storage|space|size", re.IGNORECASE)


class RequestRecipient(Protocol):
    @property
    def address(self) -> str: ...
    @property
    def notify(self) -> str: ...
    @property
    def orcpt(self) -> str: ...


class Request(Protocol):
    """The envelope of a transaction; `mta.delivery.job.Job` is one."""

    @property
    def reverse_path(self) -> str: ...
    @property
    def recipients(self) -> Sequence[RequestRecipient]: ...
    @property
    def body(self) -> Body: ...
    @property
    def smtputf8(self) -> bool: ...
    @property
    def ret(self) -> str: ...
    @property
    def envid(self) -> str: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def eight_bit(self) -> bool: ...


RequestT = TypeVar("RequestT", bound=Request)


class Transaction(Generic[RequestT]):
    """A request on its way. The driver may hang the content (`wire`) and the time of MAIL (`mail_at`) on it."""

    __slots__ = (
        "accepted",
        "dot_sent",
        "exchange",
        "mail_answered",
        "mail_at",
        "outcomes",
        "recalled",
        "request",
        "retried",
        "stage",
        "wire",
    )

    def __init__(self, request: RequestT) -> None:
        self.request = request
        self.wire = b""
        self.mail_at: float | None = None
        self.retried = False
        self.recalled = False
        self.begin_anew()

    def begin_anew(self) -> None:
        """As if nothing of it had been sent."""
        self.outcomes: list[Outcome | None] = [None] * len(self.request.recipients)
        self.accepted: list[int] = []  # places of recipients with a positive reply to RCPT
        self.mail_answered = False
        self.dot_sent = False
        self.exchange: Exchange | None = None  # what was said, since it was started
        self.stage = Stage.MAIL

    def fill(self, outcome: Outcome) -> None:
        """The outcome of every recipient that has none yet."""
        self.outcomes = [outcome if known is None else known for known in self.outcomes]

    def decided(self) -> list[Outcome]:
        """All outcomes. Only when there is one for each recipient."""
        outcomes = [outcome for outcome in self.outcomes if outcome is not None]
        assert len(outcomes) == len(self.outcomes), "a transaction ended without an outcome for each recipient"
        return outcomes

    def take_mail(self, reply: Reply, peer: Peer) -> None:
        self.mail_answered = True
        if not reply.is_positive:
            self.fill(_negative(Stage.MAIL, Scope.MESSAGE, reply, peer))
        else:
            self.stage = Stage.RCPT

    def take_rcpt(self, place: int, reply: Reply, peer: Peer) -> None:
        if reply.is_positive:
            self.accepted.append(place)
        elif self._means_too_many(reply):
            self.outcomes[place] = Deferred(Stage.RCPT, Scope.RECIPIENT, reply, peer=peer, category=TOO_MANY_RECIPIENTS)
        else:
            self.outcomes[place] = _negative(Stage.RCPT, Scope.RECIPIENT, reply, peer)

    def _means_too_many(self, reply: Reply) -> bool:
        """Only behind an accepted recipient can there be too many; a word about the mailbox speaks of that mailbox."""
        return (
            reply.code in (452, 552)
            and reply.enhanced[2:] in ("", "5.3")
            and bool(self.accepted)
            and not _MAILBOX_WORDS.search(reply.text)
        )

    def take_refusal(self, stage: Stage, reply: Reply, peer: Peer) -> None:
        """DATA, the content, or the final dot was refused: that counts for all accepted recipients."""
        self.fill(_negative(stage, Scope.MESSAGE, reply, peer))

    def take_dot(self, reply: Reply, peer: Peer, extensions: Extensions) -> None:
        if not self.accepted:
            return  # the lone dot of RFC 2920 §3.1: everything was decided before
        if not reply.is_positive:
            self.fill(_negative(Stage.FINAL_DOT, Scope.MESSAGE, reply, peer))
            return
        for place in self.accepted:
            relayed = extensions.dsn and self.request.recipients[place].notify != ""
            self.outcomes[place] = Delivered(reply, peer, relayed)


def _negative(stage: Stage, scope: Scope, reply: Reply, peer: Peer) -> Outcome:
    if reply.is_permanent:
        return Failed(stage, scope, reply, peer=peer)
    return Deferred(stage, scope, reply, peer=peer)
