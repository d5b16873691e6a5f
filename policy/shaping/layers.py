"""The rules as a whole: the operator's file alone, or laid key by key over the shipped one.

Owns   what a key of the upper file replaces, and the checks that span tables.
Knows  no number.

A number replaces a number and a list of names a list. A reply rule replaces the rule of its name in its place; new
ones come before the shipped ones, because what an operator writes is meant to win.
"""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from ..rulefiles.faults import Fault
from ..rulefiles.phrases import phrased
from .reading import ShapingFile
from .reply_rule import ReplyRule
from .sections import Section


def laid_over(base: ShapingFile, own: ShapingFile) -> ShapingFile:
    providers = dict(base.providers)
    for name, section in own.providers.items():
        providers[name] = _section_over(providers[name], section) if name in providers else section
    return replace(
        own,
        default=base.default | own.default,
        providers=providers,
        any_rules=_rules_over(base.any_rules, own.any_rules),
    )


def _section_over(base: Section, own: Section) -> Section:
    return replace(
        own,
        limits=base.limits | own.limits,
        site=base.site | own.site,
        mx=own.mx or base.mx,
        domains=own.domains or base.domains,
        replies_from=own.replies_from or base.replies_from,
        fact=own.fact or base.fact,
        rules=_rules_over(base.rules, own.rules),
    )


def _rules_over(base: Iterable[ReplyRule], own: Iterable[ReplyRule]) -> tuple[ReplyRule, ...]:
    mine = {rule.name: rule for rule in own}
    below = [mine.pop(rule.name, rule) for rule in base]
    return (*mine.values(), *below)


def faults_between(shaping: ShapingFile) -> list[Fault]:
    """What no table can see by itself."""
    return [*_named_twice(shaping, "mx"), *_named_twice(shaping, "domains"), *_unnamed(shaping), *_strangers(shaping)]


def _named_twice(shaping: ShapingFile, key: str) -> Iterator[Fault]:
    owners: dict[str, str] = {}
    for section in shaping.providers.values():
        for name in getattr(section, key):
            owner = owners.setdefault(name, section.name)
            if owner != section.name:
                sentence = phrased('"{name}" belongs to [provider.{owner}] already', name=name, owner=owner)
                yield _fault(section, key, sentence)


def _unnamed(shaping: ShapingFile) -> Iterator[Fault]:
    for section in shaping.providers.values():
        if not section.mx and not section.domains:
            sentence = phrased("is missing: without mx and domains no mail belongs to this provider")
            yield _fault(section, "mx", sentence)


def _strangers(shaping: ShapingFile) -> Iterator[Fault]:
    for section in shaping.providers.values():
        for name in section.replies_from:
            if name not in shaping.providers or name == section.name:
                yield _fault(section, "replies_from", phrased('there is no other provider "{name}"', name=name))


def _fault(section: Section, key: str, sentence: str) -> Fault:
    return Fault(section.path, section.lines.get(key, 0), f"[provider.{section.name}] {key}", sentence)


def rules_of(shaping: ShapingFile, provider: str) -> tuple[ReplyRule, ...]:
    """All rules that a reply of this provider is put to, in their order: its own, those it shares, everybody's."""
    section = shaping.providers.get(provider)
    if section is None:
        return shaping.any_rules
    shared = [rule for name in section.replies_from for rule in shaping.providers[name].rules]
    return (*section.rules, *shared, *shaping.any_rules)
