"""What a receiver says on one connection.

Owns   saying and refusing in the provider's style, counting refusals by their words, and replies that are held back.
Knows  nothing of what is said when (`mta.simulator.dialog`).
RFC 5321 §3.8 (421 closes the connection).
"""

from .behaviours import ReplyStyle
from .provider import Provider
from .replies import written
from .wire import Wire


class Voice:
    """One connection's."""

    def __init__(self, wire: Wire, provider: Provider) -> None:
        self._wire = wire
        self._provider = provider
        self._held: list[bytes] = []

    def say(self, words: str) -> None:
        style = self._provider.settings.dialog.replies
        self._wire.say(f"{words}\r\n".encode("ascii") if style is ReplyStyle.PLAIN else written(words, style))

    def refuse(self, words: str, *, close: bool = False) -> None:
        """Say it and count it; "{client}" becomes the client's address. 421 hangs up."""
        self._provider.refusals[words] += 1
        self._wire.say(written(words.replace("{client}", self._wire.client), self._provider.settings.dialog.replies))
        if close or words.startswith("421"):
            self._wire.hang_up()

    def hold(self) -> None:
        """Keep back what was said and has not left, until `release`."""
        self._held += self._wire.unsay()

    def release(self) -> None:
        for each in self._held:
            self._wire.say(each)
        self._held.clear()
