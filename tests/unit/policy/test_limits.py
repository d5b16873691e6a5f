import pytest
from youtong.mta.delivery.egress import TlsLevel
from youtong.policy.limits import DEFAULTS, DefaultLimits, TlsDemands

LIMITS = DefaultLimits(TlsDemands(required=("bank.example", "mx.one.example"), verified=("strict.bank.example",)))


@pytest.mark.parametrize(
    ("site", "level"),
    [
        ("mx1.bank.example,mx2.bank.example", TlsLevel.REQUIRED),
        ("bank.example", TlsLevel.REQUIRED),
        ("mx.elsewhere.example,mx2.bank.example", TlsLevel.REQUIRED),
        ("mx.strict.bank.example", TlsLevel.VERIFIED),
        ("mx.one.example", TlsLevel.REQUIRED),
        ("othermx.one.example", TlsLevel.OPPORTUNISTIC),
        ("notbank.example", TlsLevel.OPPORTUNISTIC),
        ("bank.example.org", TlsLevel.OPPORTUNISTIC),
    ],
)
def test_tls_is_demanded_of_hosts_by_the_end_of_their_names(site: str, level: TlsLevel) -> None:
    assert LIMITS.limits_for(site, "main").tls.level is level


def test_a_demand_says_which_line_made_it_and_changes_nothing_else() -> None:
    limits = LIMITS.limits_for("mx1.bank.example", "main")
    assert limits.tls.because == "[delivery] require_tls: bank.example"
    assert limits.connections == DEFAULTS.connections
    assert LIMITS.limits_for("mx.other.example", "main") is DEFAULTS
