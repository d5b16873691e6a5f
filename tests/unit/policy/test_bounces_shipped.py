"""conf/bounces.toml: every text finds exactly its rule wherever it may be said, nothing is dead, slow or unfounded."""

import re

import pytest
from youtong.mta.dns.route import UnroutableKind
from youtong.mta.outcome import Stage
from youtong.mta.smtp.client_fitting import Misfit
from youtong.policy.bounces import categories, lint
from youtong.policy.bounces.loading import SHIPPED, load_rules
from youtong.policy.bounces.meaning import Action, Blame, BounceKind
from youtong.policy.bounces.rule import BounceRule, Origin
from youtong.policy.bounces.said import Said
from youtong.policy.shaping import file as shaping_file

SHAPING = shaping_file.load(shaping_file.SHIPPED)
RULES = load_rules(shaping=SHAPING)
EXAMPLES = [(rule, text) for rule in RULES.file.rules for text in rule.examples]

# The IANA registry of enhanced status codes, "Enumerated Status Codes", by subject: the highest detail.
REGISTRY = {1: 10, 2: 4, 3: 6, 4: 7, 5: 6, 6: 10, 7: 30}


@pytest.mark.parametrize(("rule", "text"), EXAMPLES, ids=[rule.name for rule, _text in EXAMPLES])
def test_of_all_rules_exactly_its_own_takes_a_text(rule: BounceRule, text: str) -> None:
    assert {taker.name if taker else "" for taker in lint.takers(RULES, rule, text)} == {rule.name}


def test_nothing_is_dead_shadowed_scarce_or_slow() -> None:
    assert [fault.with_file() for fault in lint.warnings(RULES)] == []


def test_every_category_that_the_code_can_say_is_described() -> None:
    assert set(RULES.file.categories) == categories.ALL
    assert {*UnroutableKind, *Misfit} <= categories.ALL


def test_only_an_address_or_domain_that_does_not_exist_is_suppressed() -> None:
    suppressing = {name for name, row in RULES.file.categories.items() if row.action is Action.SUPPRESS}
    assert suppressing == {categories.NO_SUCH_USER, categories.NO_SUCH_DOMAIN}
    assert [rule.name for rule in RULES.file.rules if rule.action is Action.SUPPRESS] == []


def test_what_is_hard_is_the_address_or_the_content() -> None:
    for row in RULES.file.categories.values():
        if row.kind is BounceKind.HARD:
            assert row.blame in (Blame.RECIPIENT, Blame.CONTENT), row.name


def test_no_bounce_is_of_kind_other_and_none_is_nobodys() -> None:
    assert all(
        row.kind is not BounceKind.OTHER and row.blame is not Blame.NOBODY for row in RULES.file.categories.values()
    )
    assert all(row.action is not Action.NONE for row in RULES.file.categories.values())


def test_every_enhanced_code_of_the_registry_has_its_line() -> None:
    missing = [
        f"x.{subject}.{detail}"
        for subject, highest in REGISTRY.items()
        for detail in range(highest + 1)
        if f"x.{subject}.{detail}" not in RULES.file.enhanced
    ]
    assert missing == []


def test_a_provider_in_a_rule_is_one_of_the_shaping_rules_or_a_host_name() -> None:
    named = {name for rule in RULES.file.rules for name in rule.provider}
    assert [name for name in named if "." not in name and name not in SHAPING.providers] == []


def test_facts_name_their_source() -> None:
    assert [rule.name for rule in RULES.file.rules if len(rule.fact) < 10] == []


def test_the_file_says_all_its_keys() -> None:
    head = SHIPPED.read_text(encoding="utf-8").partition("\nbase = ")[0]
    keys = re.findall(r"^#     ([a-z_]+(?:, [a-z_]+)*) {2,}", head, re.M)
    described = {key for line in keys for key in line.split(", ")}
    fields = {"retry_after" if name == "retry_after_seconds" else name for name in BounceRule.__struct_fields__}
    assert described == fields - {"path", "line"}


@pytest.mark.parametrize("category", sorted(categories.ALL))
def test_a_category_speaks_for_itself(category: str) -> None:
    assert RULES.of_category(category).category == category


def test_no_notice_of_a_code_alone_suppresses() -> None:
    for code in range(400, 600):
        for origin in Origin:
            assert (
                RULES.meaning(Said(code, "", str(code), stage=Stage.RCPT, origin=origin)).action is not Action.SUPPRESS
            )
