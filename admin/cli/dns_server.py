"""`--dns-server`: which name servers a verb asks, and asking them for TXT records.

Owns   the option, its order of preference (option, configuration, system), and a look-up for verbs that run once.
Knows  no verb; packets and time-outs are mta.dns.
"""

import asyncio
from collections.abc import Sequence

import click

from ...mta.dns.answers import Answer
from ...mta.dns.resolver import system_resolver
from ...mta.dns.servers import parse_server
from ..config import Config
from ..texts import _
from .frame import clock


class DnsServerParam(click.ParamType[str]):
    name = "dns-server"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return str(parse_server(value))
        except ValueError:
            self.fail(
                _("“{value}” is not an IP address with a port, like 192.0.2.1:53.").format(value=value), param, ctx
            )


dns_server_option = click.option(
    "--dns-server",
    type=DnsServerParam(),
    metavar="IP:PORT",
    default=None,
    help=_("Ask this name server, instead of the configured or the system's ones."),
)


def servers_to_ask(option: str | None, config: Config | None) -> list[str]:
    """[] is the system's name servers."""
    if option is not None:
        return [option]
    return [str(server) for server in config.delivery.dns_servers] if config else []


def txt_answers(names: Sequence[str], servers: Sequence[str]) -> dict[str, Answer[bytes]]:
    """All names at once; blocks until each has its answer."""

    async def ask() -> list[Answer[bytes]]:
        resolver = system_resolver(servers, clock)
        return await asyncio.gather(*(resolver.txt(name) for name in names))

    return dict(zip(names, asyncio.run(ask()), strict=True))
