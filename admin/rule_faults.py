"""What is wrong with shaping.toml or bounces.toml, in the language of the process.

Owns   the layout of a fault, and how a Phrase is said.
Knows  no rule. Logs keep the English of the error itself.
"""

from ..policy.rulefiles.faults import Fault, RuleFileError
from ..policy.rulefiles.phrases import Phrase
from .texts import _


def phrase_words(sentence: str) -> str:
    """A text that is no Phrase is said as it is."""
    if not isinstance(sentence, Phrase):
        return sentence
    said = _(sentence.template)
    return said.format(**sentence.values) if sentence.values else said


def fault_words(fault: Fault) -> str:
    """With its file, its line and its place."""
    told = _(": ").join(part for part in (fault.place, phrase_words(fault.sentence)) if part)
    where = f"{fault.path}:{fault.line}" if fault.line else str(fault.path)
    return _(": ").join((where, told))


def rule_file_words(error: Exception) -> str:
    """Every fault, one a line; what is no error of a rule file is said as it is."""
    return "\n".join(map(fault_words, error.faults)) if isinstance(error, RuleFileError) else str(error)
