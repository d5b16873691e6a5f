"""Flows: whose mail it is, for fairness and for stopping.

Owns   the values FlowKey and Flow: recipients of one account, class, stream and sender domain form one flow. Rows of
       `flow` name them; every recipient carries its flow's id, `backlog` counts what waits per (domain, flow).
Knows  nothing of turns (queue.turns) or of what is stopped (queue.pace.suspensions).
"""

import msgspec

from .classes import MailClass


def sender_domain(reverse_path: str) -> str:
    """Who sends, as flows tell it apart: what follows the last @, in small letters; "" for the null reverse-path."""
    return reverse_path.rpartition("@")[2].lower() if "@" in reverse_path else ""


class FlowKey(msgspec.Struct, frozen=True, gc=False):
    """What recipients of a flow have in common."""

    account_id: int
    mail_class: MailClass
    stream_id: int = 0  # 0: submitted mail
    sender_domain: str = ""  # of the reverse-path; "" for the null one


class Flow(msgspec.Struct, frozen=True, gc=False):
    """A flow with its number."""

    id: int
    key: FlowKey

    @property
    def is_urgent(self) -> bool:
        """People's and transactional mail: it has a reserved share of connections and rates (B6)."""
        return self.key.mail_class is not MailClass.BULK
