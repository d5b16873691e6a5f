"""A running provider: its settings of the moment, what it has counted, and what it decides.

Owns   counters, windows, greylist, and the choice among its rules. Every refusal is counted by its words.
Knows  nothing of sockets or of the order of commands (`mta.simulator.dialog`).
Settings may be replaced at any time. Counters and log go on, and so does what a window, the greylist or a rule has
counted, as long as it is the same one: a window of the same events, length and kind may have another limit.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from typing import assert_never

from ..clock import Clock
from .behaviours import Counted, Family, NameBehaviour, Per, Pipelined, Stage, WindowKind
from .domains import expand
from .settings import Late, Limits, ProviderSettings, Rule, Window
from .traffic import TrafficLog
from .windows import FixedWindow, SlidingWindow, made


class Provider:
    """One provider; `count` are its counters, for anybody to read."""

    def __init__(self, settings: ProviderSettings, clock: Clock, keep_log: int) -> None:
        self._clock = clock
        self.log = TrafficLog(clock, keep_log)
        self.count: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.violations: Counter[str] = Counter()
        self.transactions: Counter[int] = Counter()  # connections by the number of messages they brought
        self._open: Counter[str] = Counter()  # connections by client
        self.most_open = 0
        self.domains = frozenset(name for pattern in settings.domains for name in expand(pattern))
        self.settings = settings
        self._begin_counting()
        self.apply(settings)

    def apply(self, settings: ProviderSettings) -> None:
        """Behave like this from now on. The settings have been checked; domains and hosts stay as they were."""
        if settings.rule != self.settings.rule:
            self._fired.clear()
        if settings.greylist != self.settings.greylist:
            self._greylisted.clear()
        if (settings.dns, settings.dns_times) != (self.settings.dns, self.settings.dns_times):
            self._questions = 0
        counted = {_sort(each): window for each, window in self._windows}
        self._windows = [(each, counted.pop(_sort(each), None) or made(each)) for each in settings.window]
        for each, window in self._windows:
            window.most = each.most
        self._windowed = frozenset(each.counts for each in settings.window)
        self._rules = [(rule, at) for at, rule in enumerate(settings.rule)]
        self.ruled_stages = frozenset(rule.at for rule in settings.rule)
        dialog = settings.dialog
        self.misreads = None if dialog.pipelined is Pipelined.READ else dialog.pipelined
        self.settings = settings
        self.log.applied(settings)

    def reset(self) -> None:
        """Forget what was counted."""
        for each in (self.log, self.count, self.refusals, self.violations, self.transactions):
            each.clear()
        self.most_open = self.open_connections
        self._begin_counting()
        self.apply(self.settings)

    def _begin_counting(self) -> None:
        self._fired: Counter[int] = Counter()
        self._windows: list[tuple[Window, SlidingWindow | FixedWindow]] = []
        self._greylisted: dict[tuple[str, str, str], float] = {}
        self._questions = 0

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
        self.log.connect(client)
        self._open[client] += 1
        self.most_open = max(self.most_open, self.open_connections)

    def closed(self, client: str, messages: int) -> None:
        self._open[client] -= 1
        self.log.close(client, messages)
        self.transactions[messages] += 1

    def refusal_of_connection(self, client: str) -> str:
        """The words for one connection too many, or ""."""
        limits = self.limits
        if limits.connections_at_once and self._open[client] > limits.connections_at_once:
            return limits.connections_reply
        return self._over(Counted.CONNECTIONS, client, "")

    def mail_came(self, client: str, reverse_path: str) -> None:
        """A MAIL command, whatever will be answered."""
        self.count["mail"] += 1
        self.log.mail(client, reverse_path)

    def refusal_of_mail(self, client: str, reverse_path: str, messages_before: int) -> str:
        """The words against a MAIL command, or ""."""
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

    def late_for(self, address: str) -> Iterator[Late]:
        """What is sent back for a letter to this recipient, once it was taken."""
        return (each for each in self.settings.late if _matches(each, address))

    def _over(self, counted: Counted, client: str, reverse_path: str) -> str:
        if counted not in self._windowed:
            return ""
        for settings, window in self._windows:
            if settings.counts is counted:
                is_fixed = settings.kind is WindowKind.FIXED
                now = self._clock.now_ms() / 1000 if is_fixed else self._clock.monotonic()
                if not window.admit(window_key(settings.per, client, reverse_path), now):
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


def window_key(per: Per, client: str, reverse_path: str) -> str:
    """Whose events are counted together with this one."""
    match per:
        case Per.CLIENT:
            return client
        case Per.SENDER_DOMAIN:
            return reverse_path.rpartition("@")[2].lower()
        case Per.PROVIDER:
            return ""
        case _:
            assert_never(per)


def _sort(window: Window) -> tuple[object, ...]:
    """Windows of which this is the same go on counting when others change."""
    return (window.counts, window.per, window.seconds, window.kind, window.zone)


def _is_of(client: str, family: Family) -> bool:
    return family is Family.ANY or (ip_address(client).version == 6) == (family is Family.IPV6)


def _concerns(rule: Rule, addresses: list[str]) -> bool:
    if not rule.recipients and rule.share >= 1:
        return True
    return any(_matches(rule, address) for address in addresses)


def _matches(rule: Rule | Late, address: str) -> bool:
    local = address.rpartition("@")[0]
    if rule.recipients and not any(fnmatchcase(local, pattern) for pattern in rule.recipients):
        return False
    return rule.share >= 1 or _fraction(address) < rule.share


def _fraction(address: str) -> float:
    """A number in [0, 1) that is always the same for an address: a mailbox that is full stays full."""
    return int.from_bytes(hashlib.blake2b(address.encode(), digest_size=4).digest()) / 2**32
