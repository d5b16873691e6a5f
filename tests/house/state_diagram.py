"""Draws the recipient's state table into ARCHITECTURE.md, between two marker lines (`make diagrams`).

The table in queue/states.py is the truth; test_state_diagram.py fails when the drawing is stale.
"""

import importlib
import sys
from collections.abc import Mapping
from enum import Enum, StrEnum
from pathlib import Path

ARCHITECTURE = Path(__file__).resolve().parents[2] / "ARCHITECTURE.md"
BEGIN = "<!-- diagram: recipient states (make diagrams) -->"
END = "<!-- end of diagram -->"

Table = Mapping[Enum, Mapping[StrEnum, Enum]]


class MarkersMissing(Exception):
    """The document has no place for the drawing."""


def draw(table: Table) -> str:
    """The table as a mermaid state diagram: one arrow per pair of states, its events on it."""
    lines = ["```mermaid", "stateDiagram-v2"]
    for state, exits in table.items():
        for target in dict.fromkeys(exits.values()):
            events = ", ".join(event.value for event, to in exits.items() if to is target)
            lines.append(f"    {_node(state)} --> {_node(target)}: {events}")
    lines += [f"    {_node(state)} --> [*]" for state, exits in table.items() if not exits]
    return "\n".join([*lines, "```"])


def _node(state: Enum) -> str:
    return state.name.lower()


def replace_between_markers(document: str, drawing: str) -> str:
    """The document with the drawing between its markers; everything else stays."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise MarkersMissing(f"ARCHITECTURE.md needs the lines {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n{drawing}\n{END}{after}"


def current_drawing() -> str:
    return draw(importlib.import_module("youtong.queue.states").TABLE)


def main() -> int:
    old = ARCHITECTURE.read_text(encoding="utf-8")
    new = replace_between_markers(old, current_drawing())
    ARCHITECTURE.write_text(new, encoding="utf-8")
    print("redrawn" if new != old else "was up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
