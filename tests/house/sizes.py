"""Prints how long our files and functions are. A look in the mirror, no rule: `make check` shows it at its end."""

import ast
import statistics

from source_tree import Module, modules

SHOWN = 5


def file_sizes() -> list[tuple[int, str]]:
    return sorted(((len(m.text().splitlines()), m.shown) for m in modules().values()), reverse=True)


def function_sizes() -> list[tuple[int, str]]:
    return sorted((size for m in modules().values() for size in _functions(m)), reverse=True)


def _functions(module: Module) -> list[tuple[int, str]]:
    return [
        ((node.end_lineno or node.lineno) - node.lineno + 1, f"{module.shown}:{node.lineno} {node.name}")
        for node in ast.walk(module.tree())
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def main() -> None:
    for title, sizes in (("files", file_sizes()), ("functions", function_sizes())):
        lines = [size for size, _ in sizes]
        print(f"{len(sizes)} {title}, median {statistics.median(lines):.0f} lines; the longest:")
        for size, name in sizes[:SHOWN]:
            print(f"  {size:5d}  {name}")


if __name__ == "__main__":
    main()
