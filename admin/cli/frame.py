"""The frame of every verb: options they share, and help that teaches.

Owns   `--config`, `--json`, and `teaching` (summary, explanation, examples of one command).
Knows  no verb.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import click

from ...mta.clock import SystemClock
from ..config import Config, ConfigError, load
from ..texts import _

Verb = TypeVar("Verb", bound=Callable[..., Any])
DEFAULT_CONFIG = Path("youtong.toml")

clock = SystemClock()


class Teaching(TypedDict):
    short_help: str
    help: str
    epilog: str


def teaching(summary: str, explanation: str = "", *, examples: tuple[str, ...] = ()) -> Teaching:
    """Arguments for click's command(): the summary stands in listings, all of it in the command's own help."""
    lines = [_("Examples:"), *(f"  {example}" for example in examples)]
    return {
        "short_help": summary,
        "help": f"{summary}\n\n{explanation}",
        "epilog": "\b\n" + "\n".join(lines) if examples else "",
    }


def config_option(verb: Verb) -> Verb:
    """`--config FILE`, passed on as `config_file`."""
    return click.option(
        "--config",
        "config_file",
        metavar="FILE",
        type=click.Path(path_type=Path),
        default=DEFAULT_CONFIG,
        envvar="YOUTONG_CONFIG",
        show_default=True,
        show_envvar=True,
        help=_("The configuration file."),
    )(verb)


def json_option(verb: Verb) -> Verb:
    """`--json`, passed on as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help=_("Print JSON, for programs."))(verb)


def loaded(config_file: Path) -> Config:
    """The checked configuration; a faulty one ends the verb with exit code 1."""
    try:
        return load(config_file)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
