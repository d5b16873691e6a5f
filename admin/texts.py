"""Texts for people: English in the code, other languages in a catalogue.

Owns   `_` and `ngettext`, and the choice of language: that of whoever asks over a control socket; else LC_ALL,
       LC_MESSAGES, LANG, the first that is set. zh… is Simplified Chinese, anything else English.
Knows  nothing of what is said. SMTP replies and log lines are ASCII English and never come here (DECISIONS, "Texts").

An English process never reads the catalogue nor imports babel. `python -m youtong.admin.extraction` brings the
catalogue up to date with the code.
"""

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LOCALE_DIR = Path(__file__).with_name("locale")
ENGLISH = "en"
CHINESE = "zh_CN"
_asker: ContextVar[str] = ContextVar("language of who asks", default="")


@dataclass(frozen=True)
class Catalogue:
    """One language: message id to text; a plural's id is its singular."""

    language: str
    texts: Mapping[str, str]

    def gettext(self, msgid: str) -> str:
        return self.texts.get(msgid) or msgid

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Chinese has one form for every number; English has two."""
        return self.texts.get(singular) or (singular if n == 1 else plural)


def language_of(environment: Mapping[str, str]) -> str:
    """The language that these variables ask for."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return CHINESE if value.lower().startswith("zh") else ENGLISH
    return ENGLISH


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of a language; reads a file the first time."""
    if language == ENGLISH:
        return Catalogue(ENGLISH, {})
    return Catalogue(language, dict(_read(catalogue_file(language))))


def catalogue_file(language: str) -> Path:
    return LOCALE_DIR / language / "LC_MESSAGES" / "youtong.po"


def current_language() -> str:
    return _asker.get() or language_of(os.environ)


@contextmanager
def speaking(language: str) -> Generator[None]:
    """Until its end the texts of this task are in that language; of one that there is not, in that of the process."""
    token = _asker.set(language if language in (ENGLISH, CHINESE) else "")
    try:
        yield
    finally:
        _asker.reset(token)


def _(msgid: str) -> str:
    """The text in the current language; placeholders are str.format fields, filled in by the caller."""
    return catalogue(current_language()).gettext(msgid)


def ngettext(singular: str, plural: str, n: int) -> str:
    """As `_`, chosen by number; the caller fills in `{n}`."""
    return catalogue(current_language()).ngettext(singular, plural, n)


def N_(msgid: str) -> str:
    """Marks a text for the catalogue where it must not be translated yet; show it with `_` later."""
    return msgid


def _read(path: Path) -> list[tuple[str, str]]:
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        messages = list(read_po(file, locale=CHINESE))
    return [(_first(message.id), _first(message.string)) for message in messages if message.id and not message.fuzzy]


def _first(text: object) -> str:
    return str(text[0]) if isinstance(text, list | tuple) else str(text)  # pyright: ignore[reportUnknownArgumentType]
