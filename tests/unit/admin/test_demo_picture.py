"""The demo's numbers and page, made of rows."""

from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace
from rich.console import Console
from youtong.admin.demo.folder import FolderUnusable, fresh_folder
from youtong.admin.demo.internet import GREYLIST_SECONDS, HOSTNAME, demo_settings, demo_shaping
from youtong.admin.demo.letters import letters
from youtong.admin.demo.page import page
from youtong.admin.demo.picture import Picture
from youtong.admin.demo.receivers import SENDER_DOMAINS, group_named, group_of, groups
from youtong.admin.demo.show import Pace, Stage
from youtong.admin.figures import CeilingSeen, OwnerFigures
from youtong.admin.panorama import FlowLine, Panorama, ProviderRow
from youtong.mta.clock import SystemClock
from youtong.mta.dkim.key import Algorithm, generate
from youtong.mta.envelope import Domain
from youtong.mta.simulator.behaviours import Returned
from youtong.mta.simulator.domains import expand
from youtong.policy.shaping import file as shaping_file
from youtong.policy.shaping.shaping import Shaping
from youtong.queue.journal import Facts, JournalKind, JournalRow
from youtong.queue.pace.ceiling import CeilingKind
from youtong.queue.pace.suspensions import Suspension, SuspensionScope
from youtong.queue.reading import AddressedFact

REPLY = Facts(host="mx.greylist.test", code=450, enhanced="4.7.1", text="Greylisted,\nsee you")


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")


def fact(
    seq: int,
    kind: JournalKind,
    address: str = "amy@university.test",
    facts: Facts = REPLY,
    *,
    at_ms: int = 1_000_000,
    sender: str = "anna@lantern.test",
) -> AddressedFact:
    return AddressedFact(JournalRow(seq, at_ms, kind, 1, 1, 1, 0, facts), address, address.rpartition("@")[2], sender)


def moment(*rows: ProviderRow, stops: tuple[Suspension, ...] = ()) -> Panorama:
    owner = OwnerFigures(1.0, True, 2, 0, 0, 0, (), 0, (), (), {}, suspensions=stops)
    flow = FlowLine(1, "post@lantern.test", "bulk", "newsletter", "lantern.test", 500, 12)
    return Panorama(1_000_000, owner, rows, (flow,))


def greylisting(picture: Picture):
    return picture.lines[group_of("university.test")]


def test_a_letter_that_waited_and_then_arrived_is_counted_as_both() -> None:
    picture = Picture()
    picture.follow([fact(1, JournalKind.DEFERRED), fact(2, JournalKind.DELIVERED)])
    line = greylisting(picture)
    assert (line.deferred, line.delivered, line.bounced, picture.seq) == (1, 1, 0, 2)


def test_what_waits_is_of_this_moment_and_forgotten_at_the_next_look() -> None:
    picture = Picture()
    picture.behold(moment(ProviderRow("university", 7, in_flight=2)))
    assert (greylisting(picture).waiting, greylisting(picture).on_the_way) == (7, 2)
    picture.behold(moment())
    assert greylisting(picture).unfinished == 0


def test_the_receivers_last_words_are_quoted_on_one_line() -> None:
    picture = Picture()
    picture.follow([fact(1, JournalKind.DEFERRED)])
    said = "amy@university.test has to wait: mx.greylist.test said “450 4.7.1 Greylisted, see you”"
    assert picture.events[-1].sentence == said


def test_recipients_of_streams_are_counted_and_not_told_of() -> None:
    picture = Picture()
    picture.follow([fact(1, JournalKind.DELIVERED, sender="news@lantern.test")])
    assert (greylisting(picture).delivered, picture.streamed["news@lantern.test"], picture.happened) == (1, 1, 0)


def test_an_address_to_explain_stays_the_same_as_long_as_it_waits() -> None:
    picture = Picture()
    ben, cleo = "ben@library.test", "cleo@library.test"
    picture.follow([fact(1, JournalKind.DEFERRED, ben), fact(2, JournalKind.DEFERRED, cleo)])
    assert picture.waiting_address == ben
    picture.follow([fact(3, JournalKind.DELIVERED, ben)])
    assert picture.waiting_address == cleo
    picture.follow([fact(4, JournalKind.BOUNCED, cleo)])
    assert picture.waiting_address == ""


def test_a_letter_that_overtakes_a_crowd_is_timed_and_one_that_was_put_off_is_not() -> None:
    picture = Picture()
    accepted = fact(1, JournalKind.ACCEPTED, "", Facts(recipients=1))
    picture.follow([accepted, fact(2, JournalKind.DELIVERED, at_ms=1_000_900)])
    assert picture.overtaking_seconds is None
    picture.behold(moment(ProviderRow("university", 300)))
    picture.follow([accepted, fact(4, JournalKind.DELIVERED, at_ms=1_000_400)])
    assert picture.overtaking_seconds == 0.4
    picture.follow([accepted, fact(5, JournalKind.DEFERRED), fact(6, JournalKind.DELIVERED, at_ms=1_400_000)])
    assert picture.overtaking_seconds == 0.4


def test_a_suspension_is_told_of_once() -> None:
    picture = Picture()
    stop = Suspension(3, SuspensionScope.PROVIDER, "yahoo", until_ms=2_000_000, rule="x", reply="421 [TSS04] deferred")
    for _again in range(2):
        picture.behold(moment(stops=(stop,)))
    assert picture.happened == 1
    assert "TSS04" in picture.events[0].sentence


def test_a_provider_that_put_off_enough_letters_is_full() -> None:
    picture = Picture()
    picture.follow([fact(seq, JournalKind.DEFERRED, f"u{seq}@university.test") for seq in range(3)])
    assert picture.full(3) == {group_of("university.test")}
    assert picture.full(4) == set()


