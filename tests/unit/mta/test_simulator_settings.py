"""Reading conf/simulator.toml: every fault has its line."""

from pathlib import Path

import pytest
import youtong
from fakes.simulated import one_provider
from youtong.mta.simulator.behaviours import (
    Certificate,
    Deed,
    Expectation,
    NameBehaviour,
    Pipelined,
    ReplyStyle,
    Stage,
    StartTls,
    TlsVersions,
)
from youtong.mta.simulator.domains import expand
from youtong.mta.simulator.reading import SettingsError, load_settings, read_settings
from youtong.mta.simulator.settings import parse_reply
from youtong.mta.simulator.windows import SlidingWindow, peak

SHIPPED = Path(youtong.__file__).parent / "conf" / "simulator.toml"
RECEIVERS = Path(__file__).parents[2] / "scenario" / "receivers.toml"


@pytest.mark.parametrize(
    ("words", "of"),
    [
        (NameBehaviour, lambda each: {each.dns}),
        (StartTls, lambda each: {each.dialog.starttls}),
        (Certificate, lambda each: {each.dialog.certificate}),
        (TlsVersions, lambda each: {each.dialog.tls_versions}),
        (Pipelined, lambda each: {each.dialog.pipelined}),
        (ReplyStyle, lambda each: {each.dialog.replies}),
        (Stage, lambda each: {rule.at for rule in each.rule}),
        (Deed, lambda each: {rule.do for rule in each.rule}),
        (Expectation, lambda each: set(each.expect.values())),
    ],
)
def test_every_behaviour_is_shown_by_the_shipped_file_or_met_by_the_scenario(words, of):
    providers = load_settings(SHIPPED).provider + load_settings(RECEIVERS).provider
    assert set().union(*map(of, providers)) == set(words)


def test_shipped_file_has_many_domains():
    settings = load_settings(SHIPPED)
    assert sum(len(expand(pattern)) for each in settings.provider for pattern in each.domains) > 130


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("keep_log = 100000", "keep_lag = 100000", "keep_lag"),
        ("messages_per_connection = 50", "messages_per_conection = 50", "messages_per_conection"),
        ('starttls = "garbage"', 'starttls = "gargle"', "gargle"),
        ("times = 3", 'times = "x"', "Expected `int`"),
        ('address = "127.70.9.1"', 'adress = "127.70.9.1"', "adress"),
    ],
)
def test_fault_is_told_with_its_line(right, wrong, told):
    text = SHIPPED.read_text(encoding="utf-8")
    assert text.count(right) == 1
    with pytest.raises(SettingsError) as caught:
        read_settings(text.replace(right, wrong))
    ((line, what),) = caught.value.faults
    assert told in what
    assert wrong in text.replace(right, wrong).splitlines()[line - 1]


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        ('[[provider.rule]]\nat = "rcpt"\nreply = "No such user"', "is no reply"),
        ('[[provider.rule]]\nat = "rcpt"\nreply = "550 kein Benutzer für dich"', "ASCII"),
        ('[[provider.window]]\ncounts = "messages"\nmost = 0\nseconds = 1\nreply = "450 x"', "most"),
    ],
)
def test_behaviour_that_cannot_be_is_refused(behaviour, told):
    with pytest.raises(SettingsError, match=told):
        read_settings(one_provider(behaviour))


def test_simulator_listens_on_loopback_only():
    with pytest.raises(SettingsError, match="never leaves this machine"):
        read_settings(one_provider(address="8.8.8.8"))


@pytest.mark.parametrize("line", ['dns = "0.0.0.0:5300"', 'dns = "[::]:5300"', 'control = "192.0.2.1:2526"'])
def test_name_server_and_control_socket_of_the_simulator_stay_on_loopback_too(line):
    with pytest.raises(SettingsError, match=r"line 3: .*never leaves this machine"):
        read_settings(f"# mine\n[simulator]\n{line}\n")


@pytest.mark.parametrize("line", ['dns = "[::1]:0"', 'control = ""', 'control = "unix:run/s.sock"'])
def test_loopback_and_socket_files_are_fine_for_the_simulator(line):
    read_settings(f"[simulator]\n{line}\n")


def test_name_domain_and_address_belong_to_one_provider_only():
    second = one_provider().partition("[[provider]]")[2]
    with pytest.raises(SettingsError) as caught:
        read_settings(f"{one_provider()}\n[[provider]]{second}")
    assert [what.split()[1] for _, what in caught.value.faults] == ["address", "domain", "domain", "provider"]


def test_broken_toml_is_one_fault():
    with pytest.raises(SettingsError):
        read_settings("[simulator")


def test_range_of_domains_keeps_its_width():
    assert expand("dom{008..011}.test") == ["dom008.test", "dom009.test", "dom010.test", "dom011.test"]


@pytest.mark.parametrize("pattern", ["dom{5..1}.test", "dom{0..100000}.test", "do m.test"])
def test_what_is_no_domain_pattern_is_refused(pattern):
    with pytest.raises(ValueError):
        expand(pattern)


def test_reply_of_several_lines_is_read():
    assert parse_reply("550 5.1.1 one\n5.1.1 two").lines == ("one", "two")
    assert parse_reply("550 5.1.1 one\n550 5.1.1 two").lines == ("one", "two")


def test_window_admits_no_more_than_its_number_in_any_interval():
    window = SlidingWindow(2, 10.0)
    admitted = [time for time in (0.0, 1.0, 2.0, 9.9, 10.0, 10.5, 11.0, 20.0) if window.admit("x", time)]
    assert admitted == [0.0, 1.0, 10.0, 11.0, 20.0]
    assert peak(admitted, 10.0) == 2


def test_peak_is_the_most_in_any_window():
    assert peak([0.0, 1.0, 9.0, 10.0, 10.5], 10.0) == 4
    assert peak([], 10.0) == 0
