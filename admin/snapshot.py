"""The configuration and the policy in force, for the children of the owner.

Owns   `data_dir/run/configuration.toml`, and policy.py, bounces.toml and shaping.toml beside it where the operator has
       such files: what they said when the owner took them into use. A child that starts later reads these, so a file
       that is edited, or broken, while the server runs changes nothing before a reload.
Knows  no key. Relative paths still start at the folder of the file that the operator wrote.
"""

import os
from pathlib import Path

from .config import Config, parse

BOUNCE_RULES = "bounces.toml"
_RULE_FILES = (BOUNCE_RULES, "shaping.toml")


def write(config: Config, policy: bytes = b"") -> None:
    """Replace the snapshot by these. Raises OSError."""
    path = _path(config.server.data_dir)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _replace(path.with_name("policy.py"), policy)
    _replace(path, config.text.encode("utf-8"))


def write_rules(config: Config) -> set[str]:
    """Bounce and shaping rules as they stand beside the configuration, which were found good; the names of those files
    that say something else now. Raises OSError."""
    folder = _path(config.server.data_dir).parent
    return {name for name in _RULE_FILES if _is_other(config.folder / name, folder / name)}


def _is_other(source: Path, kept: Path) -> bool:
    """Whether what is kept had to be changed."""
    new = source.read_bytes() if source.exists() else None
    if new == (kept.read_bytes() if kept.exists() else None):
        return False
    if new is None:
        kept.unlink()
    else:
        _replace(kept, new)
    return True


def path_of(config: Config) -> Path:
    """Of the configuration in force; rule files that belong to it lie beside it."""
    return _path(config.server.data_dir)


def arguments(config: Config) -> list[str]:
    """What a child needs on its command line to `read`."""
    return [str(_path(config.server.data_dir)), str(config.path)]


def read(snapshot: str, original: str) -> Config:
    """The configuration in force. Raises OSError; ConfigError when a file it names is gone."""
    return parse(Path(snapshot).read_text("utf-8"), Path(original))


def policy(config: Config) -> bytes:
    """The policy file in force. Raises OSError."""
    return _path(config.server.data_dir).with_name("policy.py").read_bytes()


def _replace(path: Path, octets: bytes) -> None:
    fresh = path.with_suffix(".fresh")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(octets)
    fresh.replace(path)


def _path(data_dir: Path) -> Path:
    return data_dir / "run" / "configuration.toml"
