"""Providers whose limits are drawn from a seed: as receivers enforce them, as shaping.toml tells them, as a judge knows
them.

Numbers are small and windows short, so that a run of seconds meets every limit many times. What Youtong is told is what
receivers enforce; some enforce nothing, and only the judge knows that Youtong was told.
"""

from dataclasses import dataclass, replace
from random import Random

from youtong.mta.simulator.behaviours import Counted, WindowKind
from youtong.mta.simulator.judge import Bound, What
from youtong.mta.simulator.settings import Limits, MxHost, ProviderSettings, Servers, Settings, Window

_SENDERS = ProviderSettings("home", ("load.test",), (MxHost("mx.load.test", "127.121.200.1"),))


@dataclass(frozen=True)
class Drawn:
    """One provider's limits. Rates are (count, whole seconds)."""

    number: int
    mails: tuple[tuple[int, int], ...]
    connects: tuple[tuple[int, int], ...]
    at_once: int
    per_connection: int
    kind: WindowKind
    is_enforced: bool
    domains: int  # each with an MX name of its own, all below one suffix

    @property
    def name(self) -> str:
        return f"p{self.number}"

    def address(self, number: int) -> str:
        return f"r{number}@d{number % self.domains}.{self.name}.test"

    def settings(self) -> ProviderSettings:
        windows, limits = self.enforced() if self.is_enforced else ((), Limits())
        last = self.domains - 1
        return ProviderSettings(
            self.name,
            (f"d{{0..{last}}}.{self.name}.test",),
            (MxHost(f"mx{{0..{last}}}.{self.name}.test", f"127.121.{self.number}.1"),),
            own_mx=True,
            window=windows,
            limits=limits,
        )

    def enforced(self) -> tuple[tuple[Window, ...], Limits]:
        """What the receiver refuses. Its own count may be one event late (DESIGN §3, Q4)."""
        mails = [Window(Counted.MESSAGES, n + 1, s, "451 4.7.1 Too fast", kind=self.kind) for n, s in self.mails]
        connects = [
            Window(Counted.CONNECTIONS, n + 1, s, "421 4.7.1 Too many calls", kind=self.kind) for n, s in self.connects
        ]
        limits = Limits(connections_at_once=self.at_once + 1, messages_per_connection=self.per_connection)
        return (*mails, *connects), limits

    def shaping(self) -> str:
        return (
            f'[provider.{self.name}]\nmx = ["{self.name}.test"]\nmessage_rate = {_rates(self.mails)}\n'
            f"connection_rate = {_rates(self.connects)}\nconnections = {self.at_once}\n"
            f"messages_per_connection = {self.per_connection}\n"
        )

    def bounds(self, since: float, until: float) -> list[Bound]:
        """Every window slides for the judge: what holds in all windows holds in the fixed ones."""
        when = {"since": since, "until": until}
        return [
            *(Bound(What.MAILS, n, s, **when) for n, s in self.mails),
            *(Bound(What.CONNECTS, n, s, **when) for n, s in self.connects),
            Bound(What.OPEN, self.at_once, late_seconds=0.02, **when),
            Bound(What.MESSAGES, self.per_connection, **when),
        ]

    def capacity(self) -> float:
        """Messages a second that all limits together allow in the long run."""
        by_mails = min(n / s for n, s in self.mails)
        by_connects = min(n / s for n, s in self.connects) * self.per_connection
        return min(by_mails, by_connects)


def drawn(number: int, random: Random, domains: int) -> Drawn:
    """A short window and a quota that binds now and then; connections that sometimes bind."""
    second = random.randint(1, 2)
    fast = random.randint(4, 24) * second
    long = random.randint(5, 9)
    quota = max(fast, round(fast / second * long * random.uniform(0.6, 1.1)))
    return Drawn(
        number,
        ((fast, second), (quota, long)),
        ((random.randint(2, 8), random.randint(1, 3)),),
        random.randint(1, 4),
        random.randint(5, 30),
        random.choice(list(WindowKind)),
        random.random() < 0.8,
        domains,
    )


def redrawn(before: Drawn, random: Random) -> Drawn:
    """Other numbers for the same receiver."""
    fresh = drawn(before.number, random, before.domains)
    return replace(fresh, kind=before.kind, is_enforced=before.is_enforced)


def simulated_internet_of(providers: list[Drawn]) -> Settings:
    servers = Servers(dns="127.0.0.1:0", port=0, control="", keep_messages=10, keep_log=500_000)
    return Settings(servers, (*(each.settings() for each in providers), _SENDERS))


def shaping_file(providers: list[Drawn]) -> str:
    return "\n".join(each.shaping() for each in providers)


def _rates(rates: tuple[tuple[int, int], ...]) -> str:
    return "[" + ", ".join(f'"{n}/{s} s"' for n, s in rates) + "]"
