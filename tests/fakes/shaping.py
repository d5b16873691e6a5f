"""Shaping rules for tests: an operator's file as text, and what it becomes."""

from pathlib import Path

from fakes.clock import FakeClock
from youtong.policy.limits import TlsDemands
from youtong.policy.shaping import file
from youtong.policy.shaping.shaping import Shaping


def write_shaping(folder: Path, text: str) -> Path:
    """A shaping.toml beside the configuration."""
    path = folder / "shaping.toml"
    path.write_text(text, encoding="utf-8")
    return path


def shaping_of(folder: Path, text: str, demands: TlsDemands | None = None, clock: FakeClock | None = None) -> Shaping:
    return Shaping(file.load(write_shaping(folder, text)), clock or FakeClock(), demands)


def shipped(clock: FakeClock | None = None) -> Shaping:
    return Shaping(file.load(file.SHIPPED), clock or FakeClock())
