"""What `youtong serve` says when it is up, or cannot start: where to submit, what to look at, what to do next.

Owns   the sentences.
Knows  nothing of the running server beyond its configuration.
"""

import errno
import socket
from collections.abc import Sequence

from rich.cells import cell_len

from ..config import Config, Fault
from ..config.lines import index_lines
from ..config.listening import places
from ..config.values import Endpoint
from ..texts import _
from .command_name import command, config_words, shown
from .first_letter import RECIPIENT, first_letter


def welcome(config: Config, password: str | None, warnings: Sequence[Fault] = ()) -> str:
    """The whole text; `password` is the operator's, given at the first start only."""
    parts = [
        _running(config, password),
        _to_know(config),
        _warned(config, warnings),
        _try(config, password),
        _next(config),
    ]
    return "\n" + "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _running(config: Config, password: str | None) -> list[str]:
    facts: list[tuple[str, str]] = []
    if config.submission.listen:
        facts.append(
            (_("Submit at"), _("{addresses} with STARTTLS").format(addresses=_listed(config.submission.listen)))
        )
    if config.submission.listen_tls:
        tls = _("{addresses} with TLS from the start").format(addresses=_listed(config.submission.listen_tls))
        facts.append((_("or at"), tls))
    if config.inbound is not None and config.inbound.listen:
        facts.append((_("Answers and bounces at"), _listed(config.inbound.listen)))
    if password is not None:
        facts.append((_("User name"), "operator"))
        facts.append((_("Password"), _("{password}   (shown this once)").format(password=password)))
    facts.append((_("Settings"), shown(config.path)))
    facts.append((_("Data"), shown(config.server.data_dir)))
    return [
        _("Youtong is running as {hostname}. Ctrl-C stops it.").format(hostname=config.server.hostname),
        *_aligned(facts),
    ]


def _to_know(config: Config) -> list[str]:
    lines: list[str] = []
    if public := [str(network) for network in config.submission.trusted_networks if network.is_global]:
        text = _(
            "Whoever is in {networks}, public addresses, sends without a password ([submission] trusted_networks)."
        )
        lines.append(text.format(networks=", ".join(public)))
    if not config.delivery.enabled:
        lines.append(_("Delivery is switched off ([delivery] enabled = false): mail is accepted and kept."))
    elif config.delivery.redirect_all_to is not None:
        text = _("ALL MAIL GOES TO {address}, whatever its recipient ([delivery] redirect_all_to).")
        lines.append(text.format(address=config.delivery.redirect_all_to))
    elif not config.has_public_hostname:
        text = _("“{hostname}” is no public name, so messages to the outside are accepted and held.\nFor real mail "
                 "set [server] hostname to this machine's full name and start again.")  # fmt: skip
        lines.append(text.format(hostname=config.server.hostname))
    return lines


def _warned(config: Config, warnings: Sequence[Fault]) -> list[str]:
    if not warnings:
        return []
    return [_("Look at, in {file}:").format(file=shown(config.path)), *(f"  {one.with_line()}" for one in warnings)]


def _try(config: Config, password: str | None) -> list[str]:
    letter = first_letter(config, password)
    if not letter:
        return []
    return [
        _("Send a first message, in another terminal:"),
        *_indented(letter),
        _("and ask what became of it:"),
        f"  {command()} explain recipient {RECIPIENT}{config_words(config.path)}",
    ]


def _next(config: Config) -> list[str]:
    option = config_words(config.path)
    rows = [
        (_("an account for a mail client"), f"{command()} account add you@example.com --domain example.com{option}"),
        (_("a DKIM key, and what to publish"), f"{command()} dkim keygen example.com{option}"),
        (_("what waits, and why"), f"{command()} queue list{option}"),
        (_("all commands"), f"{command()} --help"),
    ]
    return [_("Next:"), *_aligned(rows)]


def made_all_the_same(password: str) -> str:
    """For a first start that fails after the operator account was made."""
    return _("The operator account was made. Password (shown this once): {password}").format(password=password)


def cannot_listen(config: Config, error: OSError) -> str:
    """One sentence for a socket that cannot be had, or a file that cannot be written."""
    refused = [(place, code) for place in places(config) if (code := _refusal(place.endpoint)) == error.errno]
    if error.errno == errno.EADDRINUSE:
        taken = [place.endpoint for place, _code in refused] or [place.endpoint for place in places(config)]
        text = _("Another program listens at {addresses} already: end it, or change listen or listen_tls in {file}.")
        return text.format(addresses=_listed(taken), file=shown(config.path))
    if not refused:
        return _("The server cannot start: {why}.").format(why=error)
    place = refused[0][0]
    line = index_lines(config.text).line_of(place.section, 0, place.key)
    return f"{shown(config.path)}: {Fault(line, str(place), _why_not(place.endpoint, error)).with_line()}"


def _why_not(endpoint: Endpoint, error: OSError) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        text = _("cannot listen at {address}, because this machine does not have that address")
    elif error.errno == errno.EACCES:
        text = _("cannot listen at {address}: ports below 1024 are for root, or for who has CAP_NET_BIND_SERVICE")
    else:
        text = _("cannot listen at {address}: {why}")
    return text.format(address=endpoint, why=error.strerror)


def cannot_keep_data(config: Config, error: OSError) -> str:
    """For a data folder that cannot be made, or written in."""
    line = index_lines(config.text).line_of("server", 0, "data_dir")
    sentence = _("cannot keep data in {folder}: {why}").format(folder=config.server.data_dir, why=error.strerror)
    return f"{shown(config.path)}: {Fault(line, '[server] data_dir', sentence).with_line()}"


def in_use(config: Config) -> str:
    text = _("Another server runs on {folder} already: stop it first, or give this one a [server] data_dir of its own.")
    return text.format(folder=shown(config.server.data_dir))


def _refusal(place: Endpoint) -> int:
    """Why nothing can listen there now, as an errno; 0 when something can."""
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((place.host, place.port))
        except OSError as error:
            return error.errno or 0
    return 0


def _listed(places: Sequence[Endpoint]) -> str:
    return ", ".join(map(str, places))


def _aligned(rows: Sequence[tuple[str, str]]) -> list[str]:
    width = max(cell_len(name) for name, _value in rows)
    return [f"  {name}{' ' * (width - cell_len(name))}  {value}" for name, value in rows]


def _indented(lines: Sequence[str]) -> list[str]:
    """Not Python's own lines: there the margin counts."""
    return list(lines) if lines[0].startswith("python3") else [f"  {line}" for line in lines]
