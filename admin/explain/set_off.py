"""What an answer set off, in words: the suspension that it made or made last longer, and how to cancel it.

Owns   the sentence under an attempt.
Knows  no layout.
"""

from ...queue.storage.suspension_rows import SuspensionRow
from ..texts import _
from .suspension_words import cancel_words, scope_words, until_words


def set_off_sentence(row: SuspensionRow, now_ms: int) -> str:
    """As the suspension is now: it may have lasted longer since, or be over."""
    suspension = row.suspension
    if row.ended_ms is not None:
        sentence = _("this answer set off suspension {n}, which {who} cancelled")
        return sentence.format(n=suspension.id, who=row.ended_by or _("an operator"))
    if not row.is_in_force(now_ms):
        return _("this reply caused suspension {n}, which is over").format(n=suspension.id)
    if suspension.stop:
        sentence = _("this reply caused suspension {n}: {scope} is paused {until}; to end it: {command}")
    else:
        sentence = _("this reply caused suspension {n}: {scope} is slowed {until}; to end it: {command}")
    return sentence.format(
        n=suspension.id,
        scope=scope_words(suspension),
        until=until_words(suspension, now_ms),
        command=cancel_words(suspension),
    )
