"""`explain site`: which provider, which numbers and from where, what limits it, in words that fit."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from fakes.explained import SeenDispatcher, config_of
from fakes.queue_ports import FakeLimits, routed
from fakes.queue_room import QueueRoom
from youtong.admin.cli.explain import _show_site
from youtong.admin.cli.main import cli
from youtong.admin.explain import site_view
from youtong.admin.explain.site_view import SiteView
from youtong.admin.owner_sites import SiteLook
from youtong.admin.site_seen import SiteSeen
from youtong.mta.outcome import Deferred, Peer, Scope, Stage
from youtong.mta.reply import reply
from youtong.policy.shaping import file as shaping_file
from youtong.policy.shaping.shaping import Shaping
from youtong.queue.pace.suspensions import Suspension, SuspensionScope

RULES = """\
[provider.bee]
mx = ["b.example"]
connections = 3
message_rate = ["20/min", "500/h"]
fact = "their postmaster page"
"""
PEER = Peer("mx.b.example", "192.0.2.1", "TLSv1.3")
LATER = Deferred(Stage.MAIL, Scope.PROVIDER, reply(421, "4.7.0", "too many"), peer=PEER, category="rate")


class Site:
    """A queue whose limits are those of a shaping file."""

    def __init__(self, folder: Path) -> None:
        path = folder / "shaping.toml"
        path.write_text(RULES, encoding="utf-8")
        self.room = QueueRoom(folder, limits=FakeLimits())
        self.shaping = Shaping(shaping_file.load(path), self.room.clock)
        self.room.limits.limits_for = self.shaping.limits_for  # type: ignore[method-assign]
        self.room.routes.provider_of = self.shaping.provider_of  # type: ignore[method-assign]
        self.look = SiteLook(
            SeenDispatcher(self.room), self.shaping, lambda: self.shaping.file, ["default"], self.room.clock
        )  # type: ignore[arg-type]

    async def seen(self, name: str) -> SiteSeen:
        """As it comes out of the socket."""
        answer = msgspec.json.encode(await self.look.answer(name))
        return msgspec.convert(msgspec.json.decode(answer), SiteSeen)

    async def view(self, name: str) -> SiteView:
        with site_view.reading(self.room.folder) as reader:
            found = SiteView(name, self.room.clock.now_ms(), True, await self.seen(name))
            return site_view._with_rows(found, reader, {7: "shop@example.org"})


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(tmp_path)
    await made.room.open()
    yield made
    await made.room.close()


async def test_a_domain_is_told_with_the_rule_that_made_it_a_provider(site: Site) -> None:
    seen = await site.seen("b.example")
    assert seen.ruling.provider == "bee"
    assert (seen.ruling.place, seen.ruling.matched) == ("shaping.toml:2 [provider.bee] mx", "b.example")
    assert seen.ruling.fact == "their postmaster page"
    assert seen.domain is not None
    assert seen.domain.hosts == ("mx.b.example",)


async def test_a_domain_that_no_rule_names_is_its_own_provider(site: Site) -> None:
    site.room.routes.answers["c.example"] = routed("mx.c.example")
    seen = await site.seen("c.example")
    assert (seen.ruling.provider, seen.ruling.place) == ("mx.c.example", "")


async def test_a_provider_is_told_by_its_name_though_nothing_went_there_yet(site: Site) -> None:
    seen = await site.seen("bee")
    assert seen.domain is None
    (limits,) = seen.limits
    assert (limits.limits.connections.value, limits.limits.connections.because) == (
        3,
        "shaping.toml:3 [provider.bee] connections",
    )


async def test_what_waits_what_was_said_and_what_is_stopped_is_told(site: Site) -> None:
    room = site.room
    await room.accept("bob@b.example")
    (leased,) = await room.load()
    await room.finish(leased, LATER)
    room.leasing.book.put(Suspension(4, SuspensionScope.PROVIDER, "bee", rule="rate", reply="421 4.7.0 too many"))
    room.leasing.book.put(Suspension(5, SuspensionScope.PROVIDER, "other", rule="rate"))
    view = await site.view("b.example")
    assert view.waiting == 1
    assert [line.account for line in view.flows] == ["shop@example.org"]
    assert [(each.host, each.tls) for each in view.hosts] == [("mx.b.example", "TLSv1.3")]
    assert [(each.count, each.last.facts.text) for each in view.deferrals] == [(1, "too many")]
    assert [each.id for each in view.seen.suspensions] == [4]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("C", ["bee (b.example in shaping.toml:2 [provider.bee] mx)", "20/min", "500/h", "youtong queue resume 4"]),
        (
            "zh_CN.UTF-8",
            ["服务商", "生效的限制", "shaping.toml:4 [provider.bee] message_rate", "youtong queue resume 4"],
        ),
    ],
)
async def test_the_screen_says_it_in_both_languages(
    site: Site, language: str, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", language)
    room = site.room
    await room.accept("bob@b.example")
    (leased,) = await room.load()
    await room.finish(leased, LATER)
    room.leasing.book.put(Suspension(4, SuspensionScope.PROVIDER, "bee", rule="rate", reply="421 4.7.0 too many"))
    _show_site(await site.view("b.example"))
    said = capsys.readouterr().out
    assert [each for each in [*words, "too many", "mx.b.example"] if each not in said] == []


async def test_with_the_server_down_the_rules_and_the_rows_are_told(site: Site) -> None:
    room, config = site.room, config_of(site.room)
    config = msgspec.structs.replace(config) if isinstance(config, msgspec.Struct) else config
    await room.accept("bob@b.example")
    view = site_view.gather(config, {}, "b.example", room.clock)
    assert not view.is_running
    assert view.waiting == 1
    assert view.seen.limits


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "youtong.toml"
    config.write_text('[server]\nhostname = "mail.example.org"\n', encoding="utf-8")
    result = CliRunner().invoke(cli, ["explain", "site", "b..example", "--config", str(config)])
    assert result.exit_code == 1
    assert "no domain name" in result.output
