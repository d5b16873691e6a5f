"""ARCHITECTURE.md names functions and tests: each of them exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
FUNCTIONS = sorted(set(re.findall(r"`((?:mta|queue|policy|admin)/[\w/]+\.py):([\w.]+)`", TEXT)))
FILES = sorted(set(re.findall(r"`((?:mta|queue|policy|admin|conf|tests)/[\w/]+\.(?:py|toml))`", TEXT)))
TESTS = sorted(set(re.findall(r"`(test_\w+)`", TEXT)))


def _names(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            names |= {f"{node.name}.{child.name}" for child in getattr(node, "body", []) if hasattr(child, "name")}
        elif isinstance(node, ast.AnnAssign | ast.Assign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def _all_tests() -> str:
    return "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))


def test_the_document_names_functions_and_tests() -> None:
    assert len(FUNCTIONS) > 20
    assert len(TESTS) > 10


@pytest.mark.parametrize(("file", "name"), FUNCTIONS)
def test_a_function_named_in_the_architecture_exists(file: str, name: str) -> None:
    assert name in _names(ROOT / file)


@pytest.mark.parametrize("file", FILES)
def test_a_file_named_in_the_architecture_exists(file: str) -> None:
    assert (ROOT / file).exists()


@pytest.mark.parametrize("name", TESTS)
def test_a_test_named_in_the_architecture_exists(name: str) -> None:
    assert f"def {name}(" in _all_tests()
