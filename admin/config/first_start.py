"""The first start: a configuration file where there was none.

Owns   writing the shipped, annotated conf/youtong.toml with this machine's full name in it.
Knows  nothing of accounts or certificates, which the server makes.
"""

import os
import re
import socket
from importlib.resources import files
from pathlib import Path

from ...mta.address import AddressError, normalise_domain


def first_start(path: Path, hostname: str = "") -> bool:
    """Create `path` unless it exists, and say whether it did. Raises OSError when the folder cannot be written."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(shipped_text(hostname or machine_name()))
    return True


def shipped_text(hostname: str) -> str:
    """conf/youtong.toml with `hostname` filled in."""
    text = files("youtong.conf").joinpath("youtong.toml").read_text("utf-8")
    return re.sub(r'^hostname = ".*"$', f'hostname = "{hostname}"', text, count=1, flags=re.MULTILINE)


def machine_name() -> str:
    """This machine's full name; its short one, or "localhost", when it has none that SMTP could use."""
    names = [name for name in map(_usable, (socket.getfqdn(), socket.gethostname())) if name != "localhost"]
    return next(
        (name for name in names if "." in name and not name.startswith("localhost.")), (names or ["localhost"])[-1]
    )


def _usable(name: str) -> str:
    try:
        return normalise_domain(name)
    except AddressError:
        return "localhost"
