"""`youtong`: the command line.

Owns   the list of verbs, and what happens to errors: exit 0 done, 1 refused or failed (one clear sentence on stderr),
       2 wrong usage. An unexpected exception of ours is one sentence too; its traceback goes to a file.
Knows  nothing of what a verb does: each is a click command in a module beside this one, imported only when asked for,
       so `youtong account list` does not load the server.
"""

import importlib
import importlib.util
import logging
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from ..texts import N_, _
from .broken_pipe import print_to_nobody
from .click_texts import translate_click


@dataclass(frozen=True)
class LazyVerb:
    """A click command to be found under `attribute` (or its own name) in `admin.cli.<module>`."""

    name: str
    module: str
    summary: str

    @property
    def full_module(self) -> str:
        return f"{__package__}.{self.module}"

    @property
    def exists(self) -> bool:
        return importlib.util.find_spec(self.full_module) is not None

    def command(self) -> click.Command:
        found = getattr(importlib.import_module(self.full_module), self.name.replace("-", "_"))
        assert isinstance(found, click.Command), f"{self.full_module} exports no command {self.name}"
        return found


VERBS = (
    LazyVerb("serve", "serve", N_("Run the mail server.")),
    LazyVerb("demo", "demo", N_("Show a server at work in a simulated internet.")),
    LazyVerb("simulator", "simulator", N_("Run the simulated internet: a DNS server and receiving mail servers.")),
    LazyVerb("reload", "reload", N_("Let the running server read its files anew.")),
    LazyVerb("account", "account", N_("Accounts: who may submit, and which addresses they may send as.")),
    LazyVerb("queue", "queue", N_("The queue: what waits, and acting on it.")),
    LazyVerb("stream", "stream", N_("Streams: one text for many recipients, with fields of their own.")),
    LazyVerb("top", "top", N_("Watch what waits, what leaves, and what limits it.")),
    LazyVerb("explain", "explain", N_("Say where a message is, why it waits, and what happens next.")),
    LazyVerb("dkim", "dkim", N_("DKIM keys: make, publish, test, and verify signatures.")),
    LazyVerb("shaping", "shaping", N_("Shaping rules: how fast each provider is fed, and what its replies change.")),
    LazyVerb("bounce", "bounce", N_("Bounces: what refusals and notices mean, and who is to blame.")),
    LazyVerb("suppression", "suppression", N_("Suppressions: whom we do not write to, and why.")),
    LazyVerb("policy", "policy", N_("The operator's policy file: check it before it is used.")),
    LazyVerb("config", "config", N_("The configuration: check it, show what differs from the defaults.")),
)


class LazyGroup(click.Group):
    """A group whose verbs are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [verb.name for verb in VERBS if verb.exists]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        verb = next((verb for verb in VERBS if verb.name == cmd_name), None)
        return verb.command() if verb and verb.exists else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if rows := [(verb.name, _(verb.summary)) for verb in VERBS if verb.exists]:
            with formatter.section(_("Commands")):
                formatter.write_dl(rows)


@click.group(
    cls=LazyGroup,
    name="youtong",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_("Every command explains itself: youtong COMMAND --help"),
    help=_("Youtong sends your company's mail: it accepts messages from mail clients and programs, keeps them safe "
           "in a queue, signs them, and delivers them to their receivers."),
)  # fmt: skip
@click.version_option(
    package_name="youtong", prog_name="youtong", message="%(prog)s %(version)s", help=_("Show the version and exit.")
)
def cli() -> None:
    pass


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say; the exit code. When the reader of our output left, that ends it without a word."""
    translate_click()
    logging.getLogger("youtong").addHandler(logging.NullHandler())  # log lines are a server's; a verb says what it did
    try:
        return _done(arguments)
    except BrokenPipeError:
        print_to_nobody()
        return 1


def _done(arguments: Sequence[str]) -> int:
    try:
        result = cli.main(list(arguments), prog_name="youtong", standalone_mode=False)
    except click.ClickException as error:
        return _refused(error)
    except (click.Abort, KeyboardInterrupt):
        click.echo(_("Interrupted."), err=True)
        return 1
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the bulkhead of the command line: a person gets a sentence
        return _unexpected(error)
    return result if isinstance(result, int) else 0


def _refused(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message())
        return error.exit_code
    click.echo(_("youtong: {sentence}").format(sentence=error.format_message()), err=True)
    if isinstance(error, click.UsageError) and error.ctx is not None:
        click.echo(_("See: {command} --help").format(command=error.ctx.command_path), err=True)
    return error.exit_code


def _unexpected(error: Exception) -> int:
    sentence = _("youtong: this should not have happened ({kind}: {error}).").format(
        kind=type(error).__name__, error=str(error).partition("\n")[0]
    )
    click.echo(sentence, err=True)
    if (path := _log_traceback(error)) is not None:
        click.echo(_("The details are in {path}; please report them.").format(path=path), err=True)
    return 1


def _log_traceback(error: Exception) -> Path | None:
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "youtong"
    for folder in (state, Path(tempfile.gettempdir()) / f"youtong-{os.getuid()}"):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = folder / "errors.log"
            with path.open("a", encoding="utf-8") as file:
                file.write("".join(traceback.format_exception(error)) + "\n")
        except OSError:
            continue
        return path
    return None


if __name__ == "__main__":
    main()
