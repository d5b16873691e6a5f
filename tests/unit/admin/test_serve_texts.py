"""What `youtong serve` says at its start."""

from pathlib import Path

import pytest
from youtong.admin.cli.serve_texts import welcome
from youtong.admin.config import parse


@pytest.mark.parametrize(
    ("networks", "named"),
    [
        ("'127.0.0.0/8', '10.1.0.0/16', '100.64.0.0/10', 'fd00::/8'", ""),
        ("'10.1.0.0/16', '8.8.8.0/24', '128.0.0.0/1'", "8.8.8.0/24, 128.0.0.0/1"),
        ("'2a00::/16'", "2a00::/16"),
    ],
)
def test_public_addresses_that_need_no_password_are_named_in_one_line(
    networks: str, named: str, tmp_path: Path
) -> None:
    text = f"[server]\nhostname = 'mail.example.net'\n[submission]\ntrusted_networks = [{networks}]\n"
    lines = welcome(parse(text, tmp_path / "youtong.toml"), None).splitlines()
    warnings = [line for line in lines if "without a password" in line]
    assert [named in line for line in warnings] == ([True] if named else [])
    assert not any("10.1.0.0" in line for line in warnings)
