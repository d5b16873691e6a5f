"""The verbs over suppressions, as a person or a program types them."""

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fakes.terminal import Terminal
from youtong.admin.suppression.counting import by_reason
from youtong.policy.suppression import Reason

pytestmark = pytest.mark.usefixtures("at_home")


@pytest.fixture
def terminal(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    made = Terminal(capfd, monkeypatch)
    made.type("account add shop@example.net --password-stdin", "a long password\n")
    made.type("account add sub@example.net --parent shop@example.net --password-stdin", "a long password\n")
    return made


def listed(terminal: Terminal, options: str = "") -> list[dict[str, object]]:
    assert terminal.type(f"suppression list --json {options}") == 0, terminal.err
    found: list[dict[str, object]] = json.loads(terminal.out)
    return found


def addresses(terminal: Terminal, options: str = "") -> list[object]:
    return [each["address"] for each in listed(terminal, options)]


def test_an_address_is_added_listed_shown_and_removed(terminal: Terminal) -> None:
    assert terminal.type("suppression add Jane@Example.COM --note asked") == 0
    assert terminal.out == "jane@example.com is suppressed from now on: on the list of addresses not to write to.\n"
    (entry,) = listed(terminal)
    assert (entry["address"], entry["reason"], entry["source"]) == ("jane@example.com", "manual", "person")
    assert (entry["account"], entry["who"], entry["evidence"]) == (None, "ann", {"note": "asked"})
    assert terminal.type("suppression show JANE@example.com") == 0
    assert "everybody" in terminal.out
    assert f"youtong suppression remove {entry['number']}" in terminal.out
    assert terminal.type("suppression remove jane@example.com --why mistake") == 0
    assert terminal.out == "1 entry was lifted.\n"
    assert listed(terminal) == []
    shown = terminal.json("suppression show jane@example.com")
    assert isinstance(shown, dict)
    (lifted,) = shown["lifted"]
    assert (lifted["how"], lifted["by"], lifted["why"]) == ("person", "ann", "mistake")


def test_adding_twice_is_one_entry(terminal: Terminal) -> None:
    terminal.type("suppression add a@example.com")
    assert terminal.type("suppression add A@example.com") == 0
    assert "already" in terminal.out
    assert len(listed(terminal)) == 1


@pytest.mark.parametrize("reason", ["complaint", "unsubscribe"])
def test_what_a_reader_said_is_lifted_by_force_alone_and_then_all_or_nothing(terminal: Terminal, reason: str) -> None:
    terminal.type("suppression add a@example.com")
    terminal.type(f"suppression add a@example.com --reason {reason}")
    assert terminal.type("suppression remove a@example.com") == 1
    assert "--force" in terminal.err
    assert len(listed(terminal)) == 2
    assert terminal.type("suppression remove a@example.com --force") == 0
    assert listed(terminal) == []


def test_a_sub_accounts_entry_is_its_masters(terminal: Terminal) -> None:
    terminal.type("suppression add a@example.com --account sub@example.net")
    terminal.type("suppression add b@example.com")
    assert addresses(terminal, "--account shop@example.net") == ["a@example.com"]
    assert listed(terminal)[0]["account"] == "shop@example.net"
    assert terminal.type("suppression remove b@example.com --account shop@example.net") == 1
    assert addresses(terminal) == ["a@example.com", "b@example.com"]


def test_a_list_goes_on_behind_a_number(terminal: Terminal) -> None:
    for at in range(5):
        terminal.type(f"suppression add a{at}@example.com --reason {'complaint' if at % 2 else 'manual'}")
    assert terminal.type("suppression list --limit 2") == 0
    assert "--after 2" in terminal.out
    assert addresses(terminal, "--after 2 --limit 2") == ["a2@example.com", "a3@example.com"]
    assert addresses(terminal, "--reason complaint") == ["a1@example.com", "a3@example.com"]
    assert addresses(terminal, "--reason manual --after 1") == ["a2@example.com", "a4@example.com"]


def test_show_names_the_pattern_that_covers_an_address(terminal: Terminal) -> None:
    terminal.type("suppression add *.example.com --reason block --expires 30d")
    assert terminal.type("suppression show jane@mail.example.com") == 0
    assert "*.example.com" in terminal.out
    assert terminal.type("suppression show jane@example.com") == 0
    assert terminal.out == "Nothing suppresses jane@example.com.\n"
    assert terminal.type("suppression remove *.example.com") == 0


def test_a_file_is_imported_but_for_its_bad_rows_which_are_told_with_their_lines(terminal: Terminal) -> None:
    Path("bad.csv").write_text(
        "Address,reason,note\na@example.com,,\nnonsense,,\nb@example.com,complaint,by phone\nc@example.com,why,\n"
        "A@example.com,,\n@example.org,block,\n",
        encoding="utf-8",
    )
    assert terminal.type("suppression import bad.csv --account shop@example.net --reason unsubscribe") == 1
    assert "line 3: “nonsense” cannot be suppressed" in terminal.err
    assert "line 5: “why” is no reason" in terminal.err
    assert "2 rows were refused" in terminal.err
    found = {(each["address"], each["reason"], each["source"]) for each in listed(terminal)}
    assert found == {
        ("a@example.com", "unsubscribe", "import"),
        ("b@example.com", "complaint", "import"),
        ("example.org", "block", "import"),
    }


@pytest.mark.parametrize(
    "text",
    ["a@example.com\n# why\n\nb@example.com\n", '{"address": "a@example.com"}\n{"address": "b@example.com", "n": 1}\n'],
)
def test_a_plain_list_and_json_lines_are_read_too(terminal: Terminal, text: str) -> None:
    assert terminal.type("suppression import - --json", text) == 0
    assert json.loads(terminal.out) == {"read": 2, "new": 2, "refused": 0}
    assert terminal.type("suppression import - --json", text) == 0
    assert json.loads(terminal.out) == {"read": 2, "new": 0, "refused": 0}


def test_an_import_lifts_nothing(terminal: Terminal) -> None:
    terminal.type("suppression add a@example.com --reason complaint")
    assert terminal.type("suppression import -", "address,reason\na@example.com,manual\n") == 0
    assert [each["reason"] for each in listed(terminal)] == ["complaint", "manual"]


def test_what_is_exported_can_be_imported_again(terminal: Terminal) -> None:
    terminal.type("suppression add a@example.com --reason complaint --note phone")
    terminal.type("suppression add *.example.org --reason block")
    terminal.type("suppression add example.net --reason block")
    terminal.type("suppression export")
    exported = terminal.out
    before = {(each["address"], each["reason"]) for each in listed(terminal)}
    for number in (1, 2, 3):
        assert terminal.type(f"suppression remove {number} --force") == 0
    assert terminal.type("suppression import -", exported) == 0
    assert {(each["address"], each["reason"]) for each in listed(terminal)} == before


DANGEROUS = (
    "=1+1@example.com",
    "-a@example.com",
    "+a@example.com",
    "'=a@example.com",
    "''-a@example.com",
    "'a@b.example",
)


def test_no_exported_cell_is_a_formula_and_import_takes_them_as_they_were(terminal: Terminal) -> None:
    for address in DANGEROUS:
        assert terminal.type(f"suppression add --note =HYPERLINK({address[0]}) --who @{address[0]} -- {address}") == 0
    terminal.type("suppression add @example.net --reason block")
    before = {(each["address"], str(each["evidence"])) for each in listed(terminal)}
    terminal.type("suppression export")
    exported = terminal.out
    cells = [cell for row in csv.reader(exported.splitlines()) for cell in row]
    assert not [cell for cell in cells if cell[:1] in "=+-@\t\r" and cell]
    for number in range(1, len(before) + 1):
        assert terminal.type(f"suppression remove {number}") == 0
    assert terminal.type("suppression import -", exported) == 0
    assert {(each["address"], str(each["evidence"])) for each in listed(terminal)} == before


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        ("suppression add nonsense@", 2, "cannot be suppressed"),
        ("suppression add *", 2, "every address there is"),
        ("suppression add a@example.com --reason why", 2, "why"),
        ("suppression add a@example.com --account nobody@example.net", 1, "There is no account"),
        ("suppression remove a@example.com", 1, "There is no such entry."),
        ("suppression show 17", 1, "There is no entry 17."),
        ("suppression import none.csv", 1, "cannot be read"),
    ],
)
def test_a_refusal_is_a_clear_sentence_with_its_exit_code(
    terminal: Terminal, line: str, code: int, sentence: str
) -> None:
    assert terminal.type(line) == code
    assert sentence in terminal.err


