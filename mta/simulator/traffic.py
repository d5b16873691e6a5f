"""What came to a provider, and when: the log that the judge of limits reads.

Owns   the newest MAIL commands, connects and closes with their monotonic times, and the settings as of when.
Knows  nothing of limits (`mta.simulator.judge`) or of what was answered.
Times ascend in every log. A close is logged when the end of the connection was seen, never earlier.
"""

from collections import deque

from ..clock import Clock
from .settings import ProviderSettings

MailEntry = tuple[float, str, str]
"""Time, client, reverse-path."""
ConnectEntry = tuple[float, str]
"""Time, client."""
CloseEntry = tuple[float, str, int]
"""Time, client, messages that the connection brought."""


class TrafficLog:
    def __init__(self, clock: Clock, keep: int) -> None:
        self._clock = clock
        self.mails: deque[MailEntry] = deque(maxlen=keep)
        self.connects: deque[ConnectEntry] = deque(maxlen=keep)
        self.closes: deque[CloseEntry] = deque(maxlen=keep)
        self.settings: list[tuple[float, ProviderSettings]] = []

    def mail(self, client: str, reverse_path: str) -> None:
        self.mails.append((self._clock.monotonic(), client, reverse_path))

    def connect(self, client: str) -> None:
        self.connects.append((self._clock.monotonic(), client))

    def close(self, client: str, messages: int) -> None:
        self.closes.append((self._clock.monotonic(), client, messages))

    def applied(self, settings: ProviderSettings) -> None:
        self.settings.append((self._clock.monotonic(), settings))

    @property
    def wall_ahead(self) -> float:
        """What must be added to a time of the log to have the wall clock's, in seconds."""
        return self._clock.now_ms() / 1000 - self._clock.monotonic()

    def clear(self) -> None:
        """Forget all but the settings of now."""
        for each in (self.mails, self.connects, self.closes):
            each.clear()
        del self.settings[:-1]
