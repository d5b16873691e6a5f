"""IPv4 and IPv6: which an address is, whether IPv6 can be used at all, and which one a site refuses us over.

Owns   those three questions, and the memory of refusals by family, for an hour and bounded.
Knows  no job: that a refused one is tried once over the other family is the lane's doing.
Invariant  of two families at most one is avoided: a site that refused both is tried in the order its route gives.
"""

import re
import socket
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from ..clock import Clock
from ..reply import Reply

_REFUSAL_SECONDS = 3600.0
_MAX_REFUSALS = 10_000
_SOMEWHERE = "2001:4860:4860::8888"  # any global address will do: connecting a datagram socket sends nothing
_OUR_ADDRESS = re.compile(
    r"client host \[|\b(?:your|sending|source|client|connecting) (?:server |host )?(?:ip|ipv[46]|address)\b"
    r"|ipv6.*\b(?:ptr|reverse|rdns)\b|\b(?:ptr|reverse dns|rdns)\b.*\b(?:ipv6|ip|address|missing|record)\b"
    r"|\bnot accept(?:ed|ing)? .*ipv6\b",
    re.IGNORECASE,
)
_WAITING = re.compile(r"gr[ea]y-?list", re.IGNORECASE)


class Family(StrEnum):
    IPV4 = "ipv4"
    IPV6 = "ipv6"

    @property
    def other(self) -> "Family":
        return Family.IPV4 if self is Family.IPV6 else Family.IPV6


def family_of(address: str) -> Family:
    return Family.IPV6 if ":" in address else Family.IPV4


def has_global_ipv6() -> bool:
    """Whether the kernel would speak IPv6 to the internet from a global address. Sends nothing."""
    return _chosen_for(_SOMEWHERE, is_global=True)


def is_ipv6_usable_for(remote: str) -> bool:
    """Whether a source without an address of its own may go to this IPv6 address; a private one needs no global."""
    return not ip_address(remote).is_global or has_global_ipv6()


def _chosen_for(remote: str, *, is_global: bool) -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.connect((remote, 25))
            chosen = IPv6Address(str(probe.getsockname()[0]).partition("%")[0])
    except OSError:
        return False
    return chosen.is_global or not is_global


def names_our_address(reply: Reply, ours: str) -> bool:
    """A refusal that speaks of where we come from: our address itself, or words that can mean nothing else."""
    text = reply.text
    if reply.is_positive or _WAITING.search(text):
        return False
    return bool(_OUR_ADDRESS.search(text)) or (bool(ours) and _mentions(text, ours))


def _mentions(text: str, address: str) -> bool:
    """Whatever of the text reads as this address; IPv6 has many spellings."""
    wanted = ip_address(address)
    return any(_as_address(word) == wanted for word in re.findall(r"[0-9A-Fa-f:.]{3,45}", text))


@lru_cache(maxsize=256)
def _as_address(word: str) -> object:
    try:
        return ip_address(word.strip(".").removesuffix(":"))
    except ValueError:
        return None


class FamilyMemory:
    """Sites of one lane that lately refused our address of a family."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[tuple[str, Family], float] = {}

    def refused(self, site: str, family: Family) -> bool:
        """Remember it. True: the other family was not refused, so it deserves its try."""
        if len(self._until) >= _MAX_REFUSALS:
            del self._until[next(iter(self._until))]
        self._until[site, family] = self._clock.monotonic() + _REFUSAL_SECONDS
        return not self._is_refused(site, family.other)

    def avoided(self, site: str) -> Family | None:
        """The family not to be used for the site while there is another."""
        if not self._until:
            return None
        refused = [family for family in Family if self._is_refused(site, family)]
        return refused[0] if len(refused) == 1 else None

    def _is_refused(self, site: str, family: Family) -> bool:
        return self._until.get((site, family), 0.0) > self._clock.monotonic()
