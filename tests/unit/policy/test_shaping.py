"""The rules in force: which provider, which limits, which reaction."""

from pathlib import Path

import pytest
from fakes.clock import FakeClock
from fakes.shaping import shaping_of, shipped, write_shaping
from youtong.mta.delivery.egress import TlsLevel
from youtong.mta.outcome import Deferred, Delivered, Failed, Outcome, Scope, Stage
from youtong.mta.reply import reply
from youtong.policy.limits import DEFAULTS, TlsDemands
from youtong.policy.routing import ConfiguredRoutes
from youtong.policy.rulefiles.patterns import quoted
from youtong.policy.shaping import file
from youtong.policy.shaping.shaping import Shaping
from youtong.queue.classes import MailClass
from youtong.queue.judging import AttemptFacts
from youtong.queue.reactions import Reaction, ReactionScope
from youtong.queue.routing import Source

TEXT = """
[provider.big]
mx = ["big.example"]
domains = ["big.test", "brand.test"]
connections = 2
site.connections = 1
site.message_rate = "5/min"
[provider.strict]
mx = ["strict.big.example"]
tls = "verified"
[provider.known-by-name]
domains = ["custom.test"]
"""


def facts(provider: str) -> AttemptFacts:
    return AttemptFacts(provider, "mx.example", "example.com", MailClass.BULK)


def said(text: str, stage: Stage = Stage.MAIL) -> Outcome:
    heard = quoted(text)
    return (Failed if heard.is_permanent else Deferred)(stage, Scope.MESSAGE, heard)


# -- provider ------------------------------------------------------------------------------------------------------


def test_500_domains_with_500_mx_names_under_one_suffix_are_one_provider(tmp_path: Path) -> None:
    shaping = shaping_of(tmp_path, TEXT)
    found = {shaping.provider_of(f"shop{n}.test", [f"shop{n}-test.mx.big.example"]) for n in range(500)}
    assert found == {"big"}


@pytest.mark.parametrize(
    ("domain", "hosts", "provider"),
    [
        ("x.test", ["mx.big.example"], "big"),
        ("x.test", ["big.example"], "big"),
        ("x.test", ["MX.Big.Example."], "big"),
        ("x.test", ["verybig.example"], ""),
        ("x.test", ["big.example.org"], ""),
        ("x.test", ["mx.strict.big.example"], "strict"),
        ("x.test", ["mx.own.test", "mx.big.example"], ""),
        ("x.test", ["mx.big.example", "mx.own.test"], "big"),
        ("x.test", ["mx.strict.big.example", "mx.big.example"], "strict"),
        ("custom.test", ["mx.big.example"], "known-by-name"),
        ("Custom.Test", [], "known-by-name"),
        ("sub.custom.test", ["mx.own.test"], ""),
        ("x.test", [], ""),
    ],
)
def test_a_site_belongs_to_whom_its_domain_or_its_best_host_names(
    tmp_path: Path, domain: str, hosts: list[str], provider: str
) -> None:
    assert shaping_of(tmp_path, TEXT).provider_of(domain, hosts) == provider


def test_where_all_mail_is_redirected_the_domain_says_nothing(tmp_path: Path) -> None:
    rules = file.load(write_shaping(tmp_path, TEXT))
    shaping = Shaping(rules, FakeClock(), by_domain=False)
    assert shaping.provider_of("custom.test", ["127.0.0.1"]) == ""


def test_routes_ask_the_rules_for_the_provider(tmp_path: Path) -> None:
    routes = ConfiguredRoutes([Source("main", "", "mail.example.org")], shaping_of(tmp_path, TEXT).provider_of)
    assert routes.provider_of("x.test", ["mx.big.example"]) == "big"
    assert ConfiguredRoutes([Source("main", "", "x")]).provider_of("x.test", ["mx.big.example"]) == ""


# -- limits --------------------------------------------------------------------------------------------------------


def test_a_site_that_nobody_names_has_the_defaults(tmp_path: Path) -> None:
    assert shaping_of(tmp_path, TEXT).limits_for("mx1.own.test,mx2.own.test", "main") == DEFAULTS


def test_a_site_within_a_provider_has_smaller_limits_of_its_own(tmp_path: Path) -> None:
    limits = shaping_of(tmp_path, TEXT).limits_for("big", "main")
    assert limits.site.connections is not None
    assert limits.site.connections.value == 1
    assert limits.site.connections.because == "shaping.toml:6 [provider.big.site] connections"
    assert [(rate.count, rate.seconds) for rate in limits.site.message_rates] == [(5, 60)]


@pytest.mark.parametrize(
    ("demands", "provider", "level"),
    [
        (TlsDemands(), "big", TlsLevel.OPPORTUNISTIC),
        (TlsDemands(required=("big.example",)), "big", TlsLevel.REQUIRED),
        (TlsDemands(required=("example",)), "big", TlsLevel.REQUIRED),
        (TlsDemands(required=("tenant.big.example",)), "big", TlsLevel.REQUIRED),
        (TlsDemands(verified=("big.example",), required=("big.example",)), "big", TlsLevel.VERIFIED),
        (TlsDemands(required=("ig.example",)), "big", TlsLevel.OPPORTUNISTIC),
        (TlsDemands(required=("strict.big.example",)), "strict", TlsLevel.VERIFIED),
        (TlsDemands(required=("own.test",)), "mx1.own.test", TlsLevel.REQUIRED),
        (TlsDemands(required=("own.test",)), "mx1.other.test", TlsLevel.OPPORTUNISTIC),
    ],
)
def test_tls_demanded_by_the_operator_holds_for_providers_and_for_sites(
    tmp_path: Path, demands: TlsDemands, provider: str, level: TlsLevel
) -> None:
    assert shaping_of(tmp_path, TEXT, demands).limits_for(provider, "main").tls.level is level


