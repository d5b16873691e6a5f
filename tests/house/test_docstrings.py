"""Every module is a small manual page, and every bulkhead says why it is one."""

import ast
import re
from collections.abc import Iterator

import pytest
from house.source_tree import Module, modules

WRITTEN = [m for m in modules().values() if not m.is_package and m.folder != "conf"]
LONG_RFCS = ("5321", "5322", "6376")
_LONG_RFC = re.compile(rf"RFC ({'|'.join(LONG_RFCS)})(?!\d)")
_RFC_UNSPACED = re.compile(r"RFC\d{3,4}(?!\.From)")
_REASON = re.compile(r"#.*(?:noqa: BLE001\W*\w+ \w+|bulkhead\b\W*\w+ \w+)")


@pytest.mark.parametrize("module", WRITTEN, ids=lambda m: m.name)
def test_a_module_says_what_it_owns(module: Module) -> None:
    docstring = ast.get_docstring(module.tree()) or ""
    assert re.search(r"^Owns\b", docstring, re.MULTILINE), f"{module.shown}: its docstring has no line 'Owns …'"


def test_every_package_says_what_it_is_for_when_it_says_anything() -> None:
    silent = [
        m.shown for m in modules().values() if m.is_package and m.text().strip() and not ast.get_docstring(m.tree())
    ]
    assert silent == []


def test_a_module_that_leans_on_a_long_rfc_names_a_section_of_it() -> None:
    wrong = [
        f"{module.shown}: RFC {number}"
        for module in modules().values()
        for number in set(_LONG_RFC.findall(module.text()))
        if not re.search(rf"RFC {number} ?§", module.text())
    ]
    assert wrong == []


def test_rfc_numbers_are_written_with_a_space() -> None:
    wrong = [f"{m.shown}:{n}" for m in modules().values() for n, line in _lines(m) if _RFC_UNSPACED.search(line)]
    assert wrong == []


def test_catching_everything_is_marked_and_gives_its_reason() -> None:
    wrong = []
    for module in modules().values():
        lines = module.text().splitlines()
        wrong += [
            f"{module.shown}:{handler.lineno}"
            for handler in _broad_handlers(module.tree())
            if not _REASON.search(lines[handler.lineno - 1])
        ]
    assert wrong == []


def _lines(module: Module) -> Iterator[tuple[int, str]]:
    return enumerate(module.text().splitlines(), start=1)


def _broad_handlers(tree: ast.Module) -> Iterator[ast.ExceptHandler]:
    """Handlers that would swallow anything; one that ends by raising again only cleans up."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type) and not _raises_again(node):
            yield node


def _is_broad(caught: ast.expr | None) -> bool:
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return caught is None or any(isinstance(n, ast.Name) and n.id in {"Exception", "BaseException"} for n in names)


def _raises_again(handler: ast.ExceptHandler) -> bool:
    return isinstance(handler.body[-1], ast.Raise)


def test_the_check_for_broad_handlers_finds_one() -> None:
    tree = ast.parse("try:\n    f()\nexcept (OSError, Exception):\n    pass\n")
    assert len(list(_broad_handlers(tree))) == 1
    assert not _REASON.search("except Exception:  # noqa: BLE001")
    assert _REASON.search("except Exception:  # noqa: BLE001 - one hook call, it must not stop the session")
