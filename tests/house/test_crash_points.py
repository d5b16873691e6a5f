"""No write of the queue without crash points around it, and no crash point that no test dies at."""

import ast
from collections.abc import Iterator

import pytest
from fakes.crash_points import POINTS
from house.source_tree import Module, modules

LASTING = {"commit", "executescript", "os.fsync", "os.rename", "os.replace", "os.write"}
"""What makes something last: methods of any object, and functions of a module."""


def reached(module: Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(module.tree()):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "reach" and node.args:
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield name.value, node.lineno


def lasting(module: Module) -> Iterator[ast.Attribute]:
    """Where the module names something that lasts: called, or handed to a thread to be called."""
    for node in ast.walk(module.tree()):
        if isinstance(node, ast.Attribute) and {node.attr, ast.unparse(node)} & LASTING:
            yield node


def unguarded(module: Module) -> list[str]:
    """Lasting writes in functions that do not reach a `….before` above them and the same `….after` below."""
    found: list[str] = []
    for function in ast.walk(module.tree()):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            points = [(name, line) for name, line in reached(module) if _within(line, function)]
            if _is_guarded_by_callers(module, function):
                continue
            lines = [each.lineno for each in lasting(module) if _within(each.lineno, function)]
            found += [f"{module.shown}:{line}" for line in lines if not _is_between(line, points)]
    return found


def _within(line: int, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return function.lineno <= line <= (function.end_lineno or 0)


def _is_between(line: int, points: list[tuple[str, int]]) -> bool:
    before = {name.removesuffix(".before") for name, at in points if name.endswith(".before") and at < line}
    after = {name.removesuffix(".after") for name, at in points if name.endswith(".after") and at > line}
    return bool(before & after)


def _is_guarded_by_callers(module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A private function each of whose calls stands between crash points."""
    calls = [
        node.lineno
        for node in ast.walk(module.tree())
        if isinstance(node, ast.Call) and ast.unparse(node.func).removeprefix("self.") == function.name
    ]
    points = list(reached(module))
    return function.name.startswith("_") and bool(calls) and all(_is_between(line, points) for line in calls)


@pytest.mark.parametrize("module", [m for m in modules().values() if m.folder == "queue"], ids=lambda m: m.name)
def test_every_lasting_write_of_the_queue_stands_between_crash_points(module: Module) -> None:
    assert unguarded(module) == []


def test_the_check_sees_a_commit_without_crash_points() -> None:
    group_commit = modules()["queue.storage.group_commit"]
    assert list(lasting(group_commit)), "the check has lost sight of the one commit there is"
    assert not _is_between(10, [("commit.before", 11), ("commit.after", 12)])
    assert not _is_between(10, [("commit.before", 9), ("other.after", 12)])


def test_the_table_names_every_crash_point_of_the_code_and_no_other() -> None:
    in_code = {name for module in modules().values() for name, _ in reached(module)}
    assert in_code == {point.name for point in POINTS}


def test_each_crash_point_is_named_once_in_the_table() -> None:
    names = [point.name for point in POINTS]
    assert len(names) == len(set(names))
    assert all(name.endswith((".before", ".after")) for name in names)
