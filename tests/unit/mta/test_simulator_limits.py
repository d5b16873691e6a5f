"""Windows of both kinds, numbers drawn from a seed, and limits that change while the simulator runs."""

import pytest
from fakes.clock import FakeClock
from fakes.running import until
from fakes.simulated import Talk, ask, one_provider, simulated
from youtong.mta.simulator.drawing import drawn
from youtong.mta.simulator.reading import SettingsError, read_settings
from youtong.mta.simulator.windows import FixedWindow

WINDOW = '[[provider.window]]\ncounts = "messages"\nrate = "{rate}"\nreply = "450 4.7.1 slow down"\n'


def windows_of(text: str):
    return [(each.most, each.seconds) for each in read_settings(text).provider[0].window]


def test_fixed_window_forgets_at_its_end_and_not_before() -> None:
    window = FixedWindow(2, 60.0, "UTC")
    assert [window.admit("", at) for at in (100.0, 119.0, 119.9, 120.0)] == [True, True, False, True]


def test_fixed_window_of_a_day_begins_at_midnight_of_its_zone() -> None:
    window = FixedWindow(1, 86400.0, "Asia/Shanghai")
    midnight = 1_700_064_000.0  # in Shanghai
    assert [window.admit("", midnight + at) for at in (-1.0, 0.0, 8 * 3600.0)] == [True, True, False]


@pytest.mark.parametrize(
    ("rate", "most", "seconds"),
    [("600/min", 600, 60), ("5 / 10 s", 5, 10), ("100/h", 100, 3600), ("2/0.5s", 2, 0.5), ("9/day", 9, 86400)],
)
def test_rate_is_most_and_seconds(rate: str, most: int, seconds: float) -> None:
    assert windows_of(one_provider(WINDOW.format(rate=rate))) == [(most, seconds)]


@pytest.mark.parametrize("rate", ["600", "fast", "5/fortnight", "/min"])
def test_rate_that_is_none_is_a_fault_with_its_line(rate: str) -> None:
    text = one_provider(WINDOW.format(rate=rate))
    with pytest.raises(SettingsError) as refused:
        read_settings(text)
    ((line, what),) = refused.value.faults
    assert text.splitlines()[line - 1].startswith("rate = ")
    assert "a rate is written" in what


def test_numbers_are_drawn_from_the_seed_and_stay_in_their_range() -> None:
    text = one_provider(WINDOW.format(rate="5..50/2..10 s") + '[provider.limits]\nconnections_at_once = "2..6"\n')
    seeds = [text.replace("[simulator]\n", f"[simulator]\nseed = {seed}\n") for seed in range(40)]
    drawings = [(*windows_of(each)[0], read_settings(each).provider[0].limits.connections_at_once) for each in seeds]
    assert windows_of(seeds[7]) == windows_of(seeds[7])
    assert len(set(drawings)) > 20
    assert all(5 <= most <= 50 and 2 <= seconds <= 10 and 2 <= at_once <= 6 for most, seconds, at_once in drawings)


def test_a_providers_numbers_do_not_depend_on_its_neighbours() -> None:
    table = {"name": "p", "window": [{"rate": "1..1000000/s"}]}
    other = {"name": "q", "window": [{"rate": "1..1000000/s"}]}
    assert drawn(table, 3) == drawn(table, 3)
    assert drawn(table, 3)["window"] != drawn(other, 3)["window"]


def test_a_time_zone_that_is_none_is_a_fault() -> None:
    with pytest.raises(SettingsError, match="Mars/Olympus"):
        read_settings(one_provider(WINDOW.format(rate="1/day") + 'kind = "fixed"\nzone = "Mars/Olympus"\n'))


@pytest.mark.parametrize("key", ["domains", "window.3.most", "limits.colour"])
def test_a_change_that_cannot_be_is_a_fault_before_its_time(key: str) -> None:
    change = f'[[provider.change]]\nafter_seconds = 30\nset = {{ "{key}" = 2 }}\n'
    with pytest.raises(SettingsError) as refused:
        read_settings(one_provider(WINDOW.format(rate="1/s") + change))
    assert refused.value.faults[0][0] > 0


async def test_limit_changes_and_what_was_counted_stays() -> None:
    clock = FakeClock()
    async with simulated(one_provider(WINDOW.format(rate="3/min")), clock) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        codes = [(await talk.recipient("u@p.test"))[:3] for _ in range(2)]
        assert (await ask(simulator, do="set", provider="p", **{"window.0.most": 1}))["ok"]
        codes.append((await talk.recipient("u@p.test"))[:3])
        await ask(simulator, do="set", provider="p", **{"window.0.most": 3})
        codes += [(await talk.recipient("u@p.test"))[:3] for _ in range(2)]
        await talk.close()
        assert codes == ["250", "250", "450", "250", "450"]


async def test_limits_change_by_the_files_timetable() -> None:
    change = '[[provider.change]]\nafter_seconds = 0.05\nset = { "limits.connections_at_once" = 2 }\n'
    async with simulated(one_provider(change)) as simulator:
        provider = simulator.providers["p"]
        assert provider.limits.connections_at_once == 0

        async def has_changed() -> bool:
            return provider.limits.connections_at_once == 2

        await until(has_changed, "the limit never changes")
        assert [settings.limits.connections_at_once for _, settings in provider.log.settings] == [0, 2]


async def test_the_judge_answers_over_the_control_socket() -> None:
    async with simulated(one_provider(WINDOW.format(rate="2/min"))) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        for _ in range(3):
            await talk.recipient("u@p.test")
        await talk.close()
        (own,) = (await ask(simulator, ask="judge", provider="p"))["findings"]
        assert (own["worst"], own["events"], own["bound"]["most"]) == (3, 3, 2)
        hidden = {"what": "mails", "most": 5, "seconds": 60}
        (other,) = (await ask(simulator, ask="judge", provider="p", bounds=[hidden]))["findings"]
        assert (other["worst"], other["bound"]["most"]) == (3, 5)
        assert not (await ask(simulator, ask="judge", provider="p", bounds=[{"what": "luck"}]))["ok"]
