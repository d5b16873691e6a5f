"""Where the shaping rules come from: the shaping.toml beside the configuration, or the shipped one.

Owns   these names for it; policy.rulefiles.layered does it.
Knows  no key.
"""

from ..rulefiles.layered import Layers
from .faults import ShapingError
from .layers import faults_between, laid_over
from .reading import parse

_layers = Layers("shaping.toml", ShapingError, parse, laid_over, faults_between)
SHIPPED, beside, load = _layers.shipped, _layers.beside, _layers.load
