"""An explanation in both languages of a notice, as values.

Owns   Words and Explanation.
Knows  none of the words (dsn_words, deadline_words).
"""

import msgspec


class Words(msgspec.Struct, frozen=True):
    """What happened and what to do, in one language."""

    what: str
    advice: str


class Explanation(msgspec.Struct, frozen=True):
    """The same in both languages."""

    english: Words
    chinese: Words
