"""Where the bounce rules come from: the bounces.toml beside the configuration, or the shipped one.

Owns   these rules with whose hosts are whose. How files are found and laid over each other: policy.rulefiles.layered.
Knows  no key.
"""

from pathlib import Path

from ..rulefiles.faults import RuleFileError
from ..rulefiles.layered import Layers
from ..shaping import file as shaping_file
from ..shaping.providers import ProviderIndex
from ..shaping.reading import ShapingFile
from .bounce_file import faults_between, laid_over
from .reading import parse
from .ruling import BounceRules


class BouncesError(RuleFileError):
    """No bounce rule can be used; str() lists every fault with file and line."""


_layers = Layers("bounces.toml", BouncesError, parse, laid_over, faults_between)
SHIPPED, beside, load = _layers.shipped, _layers.beside, _layers.load


def load_rules(config_file: Path | None = None, shaping: ShapingFile | None = None) -> BounceRules:
    """The rules that belong to a configuration; the shipped ones without one.

    `shaping` says whose a host is; without it the shaping rules of the same configuration are read. Raises
    RuleFileError.
    """
    path = beside(config_file) if config_file else SHIPPED
    shaping = shaping or shaping_file.load(shaping_file.beside(config_file) if config_file else shaping_file.SHIPPED)
    owners = {suffix: section.name for section in shaping.providers.values() for suffix in section.mx}
    return BounceRules(load(path), ProviderIndex(owners, {}))
