"""The demo's numbers and page, made of rows."""

from pathlib import Path
from random import Random

import pytest
from rich.console import Console
from youtong.admin.demo.folder import FolderUnusable, fresh_folder
from youtong.admin.demo.internet import GREYLIST_SECONDS, demo_settings
from youtong.admin.demo.letters import letters
from youtong.admin.demo.picture import Picture
from youtong.admin.demo.receivers import GROUPS, group_of
from youtong.admin.demo.screen import page
from youtong.admin.demo.show import Pace, Stage
from youtong.mta.dkim.key import Algorithm, generate
from youtong.mta.envelope import Domain
from youtong.mta.simulator.domains import expand
from youtong.queue.journal import Facts, JournalKind, JournalRow
from youtong.queue.reading import AddressedFact, RecipientRow
from youtong.queue.states import RecipientState

REPLY = Facts(host="mx.greylist.test", code=450, enhanced="4.7.1", text="Greylisted,\nsee you")


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")


def fact(seq: int, kind: JournalKind, address: str = "amy@greylist.test", facts: Facts = REPLY) -> AddressedFact:
    row = JournalRow(seq, 1_000_000, kind, 1, 1, 1, 0, facts)
    return AddressedFact(row, address, address.rpartition("@")[2], "anna@lantern.test")


def recipient(state: RecipientState, address: str = "amy@greylist.test", attempts: int = 1) -> RecipientRow:
    domain = address.rpartition("@")[2]
    return RecipientRow(1, 1, 1, domain, address, state, attempts, 0, None, 0, 0, "", 1, "anna@lantern.test", 0, 0)


def greylisting(picture: Picture):
    return picture.lines[group_of("greylist.test")]


def test_a_letter_that_waited_and_then_arrived_is_counted_as_both() -> None:
    picture = Picture()
    picture.follow([fact(1, JournalKind.DEFERRED), fact(2, JournalKind.DELIVERED)])
    line = greylisting(picture)
    assert (line.deferred, line.delivered, line.bounced, picture.seq) == (1, 1, 0, 2)


def test_what_waits_is_of_this_moment_and_forgotten_at_the_next_look() -> None:
    picture = Picture()
    picture.look([recipient(RecipientState.SCHEDULED), recipient(RecipientState.LEASED)])
    assert (greylisting(picture).waiting, greylisting(picture).on_the_way) == (1, 1)
    picture.look([])
    assert greylisting(picture).unfinished == 0


def test_the_receivers_last_words_are_quoted_on_one_line() -> None:
    picture = Picture()
    picture.follow([fact(1, JournalKind.DEFERRED)])
    said = "amy@greylist.test has to wait: mx.greylist.test said “450 4.7.1 Greylisted, see you”"
    assert picture.events[-1].sentence == said


def test_an_address_to_explain_stays_the_same_as_long_as_it_waits() -> None:
    picture = Picture()
    ben, cleo = recipient(RecipientState.SCHEDULED, "ben@full.test"), recipient(RecipientState.SCHEDULED, "c@full.test")
    picture.look([ben])
    picture.look([ben, cleo])
    assert picture.waiting_address == "ben@full.test"
    picture.look([cleo])
    assert picture.waiting_address == "c@full.test"


def test_a_letter_that_was_never_tried_is_none_to_explain() -> None:
    picture = Picture()
    picture.look([recipient(RecipientState.SCHEDULED, attempts=0)])
    assert picture.waiting_address == ""


def test_a_group_with_enough_waiting_is_full() -> None:
    picture = Picture()
    picture.look([recipient(RecipientState.SCHEDULED)] * 3)
    assert picture.full(3) == {group_of("greylist.test")}
    assert picture.full(4) == set()


@pytest.mark.parametrize("language", ["C", "zh_CN.UTF-8"])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (132, 50), (80, 18)])
def test_the_page_fits_its_terminal(monkeypatch: pytest.MonkeyPatch, language: str, width: int, height: int) -> None:
    monkeypatch.setenv("LC_ALL", language)
    picture = Picture()
    picture.follow([fact(seq, JournalKind.DEFERRED) for seq in range(1, 60)])
    stage = Stage(picture, Pace(), Path("youtong.toml"), started=0.0, next_flush=20.0)
    console = Console(width=width, height=height, force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(page(stage, 12.0, height, ["why?", "  command", ""]))
    lines = captured.get().splitlines()
    assert len(lines) == max(height, len(GROUPS) + 7)
    assert not any(console.measure(line).maximum > width for line in lines)


def test_the_first_letters_visit_every_group_once() -> None:
    stream = letters(Random(1), set())
    visited = [group_of(next(stream).recipients[0].rpartition("@")[2]) for group in GROUPS if group.weight]
    assert visited == [group for group in GROUPS if group.weight]


def test_a_full_group_gets_no_letter() -> None:
    full = {group for group in GROUPS if group.label != "Gmail"}
    stream = letters(Random(2), full)
    later = [next(stream) for _ in range(60)][len(GROUPS) :]
    assert {group_of(to.rpartition("@")[2]).label for letter in later for to in letter.recipients} == {"Gmail"}


def test_the_letters_are_in_two_languages_and_from_several_senders() -> None:
    stream = letters(Random(3), set())
    seen = [next(stream) for _ in range(80)]
    assert {letter.subject.isascii() for letter in seen} == {True, False}
    assert len({letter.sender for letter in seen}) == 4


def test_the_simulated_internet_knows_every_group_but_the_mistyped_one_and_the_keys() -> None:
    key = generate(Domain("lantern.test"), "demo", Algorithm.ED25519)
    settings = demo_settings([key])
    known = {name for provider in settings.provider for each in provider.domains for name in expand(each)}
    assert {group.label for group in GROUPS if not set(group.domains) <= known} == {"mistyped domain"}
    assert key.record_name in {record.name for record in settings.record}
    assert {each.greylist.seconds for each in settings.provider if each.greylist} == {GREYLIST_SECONDS}
    assert settings.simulator.port == 0
    assert settings.simulator.dns.endswith(":0")


def test_a_demo_empties_its_own_folder_and_no_other(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    with fresh_folder(mine):
        (mine / "var").mkdir()
        (mine / "var" / "queue.db").write_text("old")
    with fresh_folder(mine):
        assert not (mine / "var").exists()
    other.mkdir()
    (other / "thesis").write_text("do not delete")
    with pytest.raises(FolderUnusable), fresh_folder(other):
        pass
    assert (other / "thesis").read_text() == "do not delete"


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    with fresh_folder(tmp_path / "one"), pytest.raises(FolderUnusable), fresh_folder(tmp_path / "one"):
        pass
