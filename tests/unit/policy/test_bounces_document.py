"""docs/bounces.md says of every category what the shipped rules say."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
_ROW = re.compile(r"^\| (hard|soft) \| ([\w-]+) \| (\w+) \| (.+) \|$", re.MULTILINE)


def test_the_document_has_every_category_with_its_kind_blame_and_action() -> None:
    categories = tomllib.loads((ROOT / "conf" / "bounces.toml").read_text("utf-8"))["category"]
    written = {
        name: (kind, blame, action)
        for kind, blame, action, names in _ROW.findall((ROOT / "docs" / "bounces.md").read_text("utf-8"))
        for name in re.findall(r"`([\w-]+)`", names)
    }
    assert written == {name: (each["kind"], each["blame"], each["action"]) for name, each in categories.items()}
