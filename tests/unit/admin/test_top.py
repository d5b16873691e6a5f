"""`youtong top`: keys, lines, what is written to a terminal."""

import os
import pty
import termios
import threading
from collections.abc import Callable, Iterator

import msgspec
import pytest
from fakes.panoramas import AT_MS, panorama
from hypothesis import given, strategies as st
from rich.cells import cell_len
from youtong.admin import times
from youtong.admin.cli.top import Feed, live
from youtong.admin.cli.top_page import page, table
from youtong.admin.cli.top_terminal import Painter, Terminal, keys_of
from youtong.admin.cli.top_view import Quit, Sort, View, flows, pressed, providers
from youtong.admin.panorama import FlowLine, Panorama, ProviderRow, provider_rows, stopped_flows
from youtong.queue.pace.suspensions import Suspension, SuspensionScope
from youtong.queue.storage.backlog_reads import FlowRow, WaitingSum


def after(*keys: str) -> View:
    view = View()
    for key in keys:
        found = pressed(view, key)
        assert isinstance(found, View)
        view = found
    return view


# -- keys -------------------------------------------------------------------------------------------------------------


def test_a_sort_key_sorts_and_the_same_again_turns_it_round() -> None:
    seen = panorama(30)
    assert [row.provider for row in providers(seen, after("n"))] == sorted(row.provider for row in seen.providers)
    assert providers(seen, after("w"))[0] == providers(seen, View(upside_down=True))[0]
    busiest = providers(seen, View())[0]
    assert busiest.waiting == max(row.waiting for row in seen.providers)


@pytest.mark.parametrize("sort", list(Sort))
def test_equal_lines_keep_their_order(sort: Sort) -> None:
    seen = panorama(40)
    shuffled = msgspec.structs.replace(seen, providers=tuple(reversed(seen.providers)))
    assert providers(seen, View(sort=sort)) == providers(shuffled, View(sort=sort))


def test_a_filter_is_typed_kept_and_dropped() -> None:
    typing = after("/", "1", "x", "\x7f", "9")
    assert typing.is_typing
    assert typing.words == "19"
    assert {row.provider for row in providers(panorama(30), typing)} == {"provider19"}
    kept = pressed(typing, "\r")
    assert kept == View(words="19")
    assert pressed(View(words="19"), "escape") == View()


def test_letters_of_a_filter_are_no_commands() -> None:
    assert after("/", "q", "s").words == "qs"


def test_the_other_list_is_of_streams_and_senders() -> None:
    view = after("s")
    assert view.shows_flows
    assert [line.waiting for line in flows(panorama(3), view)] == [120_000, 9_000, 2]
    assert [line.flow_id for line in flows(panorama(3), View(words="例子"))] == [2]


def test_q_ends_it_also_while_paused() -> None:
    assert isinstance(pressed(after("p"), "q"), Quit)
    assert isinstance(pressed(after("/"), "\x03"), Quit)


@given(
    st.lists(st.sampled_from(["w", "r", "c", "d", "n", "/", "escape", "p", "s", "up", "down", "page-down", "\r", "x"]))
)
def test_no_keys_lead_out_of_the_list(keys: list[str]) -> None:
    view = View()
    for key in keys:
        found = pressed(view, key)
        assert isinstance(found, View)
        view = found
    assert len(page(panorama(5), view, 80, 24)) == 24


def test_keys_that_send_several_characters_are_one_key() -> None:
    assert keys_of("w\x1b[Ax\x1b[6~\x1b[99;5Qq\x1b") == ["w", "up", "x", "page-down", "q", "escape"]


# -- the page ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["C", "zh_CN.UTF-8"])
@pytest.mark.parametrize("width", [20, 80, 99, 100, 200])
def test_every_line_fits_and_the_page_is_as_high_as_the_terminal(
    monkeypatch: pytest.MonkeyPatch, language: str, width: int
) -> None:
    monkeypatch.setenv("LC_ALL", language)
    for view in (View(), View(shows_flows=True), View(words="1", is_typing=True), View(is_paused=True, first=180)):
        lines = page(panorama(200), view, width, 24)
        assert len(lines) == 24
        assert max(cell_len(line.plain) for line in lines) <= width


@pytest.mark.parametrize("width", [80, 120])
def test_columns_stand_under_their_heads_whatever_the_names(width: int) -> None:
    seen = panorama(12)
    rows = [msgspec.structs.replace(row, provider="例子服务商" + row.provider) for row in seen.providers]
    lines = [line.plain for line in page(msgspec.structs.replace(seen, providers=tuple(rows)), View(), width, 12)]
    head = cell_len(lines[2][: lines[2].index("limited by")])
    reasons = [line for line in lines[3:] if "connections busy" in line]
    assert reasons
    assert {cell_len(line[: line.index("all 5")]) for line in reasons} == {head}


def test_80_columns_say_why() -> None:
    lines = [line.plain for line in page(panorama(4), View(), 80, 12)]
    assert any("20/min messages, free in 12 s" in line for line in lines)
    assert any("all 5 connections busy: default" in line for line in lines)
    assert any(f"stopped until {times.exact(AT_MS + 1_800_000, AT_MS)}: 42" in line for line in lines)


def test_a_provider_that_only_waits_for_its_time_says_for_which() -> None:
    rows = (ProviderRow("library", 4, due_ms=AT_MS + 60_000), ProviderRow("museum", 4, due_ms=AT_MS - 1))
    seen = Panorama(AT_MS, None, rows, ())
    lines = [line.plain for line in table(seen, View(), 120)][-2:]
    assert ["next attempt" in line for line in lines] == [True, False]


