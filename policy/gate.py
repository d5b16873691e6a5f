"""The open gate: everything may be leased.

Owns   the plain implementation of queue.gate.LeaseGate; suppression and pause come to stand here.
"""

from collections.abc import Sequence

from ..queue.gate import Candidate, GateDecision, Send

_SEND = Send()


class OpenGate:
    def decide(self, batch: Sequence[Candidate]) -> Sequence[GateDecision]:
        return [_SEND] * len(batch)
