"""Draws the table of crash points into docs/crash-matrix.md, between two marker lines.

tests/fakes/crash_points.py is the truth; test_crash_matrix.py fails when the drawing is stale.
`PYTHONPATH=tests python -P -m house.crash_matrix` draws it anew.
"""

from pathlib import Path

from fakes.crash_points import POINTS, CrashPoint, When

MATRIX = Path(__file__).resolve().parents[2] / "docs/crash-matrix.md"
BEGIN = "<!-- table: crash points -->"
END = "<!-- end of table -->"
_SENT = {True: "yes", False: "no", None: "maybe"}
_TESTS = {
    When.FIRST_START: "test_a_first_start_that_was_cut_off_is_simply_repeated",
    When.STARTING: "test_nothing_is_lost_when_a_process_dies_while_the_server_starts_again",
    When.SERVING: "test_nothing_is_lost_when_a_process_dies_under_load",
    When.INBOUND: "test_what_was_answered_with_250_is_stored_whole",
    When.RETURNED: "test_what_came_back_is_written_down_once",
    When.ARCHIVING: "test_a_death_in_a_move_loses_nothing_and_doubles_nothing",
    When.DRIVEN: "test_marks_of_open_leases_survive_a_death_in_the_rewrite",
}


def _line(point: CrashPoint) -> str:
    tests = ", ".join(f"`{_TESTS[when]}`" for when in point.when)
    return f"| `{point.name}` | {point.interrupts} | {_SENT[point.sent]} | {tests} |"


def drawn(document: str) -> str:
    """The document with the table of today."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    head = ["| point | what a death there interrupts | the letter was sent | test |", "|---|---|---|---|"]
    table = "\n".join([*head, *map(_line, POINTS)])
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


if __name__ == "__main__":
    MATRIX.write_text(drawn(MATRIX.read_text("utf-8")), encoding="utf-8")
