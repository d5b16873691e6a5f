"""`youtong queue suspend|resume|suspensions|undo|operations` as a person or a program runs them, without a server."""

from asyncio import to_thread
from pathlib import Path

import pytest
from fakes.queue_room import QueueRoom
from fakes.terminal import Terminal
from youtong.queue.ids import queue_id
from youtong.queue.reading import Wanted, reading
from youtong.queue.streams.streams import NewStream

pytestmark = pytest.mark.usefixtures("at_home")


@pytest.fixture
def terminal(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal(capfd, monkeypatch, "queue")


@pytest.fixture
async def queue(tmp_path: Path) -> Path:
    """Letters to three domains; google has two of them."""
    (tmp_path / "var").mkdir()
    room = await QueueRoom(tmp_path / "var").open()
    await room.accept("a@one.example", "b@two.example", "c@three.example")
    room.db.execute("UPDATE domain SET provider = 'google', site = 'mx.' || name WHERE name != 'three.example'")
    room.db.execute("UPDATE domain SET provider = 'yahoo', site = 'mx' WHERE name = 'three.example'")
    await room.close()
    return tmp_path / "var"


def states(folder: Path) -> dict[str, str]:
    with reading(folder) as reader:
        return {row.address[0]: row.state.name.lower() for row in reader.listed(Wanted(), 10)}


def test_what_is_suspended_is_listed_with_who_why_and_until_when_and_resumed_by_its_number(
    queue: Path, terminal: Terminal
) -> None:
    assert terminal.type("suspend --provider google --for 2h --reason wrong-text") == 0
    assert terminal.out.startswith("Stopped: google, until ")
    assert terminal.type("suspensions") == 0
    lines = terminal.out.splitlines()
    assert lines[0].split() == ["Number", "What", "How", "Began", "Until"]
    assert lines[1].split()[:3] == ["1", "google", "stopped"]
    assert lines[2].strip() == "by ann: wrong-text"
    assert "youtong queue resume NUMBER" in lines[-1]
    (listed,) = terminal.json("suspensions")  # type: ignore[misc]
    assert (listed["subject"], listed["who"], listed["until_ms"] - listed["since_ms"]) == ("google", "ann", 7_200_000)
    assert terminal.type("resume 1 --who bob") == 0
    assert terminal.out == "1 suspension is ended.\n"
    assert terminal.type("suspensions") == 0
    assert terminal.out == "Nothing is suspended.\n"
    (ended,) = terminal.json("suspensions --all")  # type: ignore[misc]
    assert (ended["in_force"], ended["ended_by"]) == (False, "bob")


def test_a_stream_is_stopped_listed_and_resumed_by_the_number_it_is_known_by(queue: Path, terminal: Terminal) -> None:
    stream = queue_id(9)
    assert terminal.type(f"suspend --stream {stream}") == 0
    assert terminal.out == f"Stopped: stream {stream}, until somebody resumes it.\n"
    assert terminal.type("operations") == 0
    assert f"--stream {stream}" in terminal.out
    assert terminal.type(f"resume --stream {stream}") == 0
    assert terminal.out == "1 suspension is ended.\n"


async def test_a_paused_stream_is_told_with_its_verb_where_suspensions_are_looked_for(
    queue: Path, terminal: Terminal
) -> None:
    room = await QueueRoom(queue).open()
    head = b"From: n@example.org\r\nSubject: s\r\n\r\n"
    number = await room.streams.make(NewStream(7, "spring", "n@example.org", head, b"x\r\n", 9_000_000, is_paused=True))
    await room.close()
    stream = queue_id(number)
    told = f"Stream {stream} is paused; what lets it go on: youtong stream resume {stream}\n"
    assert await to_thread(terminal.type, "suspensions") == 0
    assert terminal.out == "Nothing is suspended.\n" + told
    assert await to_thread(terminal.type, f"resume --stream {stream}") == 1
    assert terminal.err == f"youtong: {told}"
    assert await to_thread(terminal.type, f"suspend --stream {stream}") == 0
    assert await to_thread(terminal.type, f"resume --stream {stream}") == 0


def test_a_provider_is_slowed_to_a_share_a_rate_and_connections(queue: Path, terminal: Terminal) -> None:
    assert terminal.type("suspend --provider google --share 10% --slow-to 10/min --connections 2") == 0
    assert terminal.out == "Slowed: google, until somebody resumes it.\n"
    assert terminal.type("suspensions") == 0
    assert "slow: 10%, 10 in 1 min, 2 connections" in terminal.out


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("suspend", "exactly one"),
        ("suspend --provider google --domain one.example", "exactly one"),
        ("suspend --domain one.example --source one", "need a --provider"),
        ("suspend --domain one.example --share 10%", "Only a provider or a site"),
        ("suspend q1 --for 2h", "Single messages are held"),
        ("suspend --provider google --for often", "length of time"),
        ("suspend --provider google --slow-to 10", "not a rate"),
        ("suspend --provider google --share 120%", "not a share"),
        ("resume", "Say which"),
        ("resume 1 --all", "Say which"),
        ("hold", "Say which messages"),
    ],
)
def test_wrong_usage_is_told(queue: Path, terminal: Terminal, line: str, sentence: str) -> None:
    assert terminal.type(line) == 2
    assert sentence in terminal.err.replace("\n", " ")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("suspend --provider gogle", "Did you mean: google"),
        ("hold --provider nothing-like-it", "There are: google, yahoo"),
        ("hold --provider one.example", "The domain one.example belongs to “google”."),
        ("hold --site mx.on.example", "Did you mean: mx.one.example"),
        ("resume 7", "Nothing of that is suspended"),
        ("resume --provider google", "Nothing of that is suspended"),
        ("undo", "There is nothing to undo."),
        ("undo 9", "There is no operation 9."),
    ],
)
def test_a_name_or_number_that_nothing_has_is_refused_with_what_there_is(
    queue: Path, terminal: Terminal, line: str, sentence: str
) -> None:
    assert terminal.type(line) == 1
    assert sentence in terminal.err


