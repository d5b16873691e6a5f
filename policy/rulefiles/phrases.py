"""A sentence about a file, in English, that whoever shows it may say in another language.

Owns   Phrase: a text that still knows what it was made from.
Knows  no language and no catalogue (admin.rule_faults).
"""


class Phrase(str):
    """`template` is the text with the names of its values in braces."""

    template: str
    values: dict[str, object]


def phrased(template: str, /, **values: object) -> Phrase:
    """The text with its values; the template, as written, is what a catalogue knows."""
    made = Phrase(template.format(**values) if values else template)
    made.template, made.values = template, values
    return made


def same_name(line: int, name: str) -> Phrase:
    """Of a second rule with that name."""
    return phrased('is the same as at line {line}: "{name}"', line=line, name=name)
