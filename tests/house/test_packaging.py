"""The facts the packaging rests on: the root is the package `youtong`, and `queue/` has no `__init__.py`."""

import importlib
import tomllib
from pathlib import Path

from house.source_tree import LINE, ROOT, modules

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_queue_has_no_init_file_or_python_started_here_would_lose_its_own_queue_module() -> None:
    assert not (ROOT / "queue" / "__init__.py").exists()


def test_packages_listed_are_the_folders_that_hold_python() -> None:
    folders = {_dotted(module.path.parent) for module in modules().values()}
    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == folders


def _dotted(folder: Path) -> str:
    return ".".join(("youtong", *folder.relative_to(ROOT).parts))


def test_every_package_but_queue_has_an_init_file() -> None:
    folders = {module.path.parent for module in modules().values()}
    assert {f.relative_to(ROOT).as_posix() for f in folders if not (f / "__init__.py").exists()} == {"queue"}


def test_the_four_folders_are_importable_under_their_name() -> None:
    for folder in LINE:
        assert importlib.import_module(f"youtong.{folder}").__name__ == f"youtong.{folder}"


def test_the_version_is_written_once_more_only_where_packaging_needs_it() -> None:
    assert importlib.import_module("youtong").__version__ == PYPROJECT["project"]["version"]


def test_the_changelog_has_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## {PYPROJECT['project']['version']} " in changelog


def test_no_file_of_the_tests_is_a_package() -> None:
    """Test modules are loaded by path (importlib mode); an __init__.py would give them two names."""
    assert [str(path) for path in (ROOT / "tests").rglob("__init__.py")] == []