def test_a_provider_that_only_a_rule_names_can_be_suspended_before_its_first_letter(
    queue: Path, terminal: Terminal
) -> None:
    assert terminal.type("suspend --provider netease") == 0


def test_a_single_letter_is_held_and_that_is_said(queue: Path, terminal: Terminal) -> None:
    assert terminal.type("suspend --message q1") == 0
    assert terminal.out.startswith("Single messages are not suspended but held")
    assert set(states(queue).values()) == {"held"}


def test_letters_are_chosen_by_provider_site_and_message(queue: Path, terminal: Terminal) -> None:
    assert terminal.type("hold --provider google") == 0
    assert states(queue) == {"a": "held", "b": "held", "c": "scheduled"}
    assert terminal.type("release --site mx.one.example") == 0
    assert states(queue) == {"a": "scheduled", "b": "held", "c": "scheduled"}
    assert terminal.json("hold --message q1")["changed"] == 2  # type: ignore[index]


def test_operations_are_listed_and_undone(queue: Path, terminal: Terminal) -> None:
    assert terminal.type("hold --provider google --reason wrong-text") == 0
    assert terminal.type("suspend --provider yahoo") == 0
    assert terminal.type("undo") == 0
    assert terminal.out == "Operation 2 is undone: 1 suspension is ended.\n"
    assert terminal.type("undo 1") == 0
    assert terminal.out == "Operation 1 is undone: 2 recipients are released.\n"
    assert set(states(queue).values()) == {"scheduled"}
    assert terminal.type("operations") == 0
    lines = terminal.out.splitlines()
    assert lines[0].split() == ["Number", "When", "Who", "Verb", "Changed", "Selection"]
    assert "undo of 1" in lines[1]
    assert "hold (undone)" in terminal.out
    assert "--provider google" in terminal.out
    listed = terminal.json("operations --limit 2")
    assert isinstance(listed, list)
    assert [(each["number"], each["verb"], each["undoes"]) for each in listed] == [(4, "undo", 1), (3, "undo", 2)]
    assert terminal.type("undo 1") == 1
    assert terminal.err == "youtong: Operation 1 was undone already.\n"


def test_many_letters_are_given_up_only_by_whoever_says_so_twice(
    queue: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("youtong.admin.cli.queue_acting.MANY", 2)
    assert terminal.type("cancel --all") == 1
    assert "--yes" in terminal.err
    assert "youtong queue hold" in terminal.err
    assert set(states(queue).values()) == {"scheduled"}
    assert terminal.type("cancel --provider google") == 0  # two are not many
    assert terminal.type("cancel --all --yes") == 0
    assert states(queue) == {}
    assert terminal.type("undo") == 1
    assert "cannot be brought back" in terminal.err


def test_both_languages(queue: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert terminal.type("suspend --provider google --share 10%") == 0
    assert terminal.out.startswith("已放慢：google")
    assert terminal.type("suspend --provider gogle") == 1
    assert "您要找的是：google" in terminal.err
