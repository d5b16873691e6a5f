"""A word of a language beside the word that programs know, where a person may have to search for the latter.

Owns   how the two are put together.
Knows  no word itself (bounce_words).
"""


def named(words: str, raw: str) -> str:
    """`words`, with the raw word behind it unless it is the same, as it mostly is in English."""
    if words.casefold().replace(" ", "-") == raw.casefold():
        return raw
    return f"{words} ({raw})"
