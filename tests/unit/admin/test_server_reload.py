"""Reload: all or nothing, and every refusal is a sentence for who asked."""

from pathlib import Path

import pytest
from youtong.admin.certificate import ensure_certificate
from youtong.admin.config import load
from youtong.admin.control import Refused
from youtong.admin.serve import OwnerServer


def test_a_broken_dkim_key_refuses_a_reload_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "youtong.toml"
    path.write_text('[server]\nhostname = "mx.example.org"\n')
    config = load(path)
    ensure_certificate(config)
    key = config.server.data_dir / "dkim" / "example.org" / "s1.pem"
    key.parent.mkdir(parents=True)
    key.write_text("no key")
    with pytest.raises(Refused, match=r"nothing was changed: The DKIM key .*s1\.pem"):
        OwnerServer(config).reload()