def test_tls_demanded_of_a_host_beats_a_provider_that_is_known_by_domain_only(tmp_path: Path) -> None:
    """Its rules name no hosts, so they cannot promise TLS to this one: the site keeps to itself, and to the demand."""
    shaping = shaping_of(tmp_path, TEXT, TlsDemands(required=("secure.test",)))
    assert shaping.provider_of("custom.test", ["mx.secure.test"]) == ""
    assert shaping.limits_for("mx.secure.test", "main").tls.level is TlsLevel.REQUIRED
    assert shaping.provider_of("custom.test", ["mx.plain.test"]) == "known-by-name"


def test_a_demand_says_that_it_is_the_operators(tmp_path: Path) -> None:
    shaping = shaping_of(tmp_path, TEXT, TlsDemands(required=("big.example",)))
    assert shaping.limits_for("big", "main").tls.because == "[delivery] require_tls: big.example"


def test_new_rules_hold_from_the_moment_they_are_taken(tmp_path: Path) -> None:
    shaping = shaping_of(tmp_path, TEXT)
    shaping.take(file.load(write_shaping(tmp_path, TEXT.replace("connections = 2", "connections = 7"))), TlsDemands())
    assert shaping.limits_for("big", "main").connections.value == 7


# -- reactions -----------------------------------------------------------------------------------------------------


def reaction(shaping: Shaping, provider: str, text: str, stage: Stage = Stage.MAIL) -> Reaction | None:
    return shaping.reaction(said(text, stage), facts(provider))


def test_what_was_delivered_or_not_answered_changes_no_pace() -> None:
    shaping = shipped()
    assert (
        shaping.reaction(Delivered(reply(250, "2.0.0", "Server busy. Please try again later from x")), facts(""))
        is None
    )
    assert shaping.reaction(Deferred(Stage.CONNECT, Scope.SITE, None, "too many connections"), facts("")) is None
    assert (
        reaction(shaping, "google", "450 4.2.1 The user you are trying to contact is receiving mail too quickly.")
        is None
    )


def test_a_provider_hears_its_own_rules_and_a_site_those_for_any() -> None:
    shaping = shipped()
    text = "451 4.7.650 The mail server [192.0.2.7] has been temporarily rate limited due to IP reputation. (S775)"
    own, any_site = reaction(shaping, "microsoft365", text), reaction(shaping, "mx.example", text)
    assert own is not None
    assert any_site is not None
    assert (own.rule, own.stop) == ("microsoft-ip-reputation", True)
    assert (any_site.rule, any_site.stop, any_site.connections) == ("ip-reputation", False, 1)


def test_a_reply_of_several_lines_is_read_as_one() -> None:
    lines = "421-4.7.28 Gmail has detected an unusual rate\n421-4.7.28 of unsolicited mail\n"
    lines += "421 4.7.28 originating from your IP address."
    found = reaction(shipped(), "google", lines)
    assert found is not None
    assert found.rule == "google-ip-rate"


def test_a_day_quota_of_a_sender_ends_at_midnight_in_china() -> None:
    clock = FakeClock(now_ms=1_700_056_800_000)  # 22:00 in Shanghai
    shaping = shipped(clock)
    found = reaction(shaping, "netease", "550 MI:STC 163 mx12,please see http://mail.163.com/help/help_spam_16.htm")
    assert found is not None
    assert (found.scope, found.stop, found.seconds) == (ReactionScope.SENDER, True, 7200)
    clock.advance(3600)
    later = reaction(shaping, "netease", "550 MI:STC 163 mx12,please see http://mail.163.com/help/help_spam_16.htm")
    assert later is not None
    assert later.seconds == 3600


def test_a_rule_of_one_stage_says_nothing_at_another(tmp_path: Path) -> None:
    text = """[provider.one]
mx = ["one.example"]
[[provider.one.reply]]
name = "greeting"
text = 'busy'
stages = ["greeting"]
do = "stop"
for = "5 min"
examples = ["421 busy"]
"""
    shaping = shaping_of(tmp_path, text)
    assert reaction(shaping, "one", "421 busy", Stage.GREETING) is not None
    assert reaction(shaping, "one", "421 busy", Stage.MAIL) is None


def test_a_rule_that_does_nothing_keeps_the_others_away(tmp_path: Path) -> None:
    text = """base = "shipped"
[[provider.outlook.reply]]
name = "never-mind"
text = 'server busy'
do = "nothing"
examples = ["451 Server busy"]
"""
    busy = "451 4.7.500 Server busy. Please try again later from [192.0.2.7]. (S77714)"
    assert reaction(shipped(), "outlook", busy) is not None
    assert reaction(shaping_of(tmp_path, text), "outlook", busy) is None


def test_of_an_endless_reply_only_the_beginning_is_looked_at() -> None:
    assert reaction(shipped(), "mx.example", "421 " + "x" * 5000 + " too many connections") is None
