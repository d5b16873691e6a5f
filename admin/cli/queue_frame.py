"""What the verbs over the queue share: reading queue ids and addresses, names of accounts, and errors as sentences.

Owns   the parameters, and the way to the rows and to the owner for one question.
Knows  no verb.
"""

import getpass
import os
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

import click

from ...mta.address import AddressError, split_address
from ...queue.ids import parse_queue_id
from ...queue.reading import NoQueue
from ...queue.storage.database import StorageError
from ..accounts import AccountRegister
from ..config import Config
from ..control import NotRunning, Refused, ask
from ..texts import _
from .account_frame import with_register

Found = TypeVar("Found")
_SPAN = re.compile(r"(\d{1,6}) ?([smhd])")
_UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class QueueIdParam(click.ParamType[int]):
    """A queue id, as the message's number."""

    name = "queue id"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return parse_queue_id(value if value.strip().lower().startswith("q") else "")
        except ValueError:
            self.fail(_("“{value}” is not a queue id; one looks like q0000c1s.").format(value=value), param, ctx)


class StreamParam(click.ParamType[int]):
    """The number of a stream, as it is or written as a queue id."""

    name = "stream"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return int(value) if value.isdecimal() else parse_queue_id(value if value.lower().startswith("q") else "")
        except ValueError:
            self.fail(_("“{value}” is not a number of a stream.").format(value=value), param, ctx)


class SinceParam(click.ParamType[int]):
    """A span of time such as 90s, 15m, 2h or 7d, in milliseconds."""

    name = "span"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = _SPAN.fullmatch(value.strip().lower())
        if found is None:
            self.fail(_("“{value}” is not a span of time; one looks like 2h.").format(value=value), param, ctx)
        return int(found[1]) * _UNIT_MS[found[2]]


class AddressParam(click.ParamType[str]):
    """An e-mail address, as it was written."""

    name = "address"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            split_address(value, smtputf8=True)
        except AddressError:
            self.fail(_("“{value}” is no e-mail address.").format(value=value), param, ctx)
        return value


def asked(ask: Callable[[], Found]) -> Found:
    """The answer of the queue; what goes wrong ends the verb with a sentence."""
    try:
        return ask()
    except NoQueue as error:
        raise click.ClickException(_("There is no queue yet: the server never ran here. See: youtong serve")) from error
    except StorageError as error:
        raise click.ClickException(_("The queue cannot be read or changed: {error}").format(error=error)) from error
    except Refused as error:
        raise click.ClickException(str(error)) from error


def account_names(config: Config) -> Mapping[int, str]:
    """Names by number; none when there is no app.db yet."""
    if not (config.server.data_dir / "app.db").exists():
        return {}
    accounts, _credentials = with_register(config, AccountRegister.everything)
    return {account.id: account.name for account in accounts}


def account_number(config: Config, name: str) -> int:
    """The number of an account; an unknown name ends the verb."""
    return with_register(config, lambda register: register.account(name)).id


def is_running(config: Config) -> bool:
    """Whether a server answers."""
    try:
        ask(config.server.data_dir, "owner", {"verb": "status"})
    except NotRunning:
        return False
    return True


def asker() -> str:
    """Who types: the login name, for the journal."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no entry in the user database, as in some containers
        return f"uid {os.getuid()}"
