"""Files of rows that verbs are given: many recipients, many entries.

Owns   opening them (a name, or - for standard input), and saying how far it is and what became of the rows.
Knows  no format.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click
import msgspec

from ..texts import _, ngettext
from .output import print_json

_STDIN = Path("-")
_MAX_SHOWN = 20


class RowCounts(msgspec.Struct):
    """What became of the rows."""

    read: int = 0
    new: int = 0
    refused: int = 0

    def refuse(self, line: int, why: str) -> None:
        """One that cannot be taken; the first are told with their lines."""
        self.refused += 1
        if self.refused <= _MAX_SHOWN:
            click.echo(_("line {line}: {why}").format(line=line, why=why), err=True)


@contextmanager
def opened(file: Path) -> Generator[TextIO]:
    """Its text; what cannot be opened, or turns out to be no UTF-8, ends the verb with a sentence."""
    try:
        if file == _STDIN:
            yield sys.stdin
        else:
            with _open(file) as lines:
                yield lines
    except UnicodeDecodeError as error:
        raise click.ClickException(_("{file} is no UTF-8 text.").format(file=file)) from error


def _open(file: Path) -> TextIO:
    try:
        return file.open(encoding="utf-8", newline="")
    except OSError as error:
        raise click.ClickException(_("{file} cannot be read: {why}").format(file=file, why=error.strerror)) from error


def tell_progress(done: RowCounts) -> None:
    """In a terminal, in one line; `end_progress` ends it."""
    if sys.stderr.isatty():
        click.echo("\r" + _("{read} read, {new} new").format(read=done.read, new=done.new), err=True, nl=False)


def end_progress() -> None:
    if sys.stderr.isatty():
        click.echo(err=True)


def tell_rows(done: RowCounts, new: str, *, as_json: bool) -> None:
    """At the end. `new` is the sentence for those that were new. Refused rows end the verb with exit code 1."""
    if as_json:
        print_json(done)
    else:
        click.echo(new.format(n=done.new))
        known = done.read - done.new - done.refused
        if known:
            click.echo(ngettext("{n} was known already.", "{n} were known already.", known).format(n=known))
    if done.refused:
        n = done.refused
        raise click.ClickException(ngettext("{n} row was refused.", "{n} rows were refused.", n).format(n=n))
