"""Faults of a shaping file: all at once, each with file and line; and what is right is read as it is meant."""

from pathlib import Path

import pytest
from fakes.shaping import write_shaping
from youtong.mta.outcome import Stage
from youtong.policy.rulefiles.units import NextDay, duration, rate
from youtong.policy.shaping import file
from youtong.policy.shaping.faults import ShapingError
from youtong.policy.shaping.reply_rule import ReplyRule
from youtong.queue.reactions import ReactionScope

RULE = """
[provider.one]
mx = ["one.example"]
[[provider.one.reply]]
name = "slow-down"
text = 'slow down'
do = "slow"
connections = 1
for = "30 min"
examples = ["421 Slow down"]
"""


def faults(folder: Path, text: str) -> list[str]:
    path = write_shaping(folder, text)
    with pytest.raises(ShapingError) as caught:
        file.load(path)
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]


def changed(old: str, new: str) -> str:
    assert old in RULE
    return RULE.replace(old, new)


def test_every_fault_of_a_file_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = """conections = 3
[defualt]
connections = 1
[default]
message_rate = "100/fortnight"
idle = 60
tls = "on"
[provider.one]
mx = ["one.example"]
connections = "5"
site.conections = 2
speed = 1
"""
    assert faults(tmp_path, text) == [
        "1: conections: is no key of this table",
        "2: defualt: is no key of this table, did you mean default?",
        '5: [default] message_rate: needs a rate in quotes, e.g. "20/min", "500/h" or "10/30 s" (s, min, h, day; one'
        " day at most)",
        '6: [default] idle: needs a time with its unit in quotes, e.g. "90 s", "30 min" or "2 h" (s, min, h, day)',
        '7: [default] tls: needs one of "opportunistic", "required", "verified"',
        "10: [provider.one] connections: needs a whole number from 1 to 10000, without quotes",
        "11: [provider.one.site] conections: is no key of this table, did you mean connections?",
        "12: [provider.one] speed: is no key of this table",
    ]


def test_the_same_suffix_in_two_providers_is_a_fault_and_a_longer_one_is_none(tmp_path: Path) -> None:
    text = '[provider.one]\nmx = ["mail.example"]\n[provider.two]\nmx = ["Mail.Example.", "a.mail.example"]\n'
    assert faults(tmp_path, text) == ['4: [provider.two] mx: "mail.example" belongs to [provider.one] already']


def test_the_same_domain_in_two_providers_is_a_fault(tmp_path: Path) -> None:
    text = '[provider.one]\ndomains = ["one.example"]\n[provider.two]\ndomains = ["one.example"]\n'
    assert faults(tmp_path, text) == ['4: [provider.two] domains: "one.example" belongs to [provider.one] already']


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "slow-down"\n', "", "4: [[provider.one.reply]] name: is missing"),
        ("text = 'slow down'\n", "", "4: [[provider.one.reply]] text: is missing: a rule needs a text or codes"),
        ("'slow down'", "''", "6: [[provider.one.reply]] text: needs a text in quotes"),
        ("'slow down'", "'x?'", "6: [[provider.one.reply]] text: fits every text, also an empty one"),
        (
            "'slow down'",
            "'[slow'",
            "6: [[provider.one.reply]] text: is no regular expression: unterminated character set at position 0",
        ),
        (
            "'slow down'",
            "'(a+)+b'",
            "6: [[provider.one.reply]] text: could take very long: give repetitions a bound, like .{0,40} or"
            " [0-9]{1,3}, and nest none",
        ),
        ('do = "slow"\n', "", '4: [[provider.one.reply]] do: is missing: "stop", "slow" or "nothing"'),
        ("connections = 1\n", "", '7: [[provider.one.reply]] do: "slow" needs share, message_rate or connections'),
        (
            'do = "slow"',
            'do = "stop"',
            '7: [[provider.one.reply]] do: "stop" goes with no share, message_rate or connections',
        ),
        (
            'for = "30 min"\n',
            "",
            '4: [[provider.one.reply]] for: is missing: how long, e.g. "30 min", or until = "next day +08:00"',
        ),
        (
            "connections = 1",
            'connections = 1\nuntil = "next day +08:00"',
            "9: [[provider.one.reply]] until: stands beside for: write one of them",
        ),
        (
            "connections = 1",
            'connections = 1\nuntil = "next day Atlantis/Poseidonis"',
            '9: [[provider.one.reply]] until: this machine knows no time zone "Atlantis/Poseidonis"; an offset like'
            " +08:00 always works",
        ),
        (
            "connections = 1",
            "connections = 1\nafter = 5",
            '9: [[provider.one.reply]] after: goes together with within, e.g. after = 5, within = "1 h"',
        ),
        (
            "connections = 1",
            "share = 1.5",
            "8: [[provider.one.reply]] share: needs a part of the usual pace between 0 and 1, e.g. 0.5",
        ),
        (
            'examples = ["421 Slow down"]\n',
            "",
            "4: [[provider.one.reply]] examples: is missing: write the reply, word for word, that the rule is made for",
        ),
        (
            '"421 Slow down"',
            '"Slow down"',
            '10: [[provider.one.reply]] examples: is no reply ("Slow down"): it starts with a code, like 421 or 550',
        ),
        (
            "connections = 1",
            "connections = 1\ncodes = [250]",
            "9: [[provider.one.reply]] codes: needs a list of reply codes, e.g. [421, 451], or first digits [4]",
        ),
        (
            "connections = 1",
            'connections = 1\nscope = "world"',
            '9: [[provider.one.reply]] scope: needs one of "source", "sender", "site"',
        ),
    ],
)
def test_a_faulty_rule_is_told_with_its_line_and_what_to_write(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert told in faults(tmp_path, changed(old, new))


def test_two_rules_of_one_name_are_told_with_the_line_of_the_first(tmp_path: Path) -> None:
    twice = RULE + RULE[RULE.index("[[") :]
    assert faults(tmp_path, twice) == ['12: [[provider.one.reply]] name: is the same as at line 4: "slow-down"']


def test_what_is_no_toml_is_one_fault_with_its_line(tmp_path: Path) -> None:
    (told,) = faults(tmp_path, "[provider.one]\nmx = [\n")
    assert told.startswith("3: is no valid TOML: ")


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ShapingError, match=r"nowhere\.toml: cannot be read \(No such file or directory\)$"):
        file.load(tmp_path / "nowhere.toml")
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9")
    with pytest.raises(ShapingError, match=r"is not UTF-8 text$"):
        file.load(tmp_path / "latin.toml")


