"""The room: a whole queue on disk, without processes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.queue_room import QueueRoom


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[QueueRoom]:
    made = await QueueRoom(tmp_path).open()
    yield made
    await made.close()
