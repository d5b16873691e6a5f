"""ARCHITECTURE.md shows the state table that the code has."""

from enum import StrEnum

import pytest
from house.state_diagram import ARCHITECTURE, BEGIN, END, MarkersMissing, current_drawing, draw, replace_between_markers


class Lamp(StrEnum):
    OFF = "off"
    ON = "on"
    BURNT_OUT = "burnt-out"


class Touch(StrEnum):
    PRESS = "press"
    HIT = "hit"
    DROP = "drop"


TABLE = {
    Lamp.OFF: {Touch.PRESS: Lamp.ON, Touch.DROP: Lamp.BURNT_OUT},
    Lamp.ON: {Touch.PRESS: Lamp.OFF, Touch.HIT: Lamp.BURNT_OUT, Touch.DROP: Lamp.BURNT_OUT},
    Lamp.BURNT_OUT: {},
}


def test_the_diagram_in_the_architecture_is_the_table_of_the_code() -> None:
    document = ARCHITECTURE.read_text(encoding="utf-8")
    assert replace_between_markers(document, current_drawing()) == document, "stale: run `make diagrams`"


def test_events_with_the_same_end_share_an_arrow_and_terminal_states_have_no_other_exit() -> None:
    assert draw(TABLE).splitlines() == [
        "```mermaid",
        "stateDiagram-v2",
        "    off --> on: press",
        "    off --> burnt_out: drop",
        "    on --> off: press",
        "    on --> burnt_out: hit, drop",
        "    burnt_out --> [*]",
        "```",
    ]


def test_a_stale_drawing_is_replaced_and_the_text_around_it_stays() -> None:
    assert replace_between_markers(f"a\n{BEGIN}\nold\n{END}\nz\n", "new") == f"a\n{BEGIN}\nnew\n{END}\nz\n"


def test_a_document_without_markers_is_refused() -> None:
    with pytest.raises(MarkersMissing):
        replace_between_markers("no place here", "new")