def test_a_provider_that_nothing_belongs_to_is_a_fault(tmp_path: Path) -> None:
    told = "1: [provider.one] mx: is missing: without mx and domains no mail belongs to this provider"
    assert faults(tmp_path, "[provider.one]\nconnections = 2\n") == [told]


def test_rules_are_shared_with_providers_that_exist_only(tmp_path: Path) -> None:
    text = '[provider.one]\nmx = ["one.example"]\nreplies_from = ["two"]\n'
    assert faults(tmp_path, text) == ['3: [provider.one] replies_from: there is no other provider "two"']


def the_rule(folder: Path, text: str) -> ReplyRule:
    (rule,) = file.load(write_shaping(folder, text)).providers["one"].rules
    return rule


def test_a_rule_says_what_it_does_and_where_it_stands(tmp_path: Path) -> None:
    more = 'connections = 1\nshare = 0.5\nmessage_rate = "1/min"\nscope = "site"\nafter = 3\nwithin = "2 hours"\n'
    rule = the_rule(tmp_path, changed("connections = 1\n", more + 'stages = ["mail"]\ncodes = [4]\n'))
    found = rule.reaction
    assert found is not None
    assert found.because == "shaping.toml:4 [[provider.one.reply]] slow-down"
    assert (found.scope, found.seconds, found.stop) == (ReactionScope.SITE, 1800, False)
    assert (found.share, found.connections, found.after, found.within_seconds) == (0.5, 1, 3, 7200)
    assert found.message_rate is not None
    assert (found.message_rate.count, found.message_rate.seconds) == (1, 60)
    assert (rule.stages, rule.codes) == ((Stage.MAIL,), (4,))


def test_a_rule_may_do_nothing(tmp_path: Path) -> None:
    text = changed('do = "slow"\nconnections = 1\nfor = "30 min"\n', 'do = "nothing"\n')
    assert the_rule(tmp_path, text).reaction is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20/min", (20, 60)),
        ("100/s", (100, 1)),
        ("10,000/h", (10_000, 3600)),
        ("10/30 s", (10, 30)),
        ("5/day", (5, 86_400)),
    ],
)
def test_rates_as_people_write_them(text: str, expected: tuple[int, int]) -> None:
    assert rate(text) == expected


@pytest.mark.parametrize("text", ["", "20", "20/m", "0/min", "-1/s", "1/0 s", "1/2 days", "1.5/s", 20, None, "20/min "])
def test_what_is_no_rate_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="needs a rate in quotes"):
        rate(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90 s", 90), ("30min", 1800), ("2 h", 7200), ("1 hour", 3600), ("45 minutes", 2700), ("1 day", 86_400)],
)
def test_times_as_people_write_them(text: str, seconds: int) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("zone", ["+08:00", "Asia/Shanghai"])
def test_until_the_next_day_ends_at_midnight_there(zone: str) -> None:
    ten_in_the_evening_in_shanghai = 1_700_056_800_000  # 2023-11-15 14:00 UTC
    assert NextDay(zone).seconds_from(ten_in_the_evening_in_shanghai) == 2 * 3600


def test_a_day_of_23_hours_ends_at_its_own_midnight() -> None:
    noon_before_summer_time = 1_711_796_400_000  # 2024-03-30 12:00 in Berlin; the next day has 23 hours
    assert NextDay("Europe/Berlin").seconds_from(noon_before_summer_time) == 12 * 3600
