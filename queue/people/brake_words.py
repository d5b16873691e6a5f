"""What the operator log says when the brake on new recipients holds a message.

Owns   the line of each message, and, once an hour for an account, a line that says what it may mean and what to do.
Knows  no limit and no message beyond its queue id.
"""

import logging

from ...mta.clock import Clock
from ..holds import NewRecipients

_log = logging.getLogger("youtong.queue")
_AGAIN_SECONDS = 3600.0


class BrakeWords:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: dict[str, float] = {}  # account → when it was told in whole

    def held(self, account: str, message: str, reason: NewRecipients) -> None:
        """A message was accepted and is held."""
        _log.warning("held message=%s account=%s reason=%s", message, account, reason)
        now = self._clock.monotonic()
        self._told = {one: at for one, at in self._told.items() if now - at < _AGAIN_SECONDS}
        if account in self._told:
            return
        self._told[account] = now
        _log.warning(
            "%s wrote to more new addresses within a day than it may (%d): its mail to strangers is held, because "
            "somebody may have its password. See: youtong queue list --held --account %s",
            account,
            reason.limit,
            account,
        )
