"""`youtong serve`: run the mail server.

Owns   the foreground process: first start, signals, what is printed for a newcomer.
Knows  nothing of the server's parts (admin.serve).
"""

import asyncio
import errno
import os
import signal
import sqlite3
import ssl
from pathlib import Path

import click

from ...mta.dkim.keyring import KeyFileError
from ...policy.policy_file import PolicyError
from ...policy.rulefiles.faults import RuleFileError
from ...queue.incarnation import DataDirInUse
from ...queue.storage.database import StorageError
from ..accounts import ensure_operator
from ..config import Config, first_start
from ..control import Refused
from ..damaged_files import damage_words, is_damage
from ..event_loop import run
from ..logs import start_logging
from ..rule_faults import rule_file_words
from ..serve import OwnerServer
from ..store import AppDatabase, StoreError
from ..texts import _
from ..warnings import warnings
from .broken_pipe import print_to_nobody
from .command_name import shown
from .frame import clock, config_option, loaded, teaching
from .serve_texts import cannot_keep_data, cannot_listen, in_use, made_all_the_same, welcome


@click.command(
    **teaching(
        _("Run the mail server."),
        _("Runs in the foreground until it is stopped (Ctrl-C or SIGTERM). At the first start it makes what is "
          "missing: the configuration file, a certificate, and the operator account, whose password is printed once."),
        examples=("youtong serve", "youtong serve --config /etc/youtong/youtong.toml"),
    )
)  # fmt: skip
@config_option
def serve(config_file: Path) -> None:
    try:
        if first_start(config_file):
            click.echo(_("Made the configuration file {file}.").format(file=shown(config_file)))
    except OSError as error:
        raise click.ClickException(
            _("The configuration file {file} cannot be made: {why}.").format(file=config_file, why=error.strerror)
        ) from error
    config = loaded(config_file)
    _ensure_data_dir(config)
    start_logging()
    try:
        run(_serve(config))
    except DataDirInUse as error:
        raise click.ClickException(in_use(config)) from error
    except (StorageError, StoreError, PolicyError, RuleFileError, KeyFileError, sqlite3.DatabaseError) as error:
        if is_damage(error):
            raise click.ClickException(damage_words(config.server.data_dir)) from error
        if isinstance(error, sqlite3.Error):
            raise
        raise click.ClickException(rule_file_words(error)) from error
    except ssl.SSLError as error:
        raise click.ClickException(
            _("The certificate {file} cannot be used: {why}.").format(file=config.certificate_file, why=error.reason)
        ) from error
    except OSError as error:
        raise click.ClickException(cannot_listen(config, error)) from error


async def _serve(config: Config) -> None:
    password = await _ensure_operator(config)
    server = OwnerServer(config)
    try:
        await server.start()
    except BaseException:
        if password is not None:  # it is kept nowhere, and the next start finds the account
            click.echo(made_all_the_same(password))
        raise
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    loop.add_signal_handler(signal.SIGHUP, _reload, server)
    told = warnings(config, lambda name: server.directory.now.named(name) is not None)
    _greet(welcome(config, password, told))
    await stop.wait()
    await server.stop()


def _ensure_data_dir(config: Config) -> None:
    """A folder that can be written in, or a sentence that names its key."""
    try:
        config.server.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(config.server.data_dir, os.W_OK | os.X_OK):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise click.ClickException(cannot_keep_data(config, error)) from error


def _greet(words: str) -> None:
    """Mail is taken whether or not anybody reads the greeting."""
    try:
        click.echo(words)
    except BrokenPipeError:
        print_to_nobody()


async def _ensure_operator(config: Config) -> str | None:
    app = await AppDatabase.open(config.server.data_dir / "app.db")
    try:
        return await ensure_operator(app, clock)
    finally:
        await app.close()


def _reload(server: OwnerServer) -> None:
    try:
        server.reload()
    except Refused as refused:
        click.echo(str(refused), err=True)
