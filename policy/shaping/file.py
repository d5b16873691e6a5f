"""Where the rules come from: the shaping.toml beside the configuration, or the shipped one.

Owns   finding and reading them whole.
Knows  no key. Raises ShapingError with all faults of all files, and then nothing is in use.
"""

from pathlib import Path

from ..rulefiles.faults import Fault
from ..rulefiles.fields import Source
from ..rulefiles.toml import text_of
from .faults import ShapingError
from .layers import faults_between, laid_over
from .reading import ShapingFile, parse

SHIPPED = Path(__file__).resolve().parent.parent.parent / "conf" / "shaping.toml"


def beside(config_file: Path) -> Path:
    """The shaping file that belongs to a configuration: the one beside it, or the shipped one."""
    own = config_file.resolve().parent / "shaping.toml"
    return own if own.exists() else SHIPPED


def load(path: Path) -> ShapingFile:
    """The rules of this file, over the shipped ones where it says so. Raises ShapingError."""
    faults: list[Fault] = []
    shaping = _read(path, faults)
    if shaping.base == "shipped" and path != SHIPPED:
        shaping = laid_over(_read(SHIPPED, faults), shaping)
    faults += faults_between(shaping)
    if faults:
        raise ShapingError(faults)
    return shaping


def _read(path: Path, faults: list[Fault]) -> ShapingFile:
    text, fault = text_of(path)
    if fault:
        raise ShapingError([fault])
    source = Source(path, "shipped shaping.toml" if path == SHIPPED else "shaping.toml", text)
    shaping = parse(text, source)
    faults += source.faults
    return shaping
