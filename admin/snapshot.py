"""The configuration in force, for the children of the owner.

Owns   `data_dir/run/configuration.toml`: what the file said when the owner took it into use. A child that starts later
       reads this, so a file that is edited, or broken, while the server runs changes nothing before a reload.
Knows  no key. Relative paths still start at the folder of the file that the operator wrote.
"""

import os
from pathlib import Path

from .config import Config, parse


def write(config: Config) -> None:
    """Replace the snapshot by this configuration. Raises OSError."""
    path = _path(config.server.data_dir)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(".fresh")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(config.text)
    fresh.replace(path)


def arguments(config: Config) -> list[str]:
    """What a child needs on its command line to `read`."""
    return [str(_path(config.server.data_dir)), str(config.path)]


def read(snapshot: str, original: str) -> Config:
    """The configuration in force. Raises OSError; ConfigError when a file it names is gone."""
    return parse(Path(snapshot).read_text("utf-8"), Path(original))


def _path(data_dir: Path) -> Path:
    return data_dir / "run" / "configuration.toml"
