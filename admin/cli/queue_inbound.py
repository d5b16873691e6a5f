"""`youtong queue inbound`: what the world wrote to addresses of ours.

Owns   the verb.
Knows  no SQL (queue.inbound.inbound_reading) and no meaning of a message. Works whether or not the server runs.
"""

from pathlib import Path

import click

from ...queue.ids import inbound_id, parse_inbound_id
from ...queue.inbound.inbound_mail import InboundContent, InboundKind, InboundMessage
from ...queue.inbound.inbound_reading import reading_inbound
from ..config import Config
from ..texts import _
from .frame import clock, config_option, json_option, loaded, teaching
from .inbound_output import inbound_json, inbound_whole_json, print_inbound, print_inbound_message
from .output import print_json
from .queue_frame import asked

_SHOWN_OCTETS = 64 * 1024


class InboundIdParam(click.ParamType[int]):
    """The number of a stored inbound message."""

    name = "inbound id"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return parse_inbound_id(value)
        except ValueError:
            self.fail(_("“{value}” is not a number of inbound mail; one looks like i0000c1s.").format(value=value))


@click.command(
    **teaching(
        _("List what the world wrote to us, or show one message."),
        _("Bounces, answers, unsubscribe mails, reports, and mail to postmaster and abuse, newest first, each with "
          "what it was read as and what followed. They are kept for [inbound] keep_days."),
        examples=("youtong queue inbound", "youtong queue inbound --kind postmaster", "youtong queue inbound i0000003"),
    )
)  # fmt: skip
@click.argument("number", type=InboundIdParam(), metavar="[INBOUND_ID]", required=False)
@click.option(
    "--kind",
    type=click.Choice([each.value for each in InboundKind]),
    default=None,
    help=_("Only mail to such addresses."),
)
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help=_("At most this many messages."),
)
@config_option
@json_option
def inbound(number: int | None, kind: str | None, limit: int, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)
    if number is not None:
        _show(config, number, as_json=as_json)
        return
    found = asked(lambda: _newest(config, InboundKind(kind) if kind else None, limit + 1))
    if as_json:
        print_json([inbound_json(message) for message in found[:limit]])
    else:
        print_inbound(found[:limit], clock.now_ms(), whole=len(found) <= limit)


def _show(config: Config, number: int, *, as_json: bool) -> None:
    message, content, body = asked(lambda: _whole(config, number))
    if message is None or content is None:
        raise click.ClickException(_("There is no inbound mail {number}.").format(number=inbound_id(number)))
    if as_json:
        print_json(inbound_whole_json(message, content.head, body))
    else:
        print_inbound_message(message, content.head, body, clock.now_ms())


def _newest(config: Config, kind: InboundKind | None, limit: int) -> list[InboundMessage]:
    with reading_inbound(config.server.data_dir) as reader:
        return reader.newest(kind, limit)


def _whole(config: Config, number: int) -> tuple[InboundMessage | None, InboundContent | None, bytes]:
    """The message, its content, and the beginning of its body."""
    with reading_inbound(config.server.data_dir) as reader:
        content = reader.content(number)
        return reader.message(number), content, reader.beginning(content, _SHOWN_OCTETS) if content else b""
