"""The catalogue and the code: which texts are said, and which have a translation.

Owns   extraction of msgids from admin/, policy/ and queue/, and bringing youtong.po up to date with them.
Knows  no text. Used by `python -m youtong.admin.extraction` and by the test of the catalogue; never by a server.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from .texts import CHINESE, catalogue_file

_ROOT = Path(__file__).parent.parent
_FOLDERS = ("admin", "policy", "queue")
_HEADER = (
    "# Youtong in Simplified Chinese; `python -m youtong.admin.extraction` adds the texts that are new in the code."
)
_KEYWORDS: dict[str, Any] = {"_": None, "N_": None, "phrased": None, "ngettext": (1, 2)}


def extract() -> Catalog:
    """All texts of the code, untranslated."""
    found = Catalog(project="youtong", fuzzy=False)
    for folder in _FOLDERS:
        for name, _line, msgid, _comments, context in _messages(_ROOT / folder):
            found.add(msgid, locations=[(f"{folder}/{name}", 0)], context=context)
    return found


def read(language: str = CHINESE) -> Catalog:
    """The catalogue file as it stands; an empty one when there is none."""
    path = catalogue_file(language)
    if not path.exists():
        return Catalog(locale=language, project="youtong", charset="utf-8", fuzzy=False, header_comment=_HEADER)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(say: Callable[[str], object]) -> None:
    """Add new texts untranslated, drop those the code no longer says, and say what is left to translate."""
    catalogue = read()
    catalogue.update(extract(), no_fuzzy_matching=True, update_header_comment=False)
    catalogue.obsolete.clear()
    path = catalogue_file(CHINESE)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=120, sort_output=True, include_lineno=False, ignore_obsolete=True)
    for message in catalogue:
        if message.id and not _is_translated(message.string):
            say(f"untranslated: {message.id!r}")


def _messages(folder: Path) -> Iterator[tuple[Any, ...]]:
    yield from extract_from_dir(folder, method_map=[("**.py", "python")], keywords=_KEYWORDS, strip_comment_tags=True)


def _is_translated(text: object) -> bool:
    return bool(text) and (not isinstance(text, list | tuple) or all(cast("tuple[str, ...]", text)))


if __name__ == "__main__":
    update(print)
