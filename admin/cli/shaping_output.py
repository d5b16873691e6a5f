"""How shaping rules are shown: a table of providers, the facts of one, the facts of a rule.

Owns   the sentences. Knows  no file and no verb.
"""

from typing import assert_never

from ...policy.shaping.reply_rule import ReplyRule
from ...policy.shaping.shaping import Shaping
from ...queue.limits import EgressLimits, RateLimit
from ...queue.reactions import Reaction, ReactionScope
from .. import times
from ..explain.ceilings import rate_words
from ..explain.limit_words import limit_rows
from ..texts import _, ngettext
from .output import print_table


def provider_table() -> tuple[str, ...]:
    return _("Provider"), _("Connections"), _("Messages each"), _("Messages"), _("TLS"), _("Reply rules")


def provider_row(name: str, rules: Shaping) -> tuple[str, ...]:
    """`name` "": every site that no rule names."""
    limits = rules.limits_for(name, "")
    return (
        name or _("(all others)"),
        str(limits.connections.value),
        str(limits.messages_per_connection.value),
        _rates(limits.message_rates),
        str(limits.tls.level),
        str(len(rules.rules_of(name))),
    )


def provider_facts(provider: str, rules: Shaping) -> list[tuple[str, str]]:
    section = rules.file.providers.get(provider)
    facts = [(_("Provider"), provider if section else _("{site} (named by no rule)").format(site=provider))]
    if section is not None:
        facts += [(_("MX hosts"), ", ".join(section.mx)), (_("Domains"), ", ".join(section.domains))]
        facts.append((_("Source of the facts"), _("none is public") if section.fact == "default" else section.fact))
    facts.append((_("Reply rules"), ", ".join(rule.name for rule in rules.rules_of(provider))))
    return [(name, value) for name, value in facts if value]


def limits_table(limits: EgressLimits) -> None:
    print_table((_("Limit"), _("Value"), _("Set in")), limit_rows(limits))


def rule_facts(rule: ReplyRule) -> list[tuple[str, str]]:
    facts = [(_("Rule"), rule.name), (_("Written in"), f"{rule.path}:{rule.line}")]
    if rule.reaction is None:
        facts.append((_("Does"), _("nothing: it only keeps later rules away")))
    else:
        facts += [(_("Does"), _what(rule.reaction)), (_("For whom"), _whom(rule.reaction.scope))]
        facts += [(_("How long"), _span(rule)), (_("Begins"), _when(rule.reaction))]
    return [*facts, (_("Source of the fact"), rule.fact)]


def _what(reaction: Reaction) -> str:
    if reaction.stop:
        return _("stops")
    ways = [
        _("{percent} % of the usual pace").format(percent=round(reaction.share * 100)) if reaction.share < 1 else "",
        _("{rate} messages").format(rate=_rates((reaction.message_rate,))) if reaction.message_rate else "",
        ngettext("{n} connection", "{n} connections", reaction.connections).format(n=reaction.connections)
        if reaction.connections
        else "",
    ]
    return _("slows: {ways}").format(ways=", ".join(way for way in ways if way))


def _whom(scope: ReactionScope) -> str:
    match scope:
        case ReactionScope.SOURCE:
            return _("all mail to this provider from the egress source that got this reply")
        case ReactionScope.SENDER:
            return _("mail of this sender domain to this provider")
        case ReactionScope.SITE:
            return _("mail to this site")
        case _:
            assert_never(scope)


def _span(rule: ReplyRule) -> str:
    if rule.until is not None:
        return _("until midnight ({zone})").format(zone=rule.until.zone)
    return times.span(int(rule.reaction.seconds * 1000)) if rule.reaction else ""


def _when(reaction: Reaction) -> str:
    if reaction.after <= 1:
        return _("at the first such reply")
    within = times.span(int(reaction.within_seconds * 1000))
    return _("after {n} such replies within {span}").format(n=reaction.after, span=within)


def _rates(rates: tuple[RateLimit, ...]) -> str:
    return ", ".join(rate_words(rate.count, rate.seconds) for rate in rates)
