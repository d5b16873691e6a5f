"""What an inbound message said, as values: from whoever reads it to the owner, who writes it down.

Owns   the question of the control verb "returned" and its answers.
Knows  no report and no rule: kind and facts are given.
"""

from enum import StrEnum

import msgspec

from ..journal import Facts, JournalKind


class Heard(msgspec.Struct, frozen=True):
    """News about one recipient."""

    recipient_id: int
    kind: JournalKind  # one of CAME_BACK
    facts: Facts
    domain: str  # of the address of ours that was written to
    account_id: int  # on whose behalf it takes mail: of that domain's owner and its sub-accounts; 0: our hostname
    is_signed: bool = True  # the address itself named the recipient; else something in the message did


class HeardOfStream(msgspec.Struct, frozen=True):
    """A complaint about a stream that names nobody of it."""

    stream_id: int
    account_id: int  # on whose behalf the address of ours takes mail; 0: our hostname, for every account
    feedback_type: str
    agent: str  # the software that reports

    def facts(self, inbound: int) -> Facts:
        return Facts(category=self.feedback_type, remote=self.agent, inbound=inbound, stream=self.stream_id)


class ReadMail(msgspec.Struct, frozen=True):
    """One inbound message that was read."""

    seq: int
    read_as: str  # queue.inbound.inbound_mail.ReadAs
    heard: tuple[Heard, ...] = ()
    of_stream: HeardOfStream | None = None
    for_operator: str = ""  # the address of postmaster or abuse that it was written to


class AskReturned(msgspec.Struct, frozen=True):
    """The question: messages in the order in which they came."""

    mails: tuple[ReadMail, ...]


class Noted(StrEnum):
    """What the owner answers about a message."""

    DONE = "done"
    KNOWN = "known"  # it was read before, or is gone: nothing was changed
    BUSY = "busy"  # a recipient is being attempted this moment: to be asked again
