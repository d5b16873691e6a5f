"""`youtong stream create` and `revise`: the text of a stream.

Owns   these verbs.
Knows  no rule of texts or senders.
"""

from pathlib import Path

import click

from ...mta.message.headers import HeaderError, author_addresses
from ...queue.ids import queue_id
from ...queue.streams.streams import NewStream
from ..stream_control import Create, Revise
from ..texts import _
from .account_frame import NameParam
from .frame import config_option, json_option, loaded, teaching
from .output import print_json
from .queue_frame import AddressParam, SinceParam, account_number, asker
from .stream_frame import conversing, stream_argument, stream_of
from .stream_template import check_sender, read_template

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    **teaching(
        _("Make a stream of a template."),
        _("The template is a message: header fields, an empty line, and text. {{name}} stands for a recipient's "
          "field, {{name|friend}} has a default for those who lack it, {{address}} is the recipient's address. Date "
          "and Message-ID are ours; To is added when it is missing. Bounces come to this system, at an address for "
          "each recipient in the domain of From, whose MX has to point here; unless a reverse-path is given."),
        examples=(
            "youtong stream create spring --account news@example.com --from-file spring.eml",
            "youtong stream create spring --account news@example.com --from-file spring.eml --lifetime 3d --paused",
        ),
    )
)  # fmt: skip
@click.argument("name")
@click.option("--account", type=NameParam(), metavar="NAME", required=True, help=_("Whose mail it is."))
@click.option("--from-file", "file", type=_FILE, required=True, help=_("The template."))
@click.option(
    "--reverse-path",
    type=AddressParam(),
    metavar="ADDRESS",
    help=_("Bounces go there, instead of to this system, and are not counted."),
)
@click.option(
    "--lifetime", type=SinceParam(), default="3d", show_default=True, help=_("Whoever waits then is given up.")
)
@click.option("--paused", is_flag=True, help=_("Nothing leaves before it is resumed."))
@config_option
@json_option
def create(
    name: str,
    account: str,
    file: Path,
    reverse_path: str | None,
    lifetime: int,
    paused: bool,
    config_file: Path,
    as_json: bool,
) -> None:
    config = loaded(config_file)
    head, body = read_template(file)
    path = reverse_path or _author(head)
    account_id = account_number(config, account)
    check_sender(config, account_id, head, path)
    keeps = reverse_path is not None
    new = NewStream(account_id, name, path, head, body, lifetime, is_paused=paused, who=asker(), keeps_path=keeps)
    with conversing(config, may_make_queue=True) as ask:
        number = ask(Create(new))["stream_id"]
    if as_json:
        print_json({"id": queue_id(number), "number": number})
        return
    click.echo(_("Stream {stream} is made.").format(stream=queue_id(number)))
    click.echo(_("Give it recipients with: youtong stream enqueue {stream} FILE").format(stream=queue_id(number)))


@click.command(
    **teaching(
        _("Give a stream another text."),
        _("Whoever has not been sent the old one gets it, also those who wait already. A recipient whose host has seen "
          "the old text to its end keeps that."),
        examples=("youtong stream revise q0000c1s spring-2.eml",),
    )
)  # fmt: skip
@stream_argument
@click.argument("file", type=_FILE)
@config_option
def revise(number: int, file: Path, config_file: Path) -> None:
    config = loaded(config_file)
    head, body = read_template(file)
    row, _revisions = stream_of(config, number)
    check_sender(config, row.account_id, head, row.reverse_path)
    with conversing(config) as ask:
        revision = ask(Revise(number, head, body, asker()))["revision"]
    click.echo(_("Text {n} is in use from now on.").format(n=revision))


def _author(head: bytes) -> str:
    try:
        return author_addresses(head)[0]
    except (HeaderError, IndexError) as error:
        raise click.ClickException(_("The template needs one From field with an address.")) from error
