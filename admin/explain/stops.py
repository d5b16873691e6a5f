"""Which suspension stops a letter: pure, over what the owner said is in force.

Owns   whether a suspension is about a recipient. Knows no sentence; the book itself answers the owner, not people.
"""

from collections.abc import Iterable

from ...queue.pace.suspensions import Suspension, SuspensionScope
from ...queue.reading import RecipientRow
from ..waits import DomainSeen


def stop_of(recipient: RecipientRow, seen: DomainSeen | None, suspensions: Iterable[Suspension]) -> Suspension | None:
    """Of those that stop it the one that lasts longest."""
    stops = [each for each in suspensions if each.stop and _is_about(each, recipient, seen)]
    return max(stops, key=lambda each: float("inf") if each.until_ms is None else each.until_ms, default=None)


def _is_about(suspension: Suspension, recipient: RecipientRow, seen: DomainSeen | None) -> bool:
    match suspension.scope:
        case SuspensionScope.ACCOUNT:
            return suspension.subject == str(recipient.account_id)
        case SuspensionScope.STREAM:
            return suspension.subject == str(recipient.stream_id)
        case SuspensionScope.DOMAIN:
            return suspension.subject == recipient.domain
        case SuspensionScope.SITE:
            return seen is not None and suspension.subject == seen.site
        case SuspensionScope.PROVIDER:
            return seen is not None and suspension.subject == seen.provider and _is_from(suspension, recipient, seen)


def _is_from(suspension: Suspension, recipient: RecipientRow, seen: DomainSeen) -> bool:
    """Whether it names no other sender and no other source; which source is known by the lanes when one was not asked
    for."""
    if suspension.sender_domain and suspension.sender_domain != recipient.sender_domain:
        return False
    sources = {recipient.source} if recipient.source else {lane.source for lane in seen.lanes}
    return not suspension.source or not sources or suspension.source in sources
