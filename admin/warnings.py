"""What a configuration says that can be used, and yet will hardly do what somebody expects.

Owns   looking at this machine and its accounts: addresses to send from, the account of trusted networks, the data
       folder, sections that nothing listens for yet, and what becomes of inbound mail.
Knows  no single value's form (admin.config): what is said here stops no start. Nothing is made or changed.
"""

import errno
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from ..queue.inbound.inbound import VERP_LIFE_MS
from .config import Config, Fault
from .config.lines import LineIndex, index_lines
from .texts import _

HasAccount = Callable[[str], bool]


def warnings(config: Config, has_account: HasAccount | None) -> list[Fault]:
    """In the order of the lines. `has_account`: None while there are no accounts yet."""
    index = index_lines(config.text)
    found = [*_data_dir(config, index), *_trusted(config, index, has_account), *_sources(config, index)]
    found += _forgetting(config, index)
    return sorted([*found, *_inbound(config, index), *_not_listening(config, index)])


def is_foreign(address: str) -> bool:
    """Whether nothing can be sent from, or listened at, this address, because this machine does not have it."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError as error:
            return error.errno == errno.EADDRNOTAVAIL
    return False


def _data_dir(config: Config, index: LineIndex) -> Iterator[Fault]:
    folder = config.server.data_dir
    nearest = next((one for one in (folder, *folder.parents) if one.exists()), Path("/"))
    if not os.access(nearest, os.W_OK | os.X_OK):
        sentence = _("whoever asks here cannot write in {folder}, and then neither can a server of theirs")
        yield Fault(index.line_of("server", 0, "data_dir"), "[server] data_dir", sentence.format(folder=nearest))


def _trusted(config: Config, index: LineIndex, has_account: HasAccount | None) -> Iterator[Fault]:
    name = config.submission.trusted_account
    if has_account is not None and config.submission.trusted_networks and not has_account(name):
        sentence = _("there is no account “{name}”, so trusted_networks may send nothing")
        line = index.line_of("submission", 0, "trusted_account")
        yield Fault(line, "[submission] trusted_account", sentence.format(name=name))


def _sources(config: Config, index: LineIndex) -> Iterator[Fault]:
    sentence = _("this machine does not have the address {address}, so nothing can be sent from it")
    for nth, source in enumerate(config.source):
        for key in ("address", "address6"):
            address = getattr(source, key)
            if address and is_foreign(address):
                yield Fault(index.line_of("source", nth, key), f"[[source]] {key}", sentence.format(address=address))


def _inbound(config: Config, index: LineIndex) -> Iterator[Fault]:
    if config.inbound is not None and config.inbound.listen:
        sentence = _("mail to any address of an account's domain is accepted and kept here, and not forwarded yet")
        yield Fault(index.line_of("inbound"), "[inbound]", sentence)


def _forgetting(config: Config, index: LineIndex) -> Iterator[Fault]:
    days = VERP_LIFE_MS // 86_400_000
    if config.inbound is not None and config.queue.forget_after_days < days:
        sentence = _("bounces may come for {n} days, and those of messages that are deleted by then are refused")
        line = index.line_of("queue", 0, "forget_after_days")
        yield Fault(line, "[queue] forget_after_days", sentence.format(n=days))


def _not_listening(config: Config, index: LineIndex) -> Iterator[Fault]:
    for name in ("admin", "tracking", "dns"):
        if getattr(config, name) is not None:
            sentence = _("nothing listens there yet: this part comes with a later version")
            yield Fault(index.line_of(name), f"[{name}]", sentence)