@pytest.mark.parametrize("language", ["C", "zh_CN.UTF-8"])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (132, 60), (80, 18)])
def test_the_page_fits_its_terminal(monkeypatch: pytest.MonkeyPatch, language: str, width: int, height: int) -> None:
    monkeypatch.setenv("LC_ALL", language)
    picture = Picture()
    picture.follow([fact(seq, JournalKind.DEFERRED) for seq in range(1, 60)])
    busy = CeilingSeen(CeilingKind.MESSAGE_RATE, 210, 60.0, "shaping.toml:6 [provider.google] message_rate")
    picture.behold(moment(*(ProviderRow(each.provider, 1234, ceiling=busy) for each in groups() if each.provider)))
    stage = Stage(picture, Pace(), Path("youtong.toml"), started=0.0, next_flush=20.0)
    console = Console(width=width, height=height, force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(page(stage, 12.0, width, height, ["why?", "  command", ""]))
    lines = captured.get().splitlines()
    assert len(lines) == height
    assert not any(console.measure(line).maximum > width for line in lines)


def test_the_first_letters_visit_many_providers_once() -> None:
    stream = letters(Random(1), set())
    visited = [group_of(next(stream).recipients[0].rpartition("@")[2]) for _ in range(12)]
    assert len(set(visited)) == 12
    assert {"greylisting", "never answers", "host is down"} <= {group.label for group in visited}


def test_a_full_provider_gets_no_letter() -> None:
    full = {group for group in groups() if group.label != "Gmail"}
    stream = letters(Random(2), full)
    later = [next(stream) for _ in range(60)][12:]
    assert {group_of(to.rpartition("@")[2]).label for letter in later for to in letter.recipients} == {"Gmail"}


def test_the_letters_are_in_two_languages_and_from_several_senders() -> None:
    stream = letters(Random(3), set())
    seen = [next(stream) for _ in range(80)]
    assert {letter.subject.isascii() for letter in seen} == {True, False}
    assert len({letter.sender for letter in seen}) == 4


def test_the_simulated_internet_knows_every_provider_but_the_mistyped_one_and_the_keys() -> None:
    key = generate(Domain("lantern.test"), "demo", Algorithm.ED25519)
    settings = demo_settings([key])
    known = {name for provider in settings.provider for each in provider.domains for name in expand(each)}
    ours = {record.name for record in settings.record if record.type == "MX" and HOSTNAME in record.text}
    assert {group.label for group in groups() if not set(group.domains) <= known | ours} == {"mistyped domain"}
    assert len(settings.provider) == 40
    assert ours == set(SENDER_DOMAINS), "bounces to the senders come to the demo's server"
    assert key.record_name in {record.name for record in settings.record}
    assert {each.greylist.seconds for each in settings.provider if each.greylist} == {GREYLIST_SECONDS}
    assert settings.simulator.port == 0
    assert settings.simulator.dns.endswith(":0")


def test_the_demos_rules_name_every_provider_and_stay_below_what_most_of_them_take(tmp_path: Path) -> None:
    path = tmp_path / "shaping.toml"
    path.write_text(demo_shaping(), "utf-8")
    shaping = Shaping(shaping_file.load(path), SystemClock())
    for each in demo_settings([]).provider:
        host = expand(each.mx[0].host)[0]
        assert shaping.provider_of(expand(each.domains[0])[0], [host]) == each.name
    assert shaping.provider_of(SENDER_DOMAINS[0], [HOSTNAME]) == "home"
    assert group_named("google") == group_of("gmail.test")
    assert [(rate.count, rate.seconds) for rate in shaping.limits_for("google", "default").message_rates] == [(210, 60)]


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


def test_what_comes_back_for_a_streams_letter_is_told_and_each_recipient_counts_by_the_worst() -> None:
    picture = Picture()
    said = Facts(bounce_kind="hard", code=550, enhanced="5.1.1", text="550 5.1.1 User unknown")
    soft = replace(said, fate="soft-late", fate_before="delivered")
    hard = replace(said, fate="hard-late", fate_before="soft-late")
    complaint = Facts(fate="complaint", fate_before="hard-late")
    news = "news@lantern.test"
    picture.follow([fact(1, JournalKind.LATE_BOUNCE, facts=soft, sender=news)])
    assert (picture.fates["soft-late"], picture.fates["hard-late"]) == (1, 0)
    assert picture.events[-1].sentence.startswith(
        "amy@university.test was accepted, and bounced later: “550 5.1.1 User"
    )
    picture.follow([fact(2, JournalKind.LATE_BOUNCE, facts=hard, sender=news)])
    picture.follow([fact(3, JournalKind.LATE_BOUNCE, facts=replace(hard, fate="", fate_before=""), sender=news)])
    picture.follow([fact(4, JournalKind.COMPLAINT, facts=complaint, sender=news)])
    picture.follow([fact(5, JournalKind.AUTO_REPLY, facts=Facts(reason="auto-reply"), sender=news)])
    assert +picture.fates == Counter(complaint=1)
    assert (picture.answers, picture.happened) == (1, 4)


def test_of_the_demos_receivers_some_send_back_and_never_two_things_for_one_address() -> None:
    late = {each.name: each.late for each in demo_settings([]).provider if each.late}
    assert {each.send for lates in late.values() for each in lates} == {
        Returned.BOUNCE, Returned.VACATION, Returned.COMPLAINT,
    }  # fmt: skip
    for lates in late.values():
        for number in range(60):
            assert sum(fnmatchcase(f"amy.{number}", pattern) for each in lates for pattern in each.recipients) <= 1
