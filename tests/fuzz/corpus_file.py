"""The kept inputs of a target: `corpus/NAME.txt`, one Python bytes literal a line, so that a diff can be read.

A line is an input that once reached something new, or a finding; all are tried by `make test`.
"""

import ast
from pathlib import Path

_FOLDER = Path(__file__).with_name("corpus")


def path_of(target: str) -> Path:
    """Where the inputs of a target are kept."""
    return _FOLDER / f"{target}.txt"


def load(target: str) -> list[bytes]:
    """The kept inputs; none when there is no file yet."""
    path = path_of(target)
    if not path.exists():
        return []
    return [ast.literal_eval(line) for line in path.read_text("ascii").splitlines() if line]


def save(target: str, inputs: list[bytes]) -> None:
    """Keep exactly these, the short ones first."""
    ordered = sorted(set(inputs), key=lambda octets: (len(octets), octets))
    path_of(target).write_text("".join(f"{octets!r}\n" for octets in ordered), "ascii")
