"""What the verbs over streams share: the number of a stream, and asking about it.

Owns   these, and errors as sentences.
Knows  no verb.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

import click

from ...queue.incarnation import DataDirInUse
from ...queue.reading import NoQueue, reading
from ...queue.states import RecipientState
from ...queue.storage.database import StorageError
from ...queue.storage.stream_rows import RevisionRow, StreamRow
from ..config import Config
from ..control import Refused
from ..returns import fate_reading
from ..returns.fate_reading import Fates
from ..store import StoreError
from ..streaming import Ask, asking
from ..texts import _
from .frame import clock
from .queue_frame import QueueIdParam, asked

stream_argument = click.argument("number", type=QueueIdParam(), metavar="STREAM")


@contextmanager
def conversing(config: Config, *, may_make_queue: bool = False) -> Generator[Ask]:
    """Questions to the running server, or to the queue itself; what goes wrong ends the verb with a sentence."""
    try:
        if not may_make_queue:
            with reading(config.server.data_dir):  # refuses where there never was a queue, instead of making one
                pass
        with asking(config.server.data_dir, config.server.hostname, clock) as ask:
            yield ask
    except NoQueue as error:
        raise click.ClickException(_("There is no queue yet: the server never ran here. See: youtong serve")) from error
    except DataDirInUse as error:
        raise click.ClickException(_("The server is starting or stopping: try again in a moment.")) from error
    except StorageError as error:
        raise click.ClickException(_("The queue cannot be read or changed: {error}").format(error=error)) from error
    except StoreError as error:
        raise click.ClickException(_("The accounts cannot be read or changed: {error}").format(error=error)) from error
    except Refused as error:
        raise click.ClickException(str(error)) from error


def states_of(config: Config, number: int) -> dict[RecipientState, int]:
    """How many recipients of a stream are in each state."""

    def read() -> dict[RecipientState, int]:
        with reading(config.server.data_dir) as reader:
            return reader.stream_fates(number)

    return asked(read)


def fates_of(config: Config, row: StreamRow) -> Fates:
    """What those that have ended count as."""
    try:
        return fate_reading.of_stream(config.server.data_dir / "app.db", row.account_id, row.id)
    except StoreError as error:
        raise click.ClickException(_("The counters cannot be read: {error}").format(error=error)) from error


def stream_of(config: Config, number: int) -> tuple[StreamRow, Sequence[RevisionRow]]:
    """A stream and its texts; an unknown number ends the verb."""

    def read() -> tuple[StreamRow | None, Sequence[RevisionRow]]:
        with reading(config.server.data_dir) as reader:
            return reader.stream(number)

    row, revisions = asked(read)
    if row is None:
        raise click.ClickException(_("There is no such stream."))
    return row, revisions
