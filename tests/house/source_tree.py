"""The house's source as the house tests see it: files, modules and who imports whom.

Reads files only; nothing is imported, so a broken module cannot hide from its own test.
"""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINE = ("mta", "queue", "policy", "admin")
"""The import line, left to right."""


@dataclass(frozen=True)
class Module:
    """One Python file of ours; `name` is dotted and relative to the package, e.g. "mta.reply"."""

    name: str
    path: Path

    @property
    def folder(self) -> str:
        return self.name.split(".")[0]

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    @property
    def shown(self) -> str:
        return str(self.path.relative_to(ROOT))

    def text(self) -> str:
        return _text(self.path)

    def tree(self) -> ast.Module:
        return _tree(self.path)


@dataclass(frozen=True)
class Import:
    """One name imported by `importer`; `target` is a module of ours, or an outside one when `ours` is False."""

    importer: Module
    line: int
    target: str
    ours: bool
    relative: bool

    def __str__(self) -> str:
        return f"{self.importer.shown}:{self.line} imports {self.target}"


@cache
def modules() -> dict[str, Module]:
    """All modules in the four folders and conf, by dotted name."""
    found = [Module("__init__", ROOT / "__init__.py")]
    for folder in (*LINE, "conf"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found.append(Module(".".join(parts).removesuffix(".__init__"), path))
    return {module.name: module for module in found}


def tracked_files() -> list[Path]:
    """Every file git knows of; the working tree's own content."""
    # safe.directory: a CI checkout may belong to another user.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [path for name in listing.split("\0") if name and (path := ROOT / name).is_file()]


def imports(module: Module) -> Iterator[Import]:
    """Every import statement, also those inside functions and under TYPE_CHECKING."""
    for node in ast.walk(module.tree()):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield _absolute(module, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom) and node.level:
            for alias in node.names:
                yield Import(module, node.lineno, _relative_target(module, node, alias.name), ours=True, relative=True)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield _absolute(module, node.lineno, f"{node.module}.{alias.name}")


def _absolute(module: Module, line: int, name: str) -> Import:
    if name.split(".")[0] == "youtong":
        return Import(
            module, line, _longest_module(name.removeprefix("youtong").lstrip(".")), ours=True, relative=False
        )
    return Import(module, line, name, ours=False, relative=False)


def _relative_target(module: Module, node: ast.ImportFrom, name: str) -> str:
    parts = [] if module.name == "__init__" else module.name.split(".")
    drop = node.level - 1 if module.is_package else node.level
    base = parts[: len(parts) - drop]
    return _longest_module(".".join([*base, *([node.module] if node.module else []), name]))


def _longest_module(dotted: str) -> str:
    """The module that a dotted name lies in: "mta.reply.Reply" is "mta.reply"."""
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        if ".".join(parts[:end]) in modules():
            return ".".join(parts[:end])
    return dotted


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(_text(path), filename=str(path))
