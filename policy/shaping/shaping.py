"""The shaping rules in force: which provider, which limits, which reaction to a reply.

Owns   Shaping, which implements queue.limits.LimitSource, queue.reactions.ReplyWatch and RouteSource.provider_of.
Knows  no file format. A generation is replaced whole (`take`), so a reload swaps all or nothing.

Invariants
    Whatever is asked while mail flows is answered from dictionaries that were made when the rules were read.
    [delivery] require_tls and verify_tls hold whatever a shaping file says; a host that they name keeps its promise
    even in a provider that is known by recipient domain only.
    Q5  A reaction never changes an outcome.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from ...mta.clock import Clock
from ...mta.outcome import Delivered, Outcome, Stage
from ...mta.reply import Reply
from ...queue.judging import AttemptFacts
from ...queue.limits import EgressLimits, SiteLimits
from ...queue.reactions import Reaction
from ..limits import DEFAULTS, DefaultLimits, TlsDemands, meets, with_demand
from .layers import rules_of
from .providers import ProviderIndex
from .reading import ShapingFile
from .reply_rule import ReplyRule
from .rule_table import RuleTable
from .sections import Section


class Shaping:
    def __init__(
        self, file: ShapingFile, clock: Clock, demands: TlsDemands | None = None, *, by_domain: bool = True
    ) -> None:
        """`by_domain` False: recipient domains say nothing, because all mail is redirected to one host."""
        self._clock, self._by_domain = clock, by_domain
        self.take(file, demands or TlsDemands())

    def take(self, file: ShapingFile, demands: TlsDemands) -> None:
        """From now on these rules. Limits of lanes that exist change when the queue asks again."""
        self.file, self._demands = file, demands
        sections = file.providers.values()
        self._index = ProviderIndex(
            {suffix: section.name for section in sections for suffix in section.mx},
            {domain: section.name for section in sections for domain in section.domains},
        )
        self._default = replace(DEFAULTS, **file.default)
        self._others = DefaultLimits(demands, self._default)
        self._limits = {section.name: self._limits_of(section) for section in sections}
        self._any = RuleTable(file.any_rules)
        self._tables = {section.name: RuleTable(rules_of(file, section.name)) for section in sections}

    def _limits_of(self, section: Section) -> EgressLimits:
        limits = replace(self._default, **section.limits, site=SiteLimits(**section.site))
        return with_demand(limits, self._demands.of_suffixes(section.mx))

    # -- RouteSource.provider_of ----------------------------------------------------------------------------------

    def provider_of(self, domain: str, mx_hosts: Sequence[str]) -> str:
        """The recipient domain's provider, else the best MX host's; "" when the site is its own."""
        if self._by_domain and (provider := self._index.of_domain(domain)):
            demand = self._demands.of_hosts(list(mx_hosts))
            return provider if meets(self._limits[provider], demand) else ""
        return self._index.of_hosts(mx_hosts)

    # -- LimitSource ----------------------------------------------------------------------------------------------

    def limits_for(self, provider: str, source: str) -> EgressLimits:
        """A provider without a name is a site: its MX host names joined by commas."""
        return self._limits.get(provider) or self._others.limits_for(provider, source)

    # -- for people -----------------------------------------------------------------------------------------------

    def rules_of(self, provider: str) -> tuple[ReplyRule, ...]:
        """All that a reply of this provider is put to, in their order."""
        return self._tables.get(provider, self._any).rules

    # -- ReplyWatch -----------------------------------------------------------------------------------------------

    def reaction(self, outcome: Outcome, facts: AttemptFacts) -> Reaction | None:
        if isinstance(outcome, Delivered) or outcome.reply is None:
            return None
        rule = self.rule_for(facts.provider, outcome.reply, outcome.stage)
        if rule is None or rule.reaction is None:
            return None
        if rule.until is not None:
            return replace(rule.reaction, seconds=rule.until.seconds_from(self._clock.now_ms()))
        return rule.reaction

    def rule_for(self, provider: str, reply: Reply, stage: Stage) -> ReplyRule | None:
        """The rule that wins, whatever it does."""
        return self._tables.get(provider, self._any).rule_for(reply, stage)