def test_what_is_of_stopped_streams_and_accounts_is_told_of_provider_and_flow() -> None:
    flows = {
        1: FlowRow(1, 7, "bulk", 9, "", "spring"),
        2: FlowRow(2, 8, "people", 0, "b.example", ""),
        3: FlowRow(3, 6, "people", 0, "c.example", ""),
    }
    stops = [
        Suspension(-9, SuspensionScope.STREAM, "9"),
        Suspension(1, SuspensionScope.ACCOUNT, "8"),
        Suspension(2, SuspensionScope.ACCOUNT, "6", stop=False, share=0.5),
    ]
    stopped = stopped_flows(flows, stops)
    assert stopped == {1, 2}
    sums = [WaitingSum("fast", flow, "bulk", 10 * flow) for flow in flows]
    (row,) = provider_rows(sums, (), (), stopped)
    line = FlowLine(1, "a", "bulk", "spring", "", 10, 1, is_stopped=True)
    seen = Panorama(AT_MS, None, (row,), (line,))
    assert table(seen, View(), 120)[-1].plain.endswith("30 of stopped streams or accounts")
    assert table(seen, View(shows_flows=True), 120)[-1].plain.endswith("spring  stopped")


def test_a_long_list_is_scrolled_and_says_where_it_is() -> None:
    first = [line.plain for line in page(panorama(200), View(), 80, 24)]
    later = [line.plain for line in page(panorama(200), View(first=100), 80, 24)]
    assert first[3].startswith("provider200")
    assert later[3].startswith("provider100")
    assert later[-1].startswith("101–120 of 200")
    last = [line.plain for line in page(panorama(200), View(first=10_000), 80, 24)]
    assert last[-2].startswith("provider1 ")


def test_without_a_server_it_says_so_and_shows_what_waits() -> None:
    seen = msgspec.structs.replace(panorama(3), owner=None)
    lines = [line.plain for line in page(seen, View(), 80, 10)]
    assert "the server is not running" in lines[1]
    assert "600 messages wait" in lines[1]


def test_a_printed_table_has_every_provider() -> None:
    lines = [line.plain for line in table(panorama(200), View(), 10_000)]
    assert sum(line.startswith("provider") for line in lines) == 201  # and the head


# -- the terminal -----------------------------------------------------------------------------------------------------


def test_only_lines_that_differ_are_written() -> None:
    painter = Painter()
    seen = panorama(200)
    whole = painter.paint(page(seen, View(), 120, 50), (120, 50))
    assert painter.paint(page(seen, View(), 120, 50), (120, 50)) == ""
    changed = msgspec.structs.replace(
        seen,
        providers=tuple(
            msgspec.structs.replace(row, connections=3) if row.provider == "provider190" else row
            for row in seen.providers
        ),
    )
    part = painter.paint(page(changed, View(), 120, 50), (120, 50))
    assert "provider190" in part
    assert "provider191" not in part
    assert len(part) < len(whole) / 10
    assert "\x1b[2J" not in part  # what would flicker


def test_another_size_is_painted_anew() -> None:
    painter = Painter()
    painter.paint(page(panorama(5), View(), 80, 24), (80, 24))
    assert painter.paint(page(panorama(5), View(), 100, 24), (100, 24)).count("\x1b[2J") == 1


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 90))
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


class Reader(threading.Thread):
    """Reads what is shown, so that the other end never waits; a test waits for words."""

    def __init__(self, fd: int) -> None:
        super().__init__(daemon=True)
        self._fd, self._seen, self._news = fd, "", threading.Condition()

    def run(self) -> None:
        while data := os.read(self._fd, 65536):
            with self._news:
                self._seen += data.decode(errors="replace")
                self._news.notify_all()
                if "\x1b[?1049l" in self._seen:
                    return

    def until(self, words: str) -> str:
        with self._news:
            assert self._news.wait_for(lambda: words in self._seen, timeout=20), self._seen[-2000:]
            seen, self._seen = self._seen, ""
            return seen


def _live(theirs: int, gather: Callable[[], object]) -> threading.Thread:
    feed = Feed(gather, 0.05)  # type: ignore[arg-type]
    running = threading.Thread(target=live, args=(feed, View(), Terminal(theirs, theirs)), daemon=True)
    running.start()
    return running


def test_in_a_terminal_keys_act_and_the_terminal_is_given_back(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    before = termios.tcgetattr(theirs)
    ticks = iter(range(1_000_000))
    running = _live(theirs, lambda: panorama(200, next(ticks) % 1000))
    shown = Reader(ours)
    shown.start()
    assert "\x1b[?1049h" in shown.until("provider200")
    os.write(ours, b"/199\r")
    shown.until("only: 199")
    os.write(ours, b"s")
    shown.until("stream or sender")
    os.write(ours, b"p")
    shown.until("paused")
    os.write(ours, b"q")
    shown.until("\x1b[?1049l")
    running.join(20)
    assert not running.is_alive()
    assert termios.tcgetattr(theirs) == before


def test_a_fault_gives_the_terminal_back_and_is_told(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    before = termios.tcgetattr(theirs)
    shown = Reader(ours)
    shown.start()

    def broken() -> object:
        raise OSError("the disk is gone")

    feed = Feed(broken, 0.05)  # type: ignore[arg-type]
    with pytest.raises(OSError, match="the disk is gone"):
        live(feed, View(), Terminal(theirs, theirs))
    shown.until("\x1b[?1049l")
    assert termios.tcgetattr(theirs) == before
