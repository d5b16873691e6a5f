"""Patterns of addresses that are not written to: a domain, its sub-domains, local parts with a star.

Owns   reading what a person wrote, and finding the patterns that an address fits.
Knows  no reason and no row. Pure.

    example.com        every address of the domain
    *.example.com      every address of its sub-domains, not of itself
    no*@example.com    local parts that begin so; a star stands for any run of characters
    postmaster@*       the local part at every domain; also postmaster@*.example.com

Invariants
    Finding costs a look-up for each label of the domain, however many patterns there are; only those that name the same
    domain, or every domain, are compared one by one. Comparing is linear: a local part has at most two stars.
"""

import re
from collections import defaultdict
from collections.abc import Iterator

import msgspec

from ..mta.address import AddressError, normalise_domain
from .suppression import same_mailbox

_LOCAL = re.compile(r"[^\s@\"<>(),:;\\\[\]]{1,64}")
MAX_STARS = 2


class BadPattern(ValueError):
    """str() says what is wrong, in one sentence."""


class Pattern(msgspec.Struct, frozen=True):
    """`local` "*" is any; `domain` "" is any, and `below` says that only its sub-domains are meant."""

    local: str
    domain: str
    below: bool

    def __str__(self) -> str:
        domain = (("*." if self.below else "") + self.domain) if self.domain else "*"
        return domain if self.local == "*" else f"{self.local}@{domain}"


def is_pattern(text: str) -> bool:
    """Whether a person who wrote this means more than one address."""
    return "@" not in text or "*" in text or text.startswith("@")


def read_pattern(text: str) -> Pattern:
    """The pattern in its one form. Raises BadPattern."""
    local, at, domain = text.strip().rpartition("@")
    local = same_mailbox(f"{local}@a").rpartition("@")[0] if at and local else "*"
    if not _LOCAL.fullmatch(local):
        raise BadPattern("the part before '@' has a character that is not allowed there")
    if local.strip("*") == "":
        local = "*"
    if local.count("*") > MAX_STARS:
        raise BadPattern(f"the part before '@' has more than {MAX_STARS} stars")
    return _at_domain(local, domain)


def _at_domain(local: str, domain: str) -> Pattern:
    if domain == "*":
        if local == "*":
            raise BadPattern("this would be every address there is")
        return Pattern(local, "", below=True)
    below = domain.startswith("*.")
    try:
        return Pattern(local, normalise_domain(domain.removeprefix("*.")), below)
    except AddressError as error:
        raise BadPattern(str(error)) from error


class Patterns:
    """Patterns with what they stand for (`meaning`), to be found by address."""

    def __init__(self) -> None:
        self._of_domain: defaultdict[tuple[str, bool], list[tuple[re.Pattern[str] | None, object]]] = defaultdict(list)

    def __bool__(self) -> bool:
        return bool(self._of_domain)

    def add(self, pattern: Pattern, meaning: object) -> None:
        local = None if pattern.local == "*" else _expression(pattern.local)
        self._of_domain[pattern.domain, pattern.below].append((local, meaning))

    def fitting(self, address: str) -> Iterator[object]:
        """The meanings of all patterns that fit an address in the form of `same_mailbox`."""
        local, _, domain = address.rpartition("@")
        yield from self._fitting(local, domain, below=False)
        while domain:
            _, _, domain = domain.partition(".")
            yield from self._fitting(local, domain, below=True)

    def _fitting(self, local: str, domain: str, *, below: bool) -> Iterator[object]:
        for expression, meaning in self._of_domain.get((domain, below), ()):
            if expression is None or expression.fullmatch(local):
                yield meaning


def _expression(local: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in local.split("*")), re.DOTALL)
