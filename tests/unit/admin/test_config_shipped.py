"""conf/youtong.toml says exactly what the dataclasses say, and the first start writes it."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from youtong.admin.config import load
from youtong.admin.config.first_start import first_start, machine_name, shipped_text
from youtong.admin.config.sections import REPEATED, SECTIONS, keys_of
from youtong.admin.config.showing import settings

EXAMPLES = {"certificate_file", "key_file", "hostname"}  # written as an example, since they have no default


def uncommented() -> dict[str, Any]:
    """The file with every default switched on: a "#" directly before a key or section is taken away."""
    return tomllib.loads(re.sub(r"^#(?=[\[\w])", "", shipped_text("mail.example.net"), flags=re.MULTILINE))


def test_the_shipped_file_has_every_section_and_key_in_order() -> None:
    document = uncommented()
    assert list(document) == list(SECTIONS)
    for name, section in SECTIONS.items():
        table = document[name][0] if name in REPEATED else document[name]
        assert list(table) == [key.name for key in keys_of(section)], name


def test_the_shipped_file_shows_the_true_defaults() -> None:
    document = uncommented()
    for name in SECTIONS.keys() - REPEATED.keys():
        for key in keys_of(SECTIONS[name]):
            if not key.is_required and key.name not in EXAMPLES:
                assert document[name][key.name] == key.written, f"[{name}] {key.name}"


def test_every_key_is_explained_by_a_comment_above_it() -> None:
    lines = shipped_text("x").splitlines()
    for above, line in pairwise(lines):
        key = re.match(r"#?(\w+) = ", line)
        if key and not re.match(r"#?(\w+ = |\[\[)", above):
            assert above.startswith("# "), line


def test_only_the_hostname_is_switched_on() -> None:
    document = tomllib.loads(shipped_text("mail.example.net"))
    assert {name: table for name, table in document.items() if table} == {"server": {"hostname": "mail.example.net"}}


def test_first_start_writes_a_file_that_loads(tmp_path: Path) -> None:
    path = tmp_path / "youtong.toml"
    assert first_start(path)
    config = load(path)
    assert config.server.hostname == machine_name()
    assert [setting.key for setting in settings(config) if setting.differs] == ["hostname"]


def test_first_start_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "youtong.toml"
    path.write_text("mine")
    assert not first_start(path)
    assert path.read_text() == "mine"


def test_show_gives_values_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "youtong.toml"
    path.write_text(
        "[server]\nhostname='a.example'\nstop_seconds=5\n[submission]\nmemory='1024 KiB'\nlisten=['127.0.0.1:1']\n"
        "[tls]\n[inbound]\n[delivery]\ndns_servers=['[::1]:53']\n"
    )
    shown = {f"{one.section} {one.key}": one.value for one in settings(load(path)) if one.differs}
    assert shown == {
        "[server] hostname": "a.example",
        "[server] stop_seconds": 5,
        "[submission] listen": ["127.0.0.1:1"],
        "[submission] memory": "1 MiB",
        "[delivery] dns_servers": ["[::1]:53"],
    }


@pytest.mark.parametrize(
    ("full", "short", "expected"),
    [
        ("mail.youtong.cn", "mail", "mail.youtong.cn"),
        ("localhost", "mail.youtong.cn", "mail.youtong.cn"),
        ("localhost.localdomain", "box", "box"),
        ("localhost", "my_box", "localhost"),
        ("localhost", "localhost", "localhost"),
    ],
)
def test_the_machines_name_is_its_fullest(
    full: str, short: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.getfqdn", lambda: full)
    monkeypatch.setattr("socket.gethostname", lambda: short)
    assert machine_name() == expected
