"""What no file of the repository may hold: paths of a developer's machine, registry hosts, doubled words."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from house.source_tree import ROOT, modules, tracked_files

# Put together from pieces, so that this file passes its own test.
MACHINE_PATHS = tuple("/" + name + "/" for name in ("work", "root", "tmp"))
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (("pypi", "org"), ("files", "python" + "hosted", "org"), ("npmjs", "org"), ("deb", "debian", "org"))
)
REGISTRY_OPTIONS = tuple("--" + name for name in ("index-url", "extra-index-url", "find-links", "registry"))
_DOUBLED = re.compile(r"\b([A-Za-z]{2,})[ \n\t#>*]+\1\b", re.IGNORECASE)
ALLOWED_DOUBLES = {"that that", "had had"}


def texts() -> Iterator[tuple[Path, str]]:
    """Every tracked text file but the licence, which is not ours."""
    for path in tracked_files():
        content = path.read_bytes()
        if b"\0" not in content and path.name != "LICENSE":
            yield path.relative_to(ROOT), content.decode("utf-8", "replace")


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    pattern = re.compile("|".join(rf"(?<![\w.}}])(?<!\w/){re.escape(p)}" for p in MACHINE_PATHS))
    assert [f"{path}: {m.group()}" for path, text in texts() for m in pattern.finditer(text)] == []


def test_no_file_names_a_package_registry() -> None:
    wrong = [(str(path), host) for path, text in texts() for host in REGISTRY_HOSTS if host in text]
    wrong += [(str(path), option) for path, text in texts() for option in REGISTRY_OPTIONS if option in text]
    assert wrong == []


def test_no_word_is_doubled_in_prose() -> None:
    wrong = []
    for shown, prose in _prose():
        wrong += [f"{shown}: {found}" for found in _doubled_words(prose)]
    assert wrong == []


def _doubled_words(prose: str) -> list[str]:
    found = [" ".join(m.group().split()).lower() for m in _DOUBLED.finditer(prose)]
    return [words for words in found if words not in ALLOWED_DOUBLES]


def _prose() -> Iterator[tuple[str, str]]:
    for path, text in texts():
        if path.suffix == ".md":
            yield str(path), text
    for module in modules().values():
        yield module.shown, _docstrings(module.tree())
        yield module.shown, _comments(module.text())


def _docstrings(tree: ast.Module) -> str:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return "\n\n.\n".join(ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, documented))


def _comments(source: str) -> str:
    """Whole-line comments run on from line to line; one behind code stands alone."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token for token in tokens if token.type == tokenize.COMMENT]
    return "\n".join(c.string if c.line.lstrip().startswith("#") else f".\n{c.string}\n." for c in comments)


def test_the_check_for_doubled_words_finds_one_across_a_line_end() -> None:
    assert _doubled_words("it is the\n# the peer") == ["the # the"]
    assert _doubled_words("the other theme") == []
