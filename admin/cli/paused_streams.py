"""Streams that are paused, told where people look for what is stopped.

Owns   finding them, and the sentence.
Knows  no verb: a pause is ended by `youtong stream resume`.
"""

from collections.abc import Sequence

from ...queue.ids import queue_id
from ...queue.reading import reading
from ...queue.streams.stream_states import RunState
from ..config import Config
from ..texts import _, ngettext
from .queue_frame import asked

_NEWEST = 1000  # among these is whatever may still run
_MAX_SHOWN = 8


def paused_streams(config: Config) -> list[int]:
    """Their numbers, newest first."""

    def read() -> list[int]:
        with reading(config.server.data_dir) as reader:
            return [row.id for row in reader.streams(_NEWEST) if row.run_state is RunState.PAUSED]

    return asked(read)


def paused_words(streams: Sequence[int]) -> str:
    """Which, and the command for the newest."""
    shown = [queue_id(each) for each in streams[:_MAX_SHOWN]]
    ids = _(", ").join(shown) + ("…" if len(streams) > _MAX_SHOWN else "")
    sentence = ngettext(
        "Stream {ids} is paused; what lets it go on: {command}",
        "Streams {ids} are paused; what lets one go on: {command}",
        len(streams),
    )
    return sentence.format(ids=ids, command=f"youtong stream resume {shown[0]}")
