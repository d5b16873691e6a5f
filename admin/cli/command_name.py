"""How a person calls us: words for commands that are printed to be copied.

Owns   `command()`, and paths and addresses as one would type them where one is.
Knows  no verb.
"""

import shlex
import shutil
import sys
from pathlib import Path

from .frame import DEFAULT_CONFIG


def command() -> str:
    """`youtong` where the shell finds this very program under that name, else its path."""
    script = Path(sys.executable).with_name("youtong")
    on_path = shutil.which("youtong")
    if not script.exists() or (on_path is not None and Path(on_path).resolve() == script.resolve()):
        return "youtong"
    return shlex.quote(shown(script))


def config_words(config_file: Path) -> str:
    """` --config FILE`, or nothing when it is the one that is taken anyway."""
    if config_file.absolute() == DEFAULT_CONFIG.absolute():
        return ""
    return f" --config {shlex.quote(shown(config_file))}"


def shown(path: Path) -> str:
    """Relative to where we are when it lies below, else absolute."""
    absolute = path.absolute()
    here = Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(absolute)
