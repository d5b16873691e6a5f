"""The children's configuration is the one in force, whatever the file says meanwhile."""

import stat
from pathlib import Path

from youtong.admin import snapshot
from youtong.admin.config import load


def test_a_child_reads_what_the_owner_took_into_use(tmp_path: Path) -> None:
    file = tmp_path / "youtong.toml"
    file.write_text('[server]\nhostname = "mta.example.org"\n')
    config = load(file)
    snapshot.write(config)
    file.write_text("broken")
    assert snapshot.read(*snapshot.arguments(config)) == config


def test_relative_paths_start_at_the_operators_folder(tmp_path: Path) -> None:
    file = tmp_path / "youtong.toml"
    file.write_text('[server]\nhostname = "mta.example.org"\ndata_dir = "elsewhere"\n')
    config = load(file)
    snapshot.write(config)
    assert snapshot.read(*snapshot.arguments(config)).server.data_dir == tmp_path / "elsewhere"


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "youtong.toml"
    file.write_text('[server]\nhostname = "mta.example.org"\n')
    config = load(file)
    snapshot.write(config)
    assert stat.S_IMODE(Path(snapshot.arguments(config)[0]).stat().st_mode) == 0o600


def test_rules_that_say_something_else_are_named(tmp_path: Path) -> None:
    file = tmp_path / "youtong.toml"
    file.write_text('[server]\nhostname = "mta.example.org"\n')
    config = load(file)
    snapshot.write(config)
    assert snapshot.write_rules(config) == set()
    (tmp_path / "bounces.toml").write_text("one")
    assert snapshot.write_rules(config) == {"bounces.toml"}
    (tmp_path / "bounces.toml").write_text("one")
    assert snapshot.write_rules(config) == set()
    (tmp_path / "bounces.toml").unlink()
    assert snapshot.write_rules(config) == {"bounces.toml"}
    assert not snapshot.path_of(config).with_name("bounces.toml").exists()
