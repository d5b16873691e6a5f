"""Tests of delivery run under both event loops: uvloop where it exists, asyncio's own elsewhere."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

BOTH: Mapping[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, Callable[[], object]]:
    return BOTH if item.path.name.startswith("test_delivery_lane") else {"asyncio": asyncio.new_event_loop}
