"""Where the bounce rules come from: the bounces.toml beside the configuration, or the shipped one.

Owns   finding and reading them whole. Raises BouncesError with all faults of all files, and then nothing is in use.
Knows  no key.
"""

from functools import lru_cache
from pathlib import Path

from ..rulefiles.faults import Fault, RuleFileError
from ..rulefiles.fields import Source
from ..rulefiles.toml import text_of
from ..shaping import file as shaping_file
from ..shaping.providers import ProviderIndex
from ..shaping.reading import ShapingFile
from .bounce_file import BounceFile, faults_between, laid_over
from .reading import parse
from .ruling import BounceRules

SHIPPED = Path(__file__).resolve().parent.parent.parent / "conf" / "bounces.toml"


class BouncesError(RuleFileError):
    """No bounce rule can be used; str() lists every fault with file and line."""


def load_rules(config_file: Path | None = None, shaping: ShapingFile | None = None) -> BounceRules:
    """The rules that belong to a configuration; the shipped ones without one.

    `shaping` says whose a host is; without it the shaping rules of the same configuration are read. Raises
    RuleFileError.
    """
    path = beside(config_file) if config_file else SHIPPED
    shaping = shaping or shaping_file.load(shaping_file.beside(config_file) if config_file else shaping_file.SHIPPED)
    owners = {suffix: section.name for section in shaping.providers.values() for suffix in section.mx}
    return BounceRules(load(path), ProviderIndex(owners, {}))


def beside(config_file: Path) -> Path:
    """The bounce rules that belong to a configuration: those beside it, or the shipped ones."""
    own = config_file.resolve().parent / "bounces.toml"
    return own if own.exists() else SHIPPED


def load(path: Path) -> BounceFile:
    """The rules of this file, over the shipped ones where it says so. Raises BouncesError."""
    faults: list[Fault] = []
    file = _read(path, faults)
    if file.base == "shipped" and path != SHIPPED:
        file = laid_over(_read(SHIPPED, faults), file)
    if not faults:
        faults += faults_between(file)
    if faults:
        raise BouncesError(faults)
    return file


def _read(path: Path, faults: list[Fault]) -> BounceFile:
    text, fault = text_of(path)
    if fault:
        raise BouncesError([fault])
    file, its_faults = _parsed(path, text)
    faults += its_faults
    return file


@lru_cache(maxsize=2)  # an own file and the shipped one: a reload that changed neither costs nothing
def _parsed(path: Path, text: str) -> tuple[BounceFile, tuple[Fault, ...]]:
    source = Source(path, "shipped bounces.toml" if path == SHIPPED else "bounces.toml", text)
    return parse(text, source), tuple(source.faults)
