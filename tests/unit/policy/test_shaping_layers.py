"""Two files over each other, key by key; and every number says which file and line it is from."""

from pathlib import Path

from fakes.shaping import shaping_of, shipped, write_shaping
from youtong.mta.outcome import Stage
from youtong.policy.limits import DEFAULTS
from youtong.policy.rulefiles.patterns import quoted
from youtong.policy.shaping import file

BUSY = """
[[provider.outlook.reply]]
name = "{name}"
text = 'server busy'
do = "stop"
for = "7 min"
examples = ["451 4.7.500 Server busy. Please try again later from [192.0.2.7]."]
"""


def test_an_operators_number_replaces_the_shipped_one_and_nothing_else(tmp_path: Path) -> None:
    shaping = shaping_of(tmp_path, 'base = "shipped"\n[provider.google]\nconnections = 20\n')
    mine, theirs = shaping.limits_for("google", "main"), shipped().limits_for("google", "main")
    assert mine.connections.value == 20
    assert mine.connections.because == "shaping.toml:3 [provider.google] connections"
    assert mine.messages_per_connection == theirs.messages_per_connection
    assert mine.messages_per_connection.because.startswith("shipped shaping.toml:")
    assert mine.message_rates == DEFAULTS.message_rates
    assert mine.message_rates[0].because == "default"
    assert shaping.provider_of("example.com", ["aspmx.l.google.com"]) == "google"


def test_an_operators_default_holds_where_the_shipped_file_is_silent(tmp_path: Path) -> None:
    text = 'base = "shipped"\n[default]\nconnections = 3\nmessage_rate = ["5/s", "9000/h"]\n'
    shaping = shaping_of(tmp_path, text)
    assert shaping.limits_for("mx.nobody.example", "main").connections.value == 3
    assert shaping.limits_for("google", "main").connections.value == 5
    rates = shaping.limits_for("google", "main").message_rates
    assert [(rate.count, rate.seconds, rate.because) for rate in rates] == [
        (5, 1, "shaping.toml:4 [default] message_rate"),
        (9000, 3600, "shaping.toml:4 [default] message_rate"),
    ]


def test_a_file_without_base_replaces_the_shipped_one(tmp_path: Path) -> None:
    shaping = shaping_of(tmp_path, '[provider.mine]\nmx = ["google.com"]\n')
    assert list(shaping.file.providers) == ["mine"]
    assert shaping.provider_of("gmail.com", ["gmail-smtp-in.l.google.com"]) == "mine"
    assert shaping.rules_of("mine") == ()


def test_a_rule_of_the_same_name_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    shaping = shaping_of(tmp_path, 'base = "shipped"\n' + BUSY.format(name="microsoft-server-busy"))
    names = [rule.name for rule in shaping.rules_of("outlook")]
    assert names == [rule.name for rule in shipped().rules_of("outlook")]
    rule = shaping.rule_for(
        "microsoft365", quoted("451 4.7.500 Server busy. Please try again later from [1.2.3.4]."), Stage.MAIL
    )
    assert rule is not None
    assert rule.reaction is not None
    assert rule.reaction.seconds == 420


def test_a_new_rule_is_asked_before_the_shipped_ones(tmp_path: Path) -> None:
    shaping = shaping_of(tmp_path, 'base = "shipped"\n' + BUSY.format(name="mine"))
    assert shaping.rules_of("outlook")[0].name == "mine"
    rule = shaping.rule_for(
        "outlook", quoted("451 4.7.500 Server busy. Please try again later from [1.2.3.4]."), Stage.MAIL
    )
    assert rule is not None
    assert rule.name == "mine"


def test_a_suffix_may_move_to_another_provider_only_as_a_whole_list(tmp_path: Path) -> None:
    text = 'base = "shipped"\n[provider.foxmail]\nmx = ["mx1.qq.com"]\n[provider.mail-com]\nmx = ["mx00.mail.com"]\n'
    shaping = shaping_of(tmp_path, text)
    assert shaping.provider_of("x.example", ["mx1.qq.com"]) == "foxmail"
    assert shaping.provider_of("x.example", ["mx2.qq.com"]) == "qq"
    assert shaping.provider_of("x.example", ["mx01.mail.com"]) == ""


def test_the_file_beside_the_configuration_is_found_else_the_shipped_one(tmp_path: Path) -> None:
    assert file.beside(tmp_path / "youtong.toml") == file.SHIPPED
    path = write_shaping(tmp_path, "")
    assert file.beside(tmp_path / "youtong.toml") == path
