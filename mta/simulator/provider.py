"""A running provider: its settings of the moment, what it has counted, and what it decides.

Owns   counters, the log of MAIL commands and connects (the judge of rate limits), windows, greylist, and the choice
       among its rules. Every refusal is counted by its words.
Knows  nothing of sockets or of the order of commands (`mta.simulator.dialog`).
Settings may be replaced at any time; counters go on, windows and greylist begin anew.
"""

import hashlib
from collections import Counter, deque
from collections.abc import Iterator
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network

from ..clock import Clock
from .behaviours import Counted, Family, NameBehaviour, Per, Pipelined, Stage
from .domains import expand
from .settings import Limits, ProviderSettings, Rule, Window
from .windows import SlidingWindow


class Provider:
    """One provider; `count` are its counters, for anybody to read."""

    def __init__(self, settings: ProviderSettings, clock: Clock, keep_log: int) -> None:
        self._clock = clock
        self.mail_log: deque[tuple[float, str, str]] = deque(maxlen=keep_log)  # time, client, reverse-path
        self.connect_log: deque[tuple[float, str]] = deque(maxlen=keep_log)
        self.count: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.violations: Counter[str] = Counter()
        self.transactions: Counter[int] = Counter()  # connections by the number of messages they brought
        self._open: Counter[str] = Counter()  # connections by client
        self.most_open = 0
        self.domains = frozenset(name for pattern in settings.domains for name in expand(pattern))
        self.apply(settings)

    def apply(self, settings: ProviderSettings) -> None:
        """Behave like this from now on. The settings have been checked; domains and hosts stay as they were."""
        self.settings = settings
        self._rules = [(rule, at) for at, rule in enumerate(settings.rule)]
        self._fired: Counter[int] = Counter()
        self.ruled_stages = frozenset(rule.at for rule in settings.rule)
        dialog = settings.dialog
        self.misreads = None if dialog.pipelined is Pipelined.READ else dialog.pipelined
        self._windows = [(each, SlidingWindow(each.most, each.seconds)) for each in settings.window]
        self._windowed = frozenset(each.counts for each in settings.window)
        self._greylisted: dict[tuple[str, str, str], float] = {}
        self._questions = 0

    def reset(self) -> None:
        """Forget what was counted."""
        for each in (self.mail_log, self.connect_log, self.count, self.refusals, self.violations, self.transactions):
            each.clear()
        self.most_open = self.open_connections
        self.apply(self.settings)

    @property
    def open_connections(self) -> int:
        return self._open.total()

    @property
    def limits(self) -> Limits:
        return self.settings.limits

    def name_behaviour(self) -> NameBehaviour:
        """How to answer one question about its domains."""
        self._questions += 1
        is_over = self.settings.dns_times and self._questions > self.settings.dns_times
        return NameBehaviour.MX if is_over else self.settings.dns

    def opened(self, client: str) -> None:
        self.count["connections"] += 1
        self.connect_log.append((self._clock.monotonic(), client))
        self._open[client] += 1
        self.most_open = max(self.most_open, self.open_connections)

    def closed(self, client: str, messages: int) -> None:
        self._open[client] -= 1
        self.transactions[messages] += 1

    def refusal_of_connection(self, client: str) -> str:
        """The words for one connection too many, or ""."""
        limits = self.limits
        if limits.connections_at_once and self._open[client] > limits.connections_at_once:
            return limits.connections_reply
        return self._over(Counted.CONNECTIONS, client, "")

    def refusal_of_mail(self, client: str, reverse_path: str, messages_before: int) -> str:
        """The words against a MAIL command, or ""; the command is logged either way."""
        self.count["mail"] += 1
        self.mail_log.append((self._clock.monotonic(), client, reverse_path))
        limits = self.limits
        if limits.messages_per_connection and messages_before >= limits.messages_per_connection:
            return limits.messages_reply
        return self._over(Counted.MESSAGES, client, reverse_path) if self._windowed else ""

    def refusal_of_recipient(self, client: str, reverse_path: str, address: str, recipients_before: int) -> str:
        """The words against a RCPT command, or ""."""
        limits = self.limits
        if limits.recipients_per_transaction and recipients_before >= limits.recipients_per_transaction:
            return limits.recipients_reply
        if self.settings.greylist is not None and self._is_greylisted(client, reverse_path, address):
            return self.settings.greylist.reply
        return self._over(Counted.RECIPIENTS, client, reverse_path) if self._windowed else ""

    def matching(self, stage: Stage, host: str, client: str, addresses: list[str]) -> Iterator[Rule]:
        """The rules that apply now, each counted as it is taken; `addresses`: whom the step is about."""
        for rule, at in self._rules:
            if rule.at is not stage or (rule.times and self._fired[at] >= rule.times):
                continue
            if rule.host in ("", host) and _is_of(client, rule.family) and _concerns(rule, addresses):
                self._fired[at] += 1
                yield rule

    def _over(self, counted: Counted, client: str, reverse_path: str) -> str:
        if counted not in self._windowed:
            return ""
        now = self._clock.monotonic()
        for settings, window in self._windows:
            if settings.counts is counted and not window.admit(_key(settings, client, reverse_path), now):
                return settings.reply
        return ""

    def _is_greylisted(self, client: str, reverse_path: str, address: str) -> bool:
        greylist = self.settings.greylist
        assert greylist is not None
        bits = greylist.network_bits if "." in client else greylist.network_bits * 2
        key = (str(ip_network(f"{client}/{bits}", strict=False)), reverse_path, address)
        now = self._clock.monotonic()
        waited = now - self._greylisted.setdefault(key, now)
        if greylist.until_seconds and waited >= greylist.until_seconds:
            self._greylisted[key], waited = now, 0.0
        return waited < greylist.seconds


def _key(window: Window, client: str, reverse_path: str) -> str:
    if window.per is Per.CLIENT:
        return client
    return reverse_path.rpartition("@")[2].lower() if window.per is Per.SENDER_DOMAIN else ""


def _is_of(client: str, family: Family) -> bool:
    return family is Family.ANY or (ip_address(client).version == 6) == (family is Family.IPV6)


def _concerns(rule: Rule, addresses: list[str]) -> bool:
    if not rule.recipients and rule.share >= 1:
        return True
    return any(_matches(rule, address) for address in addresses)


def _matches(rule: Rule, address: str) -> bool:
    local = address.rpartition("@")[0]
    if rule.recipients and not any(fnmatchcase(local, pattern) for pattern in rule.recipients):
        return False
    return rule.share >= 1 or _fraction(address) < rule.share


def _fraction(address: str) -> float:
    """A number in [0, 1) that is always the same for an address: a mailbox that is full stays full."""
    return int.from_bytes(hashlib.blake2b(address.encode(), digest_size=4).digest()) / 2**32