def test_nothing_to_recheck_and_nothing_repaired_are_sentences(terminal: Terminal) -> None:
    assert terminal.type("suppression recheck --dry-run") == 0
    assert terminal.out == "0 entries would be lifted.\n"
    assert terminal.type("suppression repaired") == 0
    assert terminal.out == "No entry was lifted because of the bounce rules.\n"


def test_addresses_of_missing_domains_are_listed_with_the_time_of_their_look_up(terminal: Terminal) -> None:
    assert terminal.type("suppression waiting") == 0
    assert terminal.out == "No address waits for its domain to be looked up again.\n"
    row = ("gone.example", 1, "jane@gone.example", 1_000, '{"category":"no-such-domain"}')
    with closing(sqlite3.connect("var/app.db")) as db, db:
        db.execute("INSERT INTO suppression_pending VALUES (?, ?, ?, ?, ?)", row)
    assert terminal.type("suppression waiting --account shop@example.net") == 0
    assert "jane@gone.example" in terminal.out
    (found,) = terminal.json("suppression waiting")
    assert isinstance(found, dict)
    assert (found["address"], found["account"]) == ("jane@gone.example", "shop@example.net")
    assert found["look_ms"] == 1_000 + 24 * 3_600_000


def test_entries_are_counted_by_reason_beside_the_server(terminal: Terminal) -> None:
    assert by_reason(Path("nowhere.db")) == {}
    terminal.type("suppression add a@example.com")
    terminal.type("suppression add *.example.org --reason block")
    counted = by_reason(Path("var/app.db"))
    assert (counted[Reason.MANUAL], counted[Reason.BLOCK], counted[Reason.COMPLAINT]) == (1, 1, 0)
