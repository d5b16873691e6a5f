"""What the owner answers about streams, on owner.sock or as the owner for a moment.

Owns   the questions of `stream` and their answers.
Knows  no rule: queue.streams.streams has them. Who may send as whom was asked before (admin.cli.stream).
"""

from typing import Any, assert_never

import msgspec

from ..queue.contents.template_head import TemplateFault
from ..queue.streams.enqueueing import BadRecipient
from ..queue.streams.stream_states import StreamEvent
from ..queue.streams.streams import NewStream, NoWayBack, StreamIsStopped, StreamRecipient, Streams, UnknownStream
from .control import Answer, Refused
from .return_path_words import no_way_back_sentence
from .texts import _


class Create(msgspec.Struct, frozen=True, tag="create", tag_field="do"):
    stream: NewStream


class Enqueue(msgspec.Struct, frozen=True, tag="enqueue", tag_field="do"):
    """A chunk; some thousands at most, since it is decoded in one go."""

    stream_id: int
    recipients: list[StreamRecipient]


class Change(msgspec.Struct, frozen=True, tag="change", tag_field="do"):
    stream_id: int
    event: StreamEvent
    reason: str = ""
    who: str = ""


class Revise(msgspec.Struct, frozen=True, tag="revise", tag_field="do"):
    stream_id: int
    head: bytes
    body: bytes
    who: str = ""


StreamQuestion = Create | Enqueue | Change | Revise


class StreamControl:
    """Answers about the streams of one queue."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    async def answer(self, question: dict[str, Any]) -> Answer:
        """Raises Refused, StorageError, msgspec.ValidationError."""
        asked = msgspec.convert({key: question[key] for key in question if key != "verb"}, StreamQuestion)
        try:
            return await self._answer(asked)
        except UnknownStream as error:
            raise Refused(_("There is no such stream.")) from error
        except StreamIsStopped as error:
            raise Refused(
                _("The stream was stopped, or its time is over: no recipients can be added any more.")
            ) from error
        except NoWayBack as lost:
            raise Refused(no_way_back_sentence(lost)) from lost
        except TemplateFault as fault:
            raise Refused(_("The template cannot be used: {why}.").format(why=fault)) from fault

    async def _answer(self, asked: StreamQuestion) -> Answer:
        match asked:
            case Create():
                return {"stream_id": await self._streams.make(asked.stream)}
            case Enqueue():
                return await self._enqueue(asked)
            case Change():
                row = await self._streams.change(asked.stream_id, asked.event, asked.reason, asked.who)
                return {"run_state": row.run_state.value, "waiting": row.waiting}
            case Revise():
                revision = await self._streams.revise(asked.stream_id, asked.head, asked.body, asked.who)
                return {"revision": revision.number}
            case _:
                assert_never(asked)

    async def _enqueue(self, asked: Enqueue) -> Answer:
        """A recipient that cannot be written to is told by its place; nothing of the chunk is kept then."""
        try:
            return {"added": await self._streams.enqueue(asked.stream_id, asked.recipients)}
        except BadRecipient as bad:
            return {"added": 0, "bad": bad.at, "why": str(bad)}
