"""The configuration file: what it gives, and that every fault is listed with its line."""

from ipaddress import ip_network
from pathlib import Path

import pytest
from youtong.admin.config import AddressFamily, Config, ConfigError, Endpoint, Server, load, parse

MINIMAL = '[server]\nhostname = "mail.example.net"\n'


def faults_of(text: str, folder: Path) -> list[tuple[int, str]]:
    with pytest.raises(ConfigError) as raised:
        parse(text, folder / "youtong.toml")
    return [(fault.line, str(fault)) for fault in raised.value.faults]


def test_a_minimal_file_gives_every_default(tmp_path: Path) -> None:
    config = parse(MINIMAL, tmp_path / "youtong.toml")
    assert config.server == Server(hostname="mail.example.net", data_dir=tmp_path / "var")
    assert config.submission.listen == (Endpoint("127.0.0.1", 5587),)
    assert (config.submission.memory, config.submission.max_message_size) == (64 * 2**20, 25 * 2**20)
    assert (config.delivery.port, config.delivery.workers, config.delivery.enabled) == (25, 0, True)
    assert config.delivery.address_family is AddressFamily.PREFER_IPV4
    assert config.folder == tmp_path


def test_a_missing_section_switches_its_listener_off(tmp_path: Path) -> None:
    off = parse(MINIMAL, tmp_path / "y.toml")
    assert (off.inbound, off.admin, off.tracking, off.dns) == (None, None, None, None)
    on = parse(MINIMAL + "[inbound]\n[admin]\n[tracking]\n[dns]\nlisten = '127.0.0.1:53'\n", tmp_path / "y.toml")
    assert None not in (on.inbound, on.admin, on.tracking, on.dns)


def test_values_are_read_in_their_kinds(tmp_path: Path) -> None:
    (tmp_path / "s1.pem").touch()
    text = MINIMAL + (
        "[submission]\nlisten = ['127.0.0.1:587', '[::1]:587']\nlisten_tls = []\nmemory = '1 GiB'\n"
        "trusted_networks = ['10.0.0.0/8', '::1/128']\n"
        "[delivery]\ndns_servers = ['127.0.0.53:53']\nredirect_all_to = 'localhost:2525'\n"
        "[[dkim]]\ndomain = 'Example.COM'\nselector = 's1'\nkey_file = 's1.pem'\n"
        "[[source]]\nname = 'a'\naddress = '192.0.2.1'\nehlo = 'a.example.com'\n"
        "[[source]]\nname = 'b'\naddress = '2001:DB8::1'\nehlo = 'b.example.com'\n"
    )
    config = parse(text, tmp_path / "y.toml")
    assert config.submission.listen == (Endpoint("127.0.0.1", 587), Endpoint("::1", 587))
    assert config.submission.listen_tls == ()
    assert config.submission.memory == 2**30
    assert config.submission.trusted_networks == (ip_network("10.0.0.0/8"), ip_network("::1/128"))
    assert config.delivery.redirect_all_to == Endpoint("localhost", 2525)
    assert (config.dkim[0].domain, config.dkim[0].key_file) == ("example.com", tmp_path / "s1.pem")
    assert [source.address for source in config.source] == ["192.0.2.1", "2001:db8::1"]


def test_all_faults_are_listed_with_their_lines(tmp_path: Path) -> None:
    text = (
        '[server]\nhostnme = "x"\n'
        "[submision]\nlisten = 3\n"
        '[delivery]\nport = "25"\nredirect_all_to = "nowhere"\n'
        '[submission]\nlisten = "5587"\nmemory = "3 megs"\ntrusted_networks = ["10.0.0.1/8"]\n'
        '[[source]]\nname = "a"\n'
        '[[source]]\nname = "b"\naddress = "mail"\nehlo = "b c"\n'
        '[tls]\ncertificate_file = "none.pem"\nkey_file = "."\n'
    )
    found = faults_of(text, tmp_path)
    assert [line for line, _ in found] == [1, 2, 3, 6, 7, 9, 10, 11, 12, 12, 16, 17, 19, 20]
    said = "\n".join(sentence for _, sentence in found)
    assert "[server] hostname: is missing" in said
    assert "hostnme: is no key of this section, did you mean hostname?" in said
    assert "[submision]: is no section, did you mean [submission]?" in said
    assert f"cannot read {tmp_path / 'none.pem'}" in said


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("server", "stop_seconds = '3'"),
        ("server", "stop_seconds = true"),
        ("server", "data_dir = ''"),
        ("server", "operator_address = 'postmaster'"),
        ("submission", "max_message_size = 25"),
        ("submission", "max_message_size = '0 MiB'"),
        ("submission", "listen = 'mail.example.net:587'"),
        ("submission", "listen = '127.0.0.1:70000'"),
        ("submission", "trusted_networks = '127.0.0.0/8'"),
        ("submission", "trusted_networks = ['10.0.0.0/8', '0.0.0.0/0']"),
        ("submission", "trusted_networks = ['::/0']"),
        ("delivery", "enabled = 'yes'"),
        ("delivery", "enabled = 1"),
        ("delivery", "port = 0"),
        ("delivery", "workers = 1.5"),
        ("delivery", "address_family = 'ipv5'"),
        ("admin", "base_url = 'mail.example.net'"),
    ],
)
def test_a_wrong_type_or_unit_is_one_fault_at_its_line(section: str, line: str, tmp_path: Path) -> None:
    text = f"{MINIMAL}{line}\n" if section == "server" else f"{MINIMAL}[{section}]\n{line}\n"
    ((number, sentence),) = faults_of(text, tmp_path)
    assert number == len(text.splitlines())
    assert sentence.startswith(f"[{section}] {line.partition(' ')[0]}: ")


