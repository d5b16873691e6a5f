"""What the simulated internet received: the judge of "nothing lost, nothing twice".

Owns   the count for every recipient, duplicates, the newest messages whole, and the Maildir.
Knows  nothing of dialogs or limits.

A duplicate is the same recipient with the same Message-ID (or, without one, the same body) more than once. To judge
millions of messages, pairs seen once are kept as 64-bit hashes: the chance of one false duplicate in a million
messages is about 3 in 100 million.
"""

from collections import deque
from collections.abc import Callable

from ..clock import Clock
from .maildir import Maildir
from .received import Received


class Ledger:
    """Everything received since the start, or since `reset`."""

    def __init__(self, clock: Clock, keep_messages: int, maildir: Maildir | None = None) -> None:
        self._clock = clock
        self._maildir = maildir
        self.on_kept: Callable[[Received], None] | None = None
        """Told of each message that is taken."""
        self.newest: deque[Received] = deque(maxlen=keep_messages)
        self.accepted: dict[str, int] = {}
        self.messages = 0
        self.octets = 0
        self._seen: set[int] = set()
        self._repeated: dict[tuple[str, bytes], int] = {}

    def keep(
        self,
        provider: str,
        client: tuple[str, str, str],
        mail: tuple[str, str],
        rcpts: list[tuple[str, str]],
        content: bytes,
    ) -> Received:
        """Take a message; `client` = address, HELO name, TLS version, paths each with their parameters as given."""
        self.messages += 1
        self.octets += len(content)
        identity = _identity(content)
        for address, _ in rcpts:
            self._count(address, identity)
        received = Received(
            self.messages,
            self._clock.now_ms(),
            provider,
            *client,
            *mail,
            tuple(address for address, _ in rcpts),
            tuple(parameters for _, parameters in rcpts),
            content,
        )
        self.newest.append(received)
        if self._maildir is not None:
            self._maildir.deliver(received)
        if self.on_kept is not None:
            self.on_kept(received)
        return received

    def duplicates(self) -> list[tuple[str, str, int]]:
        """Recipient, Message-ID and number of copies, of all that came more than once."""
        return [(address, identity.decode("utf-8", "replace"), n) for (address, identity), n in self._repeated.items()]

    def reset(self) -> None:
        """Forget everything; the Maildir stays."""
        self.newest.clear()
        self.accepted.clear()
        self._seen.clear()
        self._repeated.clear()
        self.messages = self.octets = 0

    def _count(self, address: str, identity: bytes) -> None:
        self.accepted[address] = self.accepted.get(address, 0) + 1
        pair = (address, identity)
        key = hash(pair)
        if key in self._seen:
            self._repeated[pair] = self._repeated.get(pair, 1) + 1
        else:
            self._seen.add(key)


def _identity(content: bytes) -> bytes:
    """The Message-ID field's value; without one, the body's hash as text."""
    end = content.find(b"\r\n\r\n")
    head = content[: end + 2] if end >= 0 else content
    at = 0 if head[:11].lower() == b"message-id:" else head.lower().find(b"\r\nmessage-id:") + 2
    if at == 1:
        return b"body %d" % hash(content[end:])
    words = head[at + 11 : at + 1100].split(None, 1)
    return words[0] if words else b""
