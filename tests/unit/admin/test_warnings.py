"""What can be used and will hardly do what somebody expects: told with its line, by `config check` and at the start."""

import errno
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from youtong.admin.cli.config import config as config_verbs
from youtong.admin.cli.serve_texts import cannot_keep_data, cannot_listen, welcome
from youtong.admin.config import Config, parse
from youtong.admin.warnings import warnings

MINIMAL = '[server]\nhostname = "mail.example.net"\n'
TRUSTING = "[submission]\ntrusted_networks = ['127.0.0.0/8']\n"
SOURCE = "[[source]]\nname = 'a'\naddress = '127.0.0.1'\nehlo = 'a.example.net'\n"


def parsed(text: str, folder: Path) -> Config:
    return parse(MINIMAL + text, folder / "youtong.toml")


def told(text: str, folder: Path, *accounts: str) -> list[tuple[int, str]]:
    return [(one.line, one.place) for one in warnings(parsed(text, folder), accounts.__contains__)]


def test_a_plain_configuration_has_nothing_to_look_at(tmp_path: Path) -> None:
    assert told(TRUSTING + SOURCE, tmp_path, "operator") == []


@pytest.mark.parametrize(
    ("text", "line", "place"),
    [
        (TRUSTING + "trusted_account = 'printer@example.net'\n", 5, "[submission] trusted_account"),
        (SOURCE + SOURCE.replace("127.0.0.1", "192.0.2.77").replace("'a'", "'b'"), 9, "[[source]] address"),
        (SOURCE + "address6 = '2001:db8::77'\n", 7, "[[source]] address6"),
        ("[inbound]\n", 3, "[inbound]"),
        ("[queue]\nforget_after_days = 89\n[inbound]\nlisten = []\n", 4, "[queue] forget_after_days"),
        ("[admin]\n", 3, "[admin]"),
        ("[tracking]\n", 3, "[tracking]"),
        ("[dns]\nlisten = '127.0.0.1:5353'\n", 3, "[dns]"),
    ],
)
def test_each_thing_to_look_at_has_its_line(text: str, line: int, place: str, tmp_path: Path) -> None:
    assert told(text, tmp_path, "operator") == [(line, place)]


def test_without_accounts_nothing_is_said_of_the_trusted_one(tmp_path: Path) -> None:
    config = parsed(TRUSTING + "trusted_account = 'printer@example.net'\n", tmp_path)
    assert warnings(config, None) == []


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    assert told("data_dir = 'deep/var'\n", tmp_path) == [(3, "[server] data_dir")]


def test_check_tells_them_and_calls_the_file_usable(tmp_path: Path) -> None:
    file = tmp_path / "youtong.toml"
    file.write_text(MINIMAL + "[tracking]\n")
    result = CliRunner().invoke(config_verbs, ["check", "--config", str(file)])
    assert (result.exit_code, result.output.splitlines()) == (
        0,
        [
            f"{file} has no faults.",
            "But look at:",
            "  line 3: [tracking]: nothing listens there yet: this part comes with a later version",
        ],
    )
    result = CliRunner().invoke(config_verbs, ["check", "--json", "--config", str(file)])
    assert [(one["line"], one["place"]) for one in json.loads(result.output)] == [(3, "[tracking]")]


def test_the_start_says_what_becomes_of_inbound_mail(tmp_path: Path) -> None:
    config = parsed("[inbound]\n", tmp_path)
    assert "  line 3: [inbound]: mail to any address of an account's domain is accepted and kept here, and not " \
        "forwarded yet" in welcome(config, None, warnings(config, None)).splitlines()  # fmt: skip


def test_an_address_of_another_machine_is_named_with_key_and_line(tmp_path: Path) -> None:
    config = parsed("[submission]\nlisten = '192.0.2.77:7587'\n", tmp_path)
    assert cannot_listen(config, OSError(errno.EADDRNOTAVAIL, "not ours")).endswith(
        "line 4: [submission] listen: cannot listen at 192.0.2.77:7587, because this machine does not have that address"
    )


def test_a_data_folder_that_cannot_be_made_is_named_with_key_and_line(tmp_path: Path) -> None:
    config = parsed("data_dir = '/proc/youtong'\n", tmp_path)
    assert cannot_keep_data(config, OSError(errno.EACCES, "Permission denied")).endswith(
        "line 3: [server] data_dir: cannot keep data in /proc/youtong: Permission denied"
    )
