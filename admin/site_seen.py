"""What the owner says of one domain or provider, in answer to `site`, for both ends.

Owns   the values, and which shaping rule made a domain part of a provider.
Knows  neither how they are read off the owner (owner_sites) nor a sentence.
"""

from collections.abc import Sequence

import msgspec

from ..policy.shaping.file import SHIPPED
from ..policy.shaping.reading import ShapingFile
from ..policy.shaping.sections import Section
from ..queue.limits import EgressLimits
from ..queue.pace.suspensions import Suspension
from .figures import LaneFigures, ProviderRests
from .waits import DomainSeen


class Ruling(msgspec.Struct, frozen=True):
    """Why a domain belongs to a provider. `place` "": no rule names it, it is its own provider."""

    provider: str
    place: str = ""  # "shaping.toml:41 [provider.google] domains"
    matched: str = ""  # the domain or MX suffix of the rule
    fact: str = ""  # where the rule's numbers come from


class SourceLimits(msgspec.Struct, frozen=True):
    """The numbers in force from one source."""

    source: str
    limits: EgressLimits


class SiteSeen(msgspec.Struct, frozen=True):
    """The owner's answer, or what is known without it (`lanes` empty, `domain` None)."""

    ruling: Ruling
    limits: tuple[SourceLimits, ...]
    domain: DomainSeen | None = None
    lanes: tuple[LaneFigures, ...] = ()
    suspensions: tuple[Suspension, ...] = ()
    rests: ProviderRests | None = None
    flows_1m: tuple[tuple[int, int], ...] = ()  # flows and their MAILs, wherever they went


def ruling(file: ShapingFile, provider: str, domain: str, hosts: Sequence[str]) -> Ruling:
    """How the file names `provider`; `domain` "" when a provider was asked for by its name."""
    section = file.providers.get(provider)
    if section is None:
        return Ruling(provider)
    if domain in section.domains:
        return _by(section, "domains", domain)
    suffixes = [each for each in section.mx if hosts and f".{hosts[0]}".endswith(f".{each}")]
    if suffixes:
        return _by(section, "mx", max(suffixes, key=len))
    return _by(section, "mx" if section.mx else "domains", "")


def _by(section: Section, key: str, matched: str) -> Ruling:
    label = "shipped shaping.toml" if section.path == SHIPPED else "shaping.toml"
    line = section.lines.get(key, 0)
    return Ruling(section.name, f"{label}:{line} [provider.{section.name}] {key}", matched, section.fact)