def test_a_section_that_stands_twice_is_named_with_both_lines(tmp_path: Path) -> None:
    found = faults_of(MINIMAL + "[delivery]\n[tls]\n[delivery]\n", tmp_path)
    assert found == [(5, "[delivery]: stands a second time (first at line 3)")]


def test_broken_toml_is_one_fault_at_its_line(tmp_path: Path) -> None:
    ((line, sentence),) = faults_of(MINIMAL + "[delivery]\nport 25\n", tmp_path)
    assert line == 4
    assert sentence.startswith("is no valid TOML: ")


def test_a_certificate_without_its_key_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "c.pem").touch()
    ((line, sentence),) = faults_of(MINIMAL + "[tls]\ncertificate_file = 'c.pem'\n", tmp_path)
    assert (line, "go together" in sentence) == (4, True)


def test_a_single_section_written_as_several_and_the_other_way_round(tmp_path: Path) -> None:
    found = faults_of(MINIMAL + "[[delivery]]\n[source]\nname = 'a'\n", tmp_path)
    assert [line for line, _ in found] == [3, 4]


def test_two_sources_of_one_name_are_a_fault(tmp_path: Path) -> None:
    one = "[[source]]\nname = 'a'\naddress = '192.0.2.1'\nehlo = 'a.example.com'\n"
    ((line, sentence),) = faults_of(MINIMAL + one + one, tmp_path)
    assert (line, sentence) == (8, "[[source]] name: is the same as in an earlier [[source]]")


def test_a_data_dir_below_a_file_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "var").touch()
    ((line, sentence),) = faults_of(MINIMAL, tmp_path)
    assert (line, "cannot be a folder" in sentence) == (1, True)


def test_a_missing_file_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path / "none.toml")
    assert len(str(raised.value).splitlines()) == 1
    assert "there is no such file" in str(raised.value)


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "y.toml"
    path.write_bytes(b"[server]\nhostname = '\xff'\n")
    with pytest.raises(ConfigError, match="line 2: is not UTF-8 text"):
        load(path)


def test_the_self_signed_pair_lies_in_data_dir(tmp_path: Path) -> None:
    config = parse(MINIMAL, tmp_path / "y.toml")
    assert config.certificate_file.parent == config.key_file.parent == tmp_path / "var" / "tls"


def test_public_names_and_names_that_nobody_can_look_up() -> None:
    def is_public(name: str) -> bool:
        return Config(server=Server(hostname=name)).has_public_hostname

    assert [name for name in ("mail.youtong.cn", "mx1.test.de", "examples.com") if not is_public(name)] == []
    unknown = ("localhost", "vm", "mail.example.com", "a.test", "mail.local", "x.internal", "10.0.0.1", "example")
    assert [name for name in unknown if is_public(name)] == []


@pytest.mark.parametrize(
    ("listen", "again"),
    [
        ("'127.0.0.1:2525'", "'127.0.0.1:2525'"),
        ("'0.0.0.0:2525'", "'127.0.0.1:2525'"),
        ("['127.0.0.1:2526', 'localhost:2525']", "'[::1]:2525'"),
        ("'[::]:2525'", "'localhost:2525'"),
    ],
)
def test_the_same_port_twice_is_a_fault_of_the_second_key(listen: str, again: str, tmp_path: Path) -> None:
    text = f"{MINIMAL}[submission]\nlisten = {listen}\n[inbound]\nlisten = {again}\n"
    ((line, fault),) = faults_of(text, tmp_path)
    assert line == 6
    assert fault.startswith("[inbound] listen: listens at ")
    assert "as [submission] listen does already" in fault


@pytest.mark.parametrize("again", ["'127.0.0.2:2525'", "'[::]:2525'", "'127.0.0.1:2526'", "[]"])
def test_another_address_or_port_is_no_fault(again: str, tmp_path: Path) -> None:
    text = f"{MINIMAL}[submission]\nlisten = '127.0.0.1:2525'\n[inbound]\nlisten = {again}\n"
    assert parse(text, tmp_path / "y.toml").inbound is not None


def test_a_free_port_may_be_asked_for_often(tmp_path: Path) -> None:
    text = f"{MINIMAL}[submission]\nlisten = ['127.0.0.1:0', '127.0.0.1:0']\nlisten_tls = '127.0.0.1:0'\n"
    assert len(parse(text, tmp_path / "y.toml").submission.listen) == 2
