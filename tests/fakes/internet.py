"""The simulated internet of conf/simulator.toml on free ports, in the test's own event loop."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from youtong.mta.simulator.behaviours import ReplyStyle, StartTls
from youtong.mta.simulator.control import Control
from youtong.mta.simulator.reading import load_settings
from youtong.mta.simulator.received import Received
from youtong.mta.simulator.settings import Dialog, MxHost, ProviderSettings, Settings
from youtong.mta.simulator.simulator import Simulator, start

_SHIPPED = Path(__file__).resolve().parents[2] / "conf" / "simulator.toml"
_DIALOGS = (Dialog(), Dialog(starttls=StartTls.GOOD), Dialog(pipelining=False), Dialog(replies=ReplyStyle.MULTILINE))


def settings_on_free_ports(own: int = 0) -> Settings:
    shipped = load_settings(_SHIPPED)
    servers = msgspec.structs.replace(
        shipped.simulator, dns="127.0.0.1:0", port=0, control="", keep_messages=200_000, keep_log=200_000
    )
    return msgspec.structs.replace(shipped, simulator=servers, provider=(*shipped.provider, *map(_own, range(own))))


def own_domain(number: int) -> str:
    return f"own{number}.test"


class FreshDomains:
    """Domains of an internet with so many `own` ones that no earlier test sent to: four in turn speak pipelined, with
    TLS, step by step, and in many lines. A domain beyond the last would not exist, and its mail would fail."""

    def __init__(self, own: int) -> None:
        self._rest = iter(range(own))

    def take(self, count: int) -> list[str]:
        taken = [own_domain(number) for number in itertools.islice(self._rest, count)]
        assert len(taken) == count, "all own domains of this internet are used: give it more"
        return taken


def _own(number: int) -> ProviderSettings:
    host = MxHost(f"mx.{own_domain(number)}", f"127.80.{number // 250}.{number % 250 + 1}")
    return ProviderSettings(f"own{number}", (own_domain(number),), (host,), dialog=_DIALOGS[number % len(_DIALOGS)])


@asynccontextmanager
async def simulated_internet(own: int = 0) -> AsyncIterator[Simulator]:
    """`own` adds that many plain providers, one host and domain each: a test that takes some of its own does not run
    into the limits (Q4) that earlier tests used up. They differ in how they speak."""
    simulator = await start(settings_on_free_ports(own))
    try:
        yield simulator
    finally:
        await simulator.stop()


def change(simulator: Simulator, provider: str, **changes: Any) -> None:
    """Change a provider's behaviour from now on; keys are those of conf/simulator.toml, `__` for the dot."""
    question = {"do": "set", "provider": provider}
    question |= {key.replace("__", "."): value for key, value in changes.items()}
    control = Control(simulator.providers, simulator.ledger, simulator.names)
    answer = msgspec.json.decode(control.answer(msgspec.json.encode(question)))
    assert answer["ok"], answer


def received_by(simulator: Simulator, address: str) -> list[Received]:
    """Every copy that arrived for an address, oldest first."""
    return [each for each in simulator.ledger.newest if address in each.recipients]
