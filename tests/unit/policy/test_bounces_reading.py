"""Reading bounces.toml: every fault with its line, and what an operator's file changes."""

from pathlib import Path

import pytest
from youtong.policy.bounces import lint
from youtong.policy.bounces.loading import SHIPPED, BouncesError, beside, load, load_rules
from youtong.policy.bounces.said import heard
from youtong.policy.rulefiles.patterns import quoted

GOOD = """base = "none"
[category.rate]
blame = "provider-rate"

[[rule]]
name = "slow"
text = 'too fast'
category = "rate"
fact = "seen at example.org"
examples = ["450 too fast", "550 much too fast"]
near_misses = ["450 too slow"]

[enhanced]
"x.7.28" = "rate"

[code]
554 = "rate"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "bounces.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder: Path, text: str) -> list[str]:
    path = write(folder, text)
    with pytest.raises(BouncesError) as caught:
        load(path)
    return str(caught.value).replace(f"{path}:", "").splitlines()


def test_what_is_right_is_read(tmp_path: Path) -> None:
    file = load(write(tmp_path, GOOD))
    assert [rule.name for rule in file.rules] == ["slow"]
    assert (file.enhanced, file.codes) == ({"x.7.28": "rate"}, {"554": "rate"})


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("[category.rate]", "[category.rates]", "2: [category.rates]: is no category, did you mean rate?"),
        ('blame = "provider-rate"', 'blame = "me"', "3: [category.rate] blame: needs one of "),
        ('name = "slow"\n', "", "5: [[rule]] name: is missing"),
        ("'too fast'", "'(a+)+ too'", "7: [[rule]] text: could take very long"),
        ("'too fast'", "'too （fast'", "7: [[rule]] text: fits nothing: texts are searched with '(' in place of '（'"),
        ("'too fast'", "'(too'", "7: [[rule]] text: is no regular expression"),
        ('category = "rate"\n', 'category = "ratte"\n', "8: [[rule]] category: is no category, did you mean rate?"),
        ('category = "rate"\n', "", "5: [[rule]] category: is missing"),
        ('category = "rate"\n', 'category = "content"\n', "5: [[rule]] slow: there is no [category.content]"),
        (
            'fact = "seen',
            'origins = "both"\nfact = "seen',
            "9: [[rule]] origins: is no key of this table, did you mean",
        ),
        ("text = 'too fast'", "codes = [450]", '5: [[rule]] origin: must be "reply"'),
        ("text = 'too fast'\n", "", "5: [[rule]] text: is missing: a rule needs a text or codes"),
        ("text = 'too fast'", 'enhanced = ["7.1"]', "7: [[rule]] enhanced: needs a list of enhanced codes"),
        ('"x.7.28" = "rate"', '"7.28" = "rate"', "14: [enhanced] 7.28: is not an enhanced code"),
        ('"x.7.28" = "rate"', '"x.7.28" = "fast"', "14: [enhanced] x.7.28: is no category"),
        ("554 =", "354 =", "17: [code] 354: is not a reply code"),
        ('554 = "rate"', '554 = "moved"', "17: [code] 554: there is no [category.moved]"),
        ('base = "none"', 'base = "none', "1: is no valid TOML"),
        ("[code]", "[codes]", "codes: is no key of this table, did you mean code?"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in GOOD
    assert any(fault in line for line in faults(tmp_path, GOOD.replace(old, new))), faults(
        tmp_path, GOOD.replace(old, new)
    )


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace('"provider-rate"', '"me"').replace("'too fast'", "'(too'").replace("554 =", "354 =")
    assert len(faults(tmp_path, text)) == 3


def test_a_rule_stands_once(tmp_path: Path) -> None:
    twice = GOOD.replace("[enhanced]", GOOD[GOOD.index("[[rule]]") : GOOD.index("[enhanced]")] + "[enhanced]")
    assert faults(tmp_path, twice) == ['14: [[rule]] name: is the same as at line 5: "slow"']


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BouncesError, match=r"nowhere\.toml: cannot be read \(No such file or directory\)$"):
        load(tmp_path / "nowhere.toml")
    path = tmp_path / "bounces.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(BouncesError, match=r"is not UTF-8 text$"):
        load(path)


def test_without_a_file_of_its_own_a_configuration_has_the_shipped_rules(tmp_path: Path) -> None:
    assert beside(tmp_path / "youtong.toml") == SHIPPED
    path = write(tmp_path, GOOD)
    assert beside(tmp_path / "youtong.toml") == path


def test_an_operators_file_lies_over_the_shipped_one(tmp_path: Path) -> None:
    write(
        tmp_path,
        """base = "shipped"
[category.inactive]
kind = "hard"
blame = "recipient"
action = "suppress"
[[rule]]
name = "ours"
text = 'user unknown in our town'
category = "moved"
examples = ["550 user unknown in our town"]
[enhanced]
"5.7.1" = "content"
""",
    )
    own, shipped = load_rules(tmp_path / "youtong.toml"), load_rules()

    def category(text: str) -> tuple[str, str]:
        said = heard(quoted(text))
        return own.meaning(said).category, shipped.meaning(said).category

    assert category("550 user unknown in our town") == ("moved", "no-such-user")
    assert category("550 5.7.1 xyzzy") == ("content", "policy")
    assert category("550 user unknown") == ("no-such-user", "no-such-user")
    assert own.of_category("inactive").action == "suppress"


def test_a_rule_of_a_shipped_name_replaces_it_in_its_place(tmp_path: Path) -> None:
    write(
        tmp_path,
        'base = "shipped"\n[[rule]]\nname = "no-such-user"\ntext = \'xyzzy\'\ncategory = "moved"\n'
        'examples = ["550 xyzzy"]\n',
    )
    own, shipped = load_rules(tmp_path / "youtong.toml"), load_rules()
    assert [rule.name for rule in own.file.rules] == [rule.name for rule in shipped.file.rules]
    assert own.meaning(heard(quoted("550 xyzzy"))).rule == "no-such-user"


@pytest.mark.parametrize(
    ("old", "new", "doubt"),
    [
        ('base = "none"\n', "", "base: is missing: this file replaces the shipped one"),
        ('"550 much too fast"', '"550 much too quick"', 'does not fit its own example "550 much too quick"'),
        (
            'near_misses = ["450 too slow"]',
            'near_misses = ["450 not too fast"]',
            'fits its near miss "450 not too fast"',
        ),
        ('near_misses = ["450 too slow"]\n', "", "has no near_misses"),
        (', "550 much too fast"', "", "has one example only"),
        ('fact = "seen at example.org"\n', "", "has no fact"),
    ],
)
def test_what_can_be_doubted_is_told(tmp_path: Path, old: str, new: str, doubt: str) -> None:
    assert old in GOOD
    write(tmp_path, GOOD.replace(old, new))
    (fault,) = lint.warnings(load_rules(tmp_path / "youtong.toml"))
    assert doubt in str(fault)


def test_a_rule_behind_another_that_takes_its_texts_never_wins(tmp_path: Path) -> None:
    first = '[[rule]]\nname = "all"\ntext = \'fast\'\ncategory = "rate"\nfact = "x"\n'
    first += 'examples = ["450 fast", "451 fast"]\nnear_misses = ["450 slow"]\n'
    write(tmp_path, GOOD.replace("[[rule]]", first + "[[rule]]"))
    (fault,) = lint.warnings(load_rules(tmp_path / "youtong.toml"))
    assert str(fault) == "[[rule]] slow: never wins: all its examples are taken by the earlier all"
