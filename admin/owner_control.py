"""What the owner answers on owner.sock.

Owns   the verbs: status, waits, operate, flush, reload.
Knows  nothing of sockets (admin.control) or of sentences (admin.explain).
"""

import os
from collections.abc import Callable
from typing import Any

from ..queue.dispatcher import Dispatcher
from ..queue.operations import Selection
from .control import Answer, Refused


class OwnerControl:
    def __init__(self, dispatcher: Dispatcher, reload: Callable[[], int]) -> None:
        """`reload` answers with the policy's generation, or raises Refused."""
        self._dispatcher, self._reload = dispatcher, reload

    async def answer(self, question: dict[str, Any]) -> Answer:
        """One question, one answer. Raises Refused."""
        match question.get("verb"):
            case "status":
                return self._status()
            case "operate":
                selection = Selection(**question["selection"])
                done = await self._dispatcher.operate(
                    question["operation"], selection, question.get("reason", ""), question.get("who", "")
                )
                return {"changed": done.changed, "busy": done.busy}
            case "flush":
                done = await self._dispatcher.flush(Selection(**question["selection"]), question.get("who", ""))
                return {"changed": done.changed, "busy": done.busy}
            case "reload":
                return {"generation": self._reload()}
            case verb:
                raise Refused(f"there is no verb '{verb}'")

    def _status(self) -> Answer:
        dispatcher = self._dispatcher
        return {
            "role": "owner",
            "pid": os.getpid(),
            "in_flight": len(dispatcher.leasing.in_flight),
            "lanes": len(dispatcher.leasing.lanes),
            "due_domains": len(dispatcher.loader.active),
            "commits": dispatcher.commits.commits,
        }
