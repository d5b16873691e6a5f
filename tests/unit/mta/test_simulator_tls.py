"""The simulated MX and STARTTLS, with smtplib as the client, on both event loops."""

import asyncio
import smtplib
import ssl

import pytest
import uvloop
from fakes.simulated import one_provider, simulated
from youtong.mta.simulator.simulator import Simulator

CONTENT = b"Message-ID: <1@c>\r\n\r\n.dot\r\n..\r\n"


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request):
    """Runs a coroutine to its end on a loop of that kind."""

    def run_on_loop(coroutine):
        factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop
        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(coroutine)

    return run_on_loop


def deliver(simulator: Simulator) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP("127.0.0.1", simulator.port, local_hostname="client.test", timeout=10) as client:
        client.starttls(context=context)
        client.sendmail("a@client.test", ["u@p.test"], CONTENT)


def test_message_over_starttls_arrives_octet_by_octet(run):
    async def dialog() -> None:
        async with simulated(one_provider('[provider.dialog]\nstarttls = "good"')) as simulator:
            await asyncio.to_thread(deliver, simulator)
            (received,) = simulator.ledger.newest
            assert received.tls.startswith("TLSv1.")
            assert received.content == CONTENT
            assert simulator.providers["p"].violations == {}

    run(dialog())


@pytest.mark.parametrize(("how", "error"), [("garbage", ssl.SSLError), ("reset", ConnectionResetError)])
def test_broken_starttls_breaks_the_handshake(run, how, error):
    async def dialog() -> None:
        async with simulated(one_provider(f'[provider.dialog]\nstarttls = "{how}"')) as simulator:
            with pytest.raises(error):
                await asyncio.to_thread(deliver, simulator)

    run(dialog())
