"""How fates are shown: what recipients count as, how many, and which share.

Owns   a word for every fate, the table and its JSON.
Knows  no counter (admin.returns.fate_reading).
"""

from typing import Any, assert_never

from ...queue.returns.fates import Fate
from ..returns.fate_reading import Fates
from ..texts import _
from .output import print_table


def fate_words(fate: Fate) -> str:
    match fate:
        case Fate.DELIVERED:
            return _("delivered")
        case Fate.HARD:
            return _("bounced, hard")
        case Fate.SOFT:
            return _("bounced, soft")
        case Fate.HARD_LATE:
            return _("bounced later, hard")
        case Fate.SOFT_LATE:
            return _("bounced later, soft")
        case Fate.COMPLAINT:
            return _("complained")
        case Fate.EXPIRED:
            return _("expired")
        case Fate.SKIPPED:
            return _("skipped")
        case Fate.CANCELLED:
            return _("cancelled")
        case Fate.UNCONFIRMED:
            return _("maybe delivered")
        case _:
            assert_never(fate)


def print_fates(fates: Fates, empty: str = "") -> None:
    """Each recipient counts once, by the worst that is known of it; the share is of all that have ended."""
    ended = sum(fates.values())
    print_table(
        (_("Outcome"), _("Recipients"), _("Share")),
        [(fate_words(fate), f"{count:,}", f"{count / ended:.2%}") for fate, count in fates.items()],
        empty=empty,
    )


def fates_json(fates: Fates) -> dict[str, Any]:
    """Every fate, also those that nobody has."""
    return {fate.value: fates.get(fate, 0) for fate in Fate}
