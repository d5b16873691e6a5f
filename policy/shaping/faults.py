"""What makes a shaping file unusable.

Owns   ShapingError. What one fault is: policy.rulefiles.faults.
"""

from ..rulefiles.faults import RuleFileError


class ShapingError(RuleFileError):
    """No shaping rule can be used; str() lists every fault with file and line."""
