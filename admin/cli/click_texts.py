"""The few words click says itself, in the language of this process, folded where that language may be folded.

Owns   the msgids of click that a user of ours can meet, and the one place that hands click our catalogue and wrapping.
Knows  no verb. click asks the process-wide gettext, which reads only compiled catalogues; ours is a .po file.
"""

import click.core
import click.decorators
import click.exceptions
import click.formatting
import click.parser
import click.types

from ..texts import N_, _, ngettext
from .wrapping import term_len, wrap_text

MSGIDS = (
    N_("Usage:"),
    N_("Options"),
    N_("Commands"),
    N_("Positional arguments"),
    N_("Show this message and exit."),
    N_("Show the version and exit."),
    N_("default: {default}"),
    N_("env var: {var}"),
    N_("required"),
    N_("Missing command."),
    N_("Missing argument"),
    N_("Missing option"),
    N_("Missing parameter"),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("{value!r} is not a valid {number_type}."),
    N_("{value} is not in the range {range}."),
    N_("{name} {filename!r} does not exist."),
    N_("{name} {filename!r} is a directory."),
    N_("{name} {filename!r} is a file."),
    N_("{name} {filename!r} is not readable."),
    N_("No such option {name!r}."),
    N_("No such command {name!r}."),
    N_("Option {name!r} does not take a value."),
    N_("Could not open file {filename!r}: {message}"),
    N_("file"),
    N_("directory"),
    N_("path"),
)


def plurals(n: int) -> tuple[str, ...]:
    """click's plural texts, marked for the catalogue."""
    return (
        ngettext("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)", n),
        ngettext("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})", n),
        ngettext("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments.", n),
        ngettext("{value!r} is not {choice}.", "{value!r} is not one of {choices}.", n),
    )


def translate_click() -> None:
    """From now on click speaks the language of this process."""
    ours = {"_": _, "ngettext": ngettext, "wrap_text": wrap_text, "term_len": term_len}
    for module in (click.core, click.decorators, click.exceptions, click.formatting, click.parser, click.types):
        for name in ours.keys() & vars(module).keys():
            setattr(module, name, ours[name])
