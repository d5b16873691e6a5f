"""The simulated MX and STARTTLS, with smtplib as the client, on both event loops."""

import asyncio
import smtplib
import socket
import ssl
import warnings
from datetime import UTC, datetime

import pytest
import uvloop
from cryptography import x509
from fakes.simulated import Talk, one_provider, simulated
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


def handshake(simulator: Simulator, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> ssl.SSLSocket:
    """A TLS connection to the simulator that has been spoken on, so that it has its tickets."""
    raw = socket.create_connection(("127.0.0.1", simulator.port), timeout=10)
    raw.recv(1000)
    for command in (b"EHLO c.test\r\n", b"STARTTLS\r\n"):
        raw.sendall(command)
        raw.recv(1000)
    secured = context.wrap_socket(raw, session=session)
    secured.sendall(b"NOOP\r\n")
    assert secured.recv(1000).startswith(b"250")
    return secured


def trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@pytest.mark.parametrize(("tickets", "resumed"), [("true", 1), ("false", 0)])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_session_is_resumed_where_tickets_are_given(run, tickets, resumed, version):
    def twice(simulator: Simulator) -> None:
        context = trusting()
        context.minimum_version = context.maximum_version = version
        with handshake(simulator, context) as first:
            session = first.session
        handshake(simulator, context, session).close()

    async def dialog() -> None:
        text = one_provider(f'[provider.dialog]\nstarttls = "good"\ntls_tickets = {tickets}')
        async with simulated(text) as simulator:
            await asyncio.to_thread(twice, simulator)
            assert simulator.providers["p"].count["handshakes"] == 2
            assert simulator.providers["p"].count["resumed"] == resumed

    run(dialog())


@pytest.mark.parametrize(
    ("kind", "is_valid", "names"),
    [("good", True, ["mx.p.test"]), ("expired", False, ["mx.p.test"]), ("other-name", True, ["another-host.test"])],
)
def test_certificate_is_as_told(run, kind, is_valid, names):
    def shown(simulator: Simulator) -> x509.Certificate:
        with handshake(simulator, trusting()) as secured:
            return x509.load_der_x509_certificate(secured.getpeercert(binary_form=True) or b"")

    async def dialog() -> None:
        text = one_provider(f'[provider.dialog]\nstarttls = "good"\ncertificate = "{kind}"')
        async with simulated(text) as simulator:
            certificate = await asyncio.to_thread(shown, simulator)
            assert (certificate.not_valid_after_utc > datetime.now(UTC)) == is_valid
            alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            assert alternatives.get_values_for_type(x509.DNSName) == names

    run(dialog())


def test_old_host_speaks_tls_1_0_and_nothing_newer(run):
    def shake(simulator: Simulator) -> str | None:
        context = trusting()
        with pytest.raises(ssl.SSLError):
            handshake(simulator, context)
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
        with handshake(simulator, context) as secured:
            return secured.version()

    async def dialog() -> None:
        text = one_provider('[provider.dialog]\nstarttls = "good"\ntls_versions = "1.0"')
        async with simulated(text) as simulator:
            assert await asyncio.to_thread(shake, simulator) == "TLSv1"

    run(dialog())


async def test_handshake_may_hang():
    async with simulated(one_provider('[provider.dialog]\nstarttls = "hang"')) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        assert (await talk.say("STARTTLS")).startswith("220")
        talk.send("a client hello")
        talk.writer.write_eof()
        assert await talk.reader.read() == b""
        assert simulator.providers["p"].count["spoilt handshakes"] == 1
        await talk.close()
