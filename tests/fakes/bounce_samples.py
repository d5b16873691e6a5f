"""Messages that came back, with what they are: our own in tests/reports, and the test data of flufl.bounce.

Those of flufl.bounce are not ours and stay out of the repository: `make components` fetches its source distribution
into build/. A third of them was never looked at while rules were written (`is_held_out`).
"""

import hashlib
import tarfile
import tomllib
from functools import cache
from pathlib import Path

import msgspec

from .components import BUILD, missing

OWN = Path(__file__).parents[1] / "reports"
BLIND = OWN / "blind"
_ARCHIVE = BUILD / "flufl" / "flufl.bounce-4.0.tar.gz"
_LABELS = OWN / "flufl.toml"


class Sample(msgspec.Struct, frozen=True):
    """One message, and what a careful reader says that it is."""

    name: str
    octets: bytes
    sort: str
    recipients: frozenset[str] = frozenset()
    category: str = ""
    new_address: str = ""
    kinds: dict[str, str] = {}  # hard or soft, for those recipients of whom that is decided


@cache
def own_samples() -> tuple[Sample, ...]:
    """Ours."""
    labels = tomllib.loads((OWN / "labels.toml").read_text())
    return tuple(_sample(name, (OWN / name).read_bytes(), label) for name, label in labels.items())


@cache
def blind_samples() -> tuple[Sample, ...]:
    """Ours too, written by someone who had read neither the readers nor the rules."""
    labels = tomllib.loads((BLIND / "labels.toml").read_text())
    return tuple(_sample(name, (BLIND / name).read_bytes(), label) for name, label in labels.items())


@cache
def flufl_samples() -> tuple[Sample, ...]:
    """Those of flufl.bounce; skips the test where they were not fetched (fails in CI)."""
    if not _ARCHIVE.exists():
        missing(f"the source distribution of flufl.bounce is not there (make components puts it at {_ARCHIVE.name})")
    labels = tomllib.loads(_LABELS.read_text())
    with tarfile.open(_ARCHIVE) as archive:
        members = {Path(member.name).name: member for member in archive if "/tests/data/" in member.name}
        files = {name: archive.extractfile(members[name]) for name in labels}
        return tuple(_sample(name, file.read(), labels[name]) for name, file in files.items() if file is not None)


def is_held_out(name: str) -> bool:
    """Whether nobody looked at this sample of flufl.bounce while the rules were written."""
    return hashlib.sha256(name.encode()).digest()[0] % 3 == 0


def _sample(name: str, octets: bytes, label: dict[str, object]) -> Sample:
    named = {address.casefold() for address in msgspec.convert(label.get("recipients", []), list[str])}
    text = {key: str(label.get(key, "")) for key in ("sort", "category", "new_address")}
    kinds = {
        address.casefold(): kind for address, kind in msgspec.convert(label.get("kinds", {}), dict[str, str]).items()
    }
    return Sample(name, octets, recipients=frozenset(named), kinds=kinds, **text)
