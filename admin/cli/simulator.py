"""`youtong simulator`: run the simulated internet until it is stopped.

Owns   the verb, and what it says about where to find the name server and the mail hosts.
Knows  nothing of behaviours: conf/simulator.toml describes them, mta.simulator plays them.
"""

import asyncio
import signal
from pathlib import Path

import click
import msgspec
import uvloop

from ...mta.simulator.reading import SettingsError, load_settings
from ...mta.simulator.settings import Settings
from ...mta.simulator.simulator import Simulator, start
from ..texts import _
from .frame import teaching

SHIPPED = Path(__file__).parents[2] / "conf" / "simulator.toml"


@click.command(
    **teaching(
        _("Run the simulated internet: a DNS server and receiving mail servers."),
        _("Everything listens on this machine's loopback addresses, and no mail leaves it. Each provider in the file "
          "behaves in its own way: it greylists, counts your rate, fills mailboxes, breaks TLS or hangs up. Stop it "
          "with Ctrl-C."),
        examples=("youtong simulator", "youtong simulator --config my-simulator.toml --maildir received"),
    )
)  # fmt: skip
@click.option(
    "--config",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=_("The file that describes the providers; without it, the shipped one."),
)
@click.option("--maildir", metavar="DIR", type=click.Path(path_type=Path), help=_("Keep every message in this folder."))
def simulator(file: Path | None, maildir: Path | None) -> None:
    settings = _read(file or SHIPPED)
    if maildir is not None:
        servers = msgspec.structs.replace(settings.simulator, maildir=str(maildir))
        settings = msgspec.structs.replace(settings, simulator=servers)
    try:
        uvloop.run(_run(settings))
    except BrokenPipeError:  # the reader of our lines left
        raise
    except OSError as error:
        raise click.ClickException(_("the simulator cannot start: {error}").format(error=error)) from error


def _read(file: Path) -> Settings:
    try:
        return load_settings(file)
    except SettingsError as error:
        raise click.ClickException(f"{file}: {error}") from error
    except OSError as error:
        raise click.ClickException(_("{file} cannot be read: {error}").format(file=file, error=error)) from error


async def _run(settings: Settings) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    running = await start(settings)
    try:
        _introduce(running)
        await ended.wait()
        counts = (running.ledger.messages, len(running.ledger.duplicates()))
    finally:
        await running.stop()
    click.echo(_("Received {messages} messages; {duplicates} recipients had one more than once.").format(
        messages=counts[0], duplicates=counts[1]
    ))  # fmt: skip


def _introduce(running: Simulator) -> None:
    address, port = running.dns_address
    click.echo(_("The simulated internet is up, with {number} providers.").format(number=len(running.providers)))
    click.echo(_("Name server: {address}:{port}").format(address=address, port=port))
    click.echo(_("Mail hosts: port {port} of their loopback addresses").format(port=running.port))
    if running.control is not None:
        where = running.control if isinstance(running.control, str) else "{}:{}".format(*running.control)
        click.echo(_("Questions: {where}").format(where=where))
    click.echo(_("Let Youtong deliver into it with this in youtong.toml:"))
    click.echo(
        f"\n    [delivery]\n    port = {running.port}\n"
        f'    dns_servers = ["{address}:{port}"]\n    allow_private_addresses = true\n'
    )
