"""`youtong shaping` and what `youtong config check` says of shaping rules, as a person types them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes.resolver import FakeResolver
from fakes.shaping import write_shaping
from youtong.admin.certificate import ensure_certificate
from youtong.admin.cli.config import config
from youtong.admin.cli.shaping import shaping
from youtong.admin.config import load
from youtong.admin.control import Refused
from youtong.admin.serve import OwnerServer
from youtong.policy.shaping.faults import ShapingError

FAULTY = 'base = "shipped"\n[provider.google]\nconections = 3\n'
DOUBTFUL = """base = "shipped"
[[provider.google.reply]]
name = "mine"
text = 'too noisy'
do = "nothing"
examples = ["421 You are too noisy"]
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(shaping, [str(one) for one in arguments])


def configured(folder: Path, more: str = "") -> Path:
    path = folder / "youtong.toml"
    path.write_text(f'[server]\nhostname = "mx.example.org"\n{more}')
    return path


def test_show_lists_every_provider_and_all_others() -> None:
    lines = run("show").output.splitlines()
    assert len(lines) > 50
    assert any(line.split()[:3] == ["google", "5", "50"] for line in lines)
    assert any(line.startswith("(all others)") for line in lines)


def test_show_says_where_each_number_of_a_domain_is_from(tmp_path: Path) -> None:
    write_shaping(tmp_path, 'base = "shipped"\n[provider.google]\nconnections = 20\n')
    shown = run("show", "gmail.com", "--config", tmp_path / "youtong.toml").output
    assert "shaping.toml:3 [provider.google] connections" in shown
    assert "shipped shaping.toml:" in shown
    limits = json.loads(run("show", "google", "--json").output)["limits"]
    assert limits["messages_per_connection"]["value"] == 50


@pytest.mark.parametrize(
    ("domain", "provider"),
    [
        ("shop.example", "microsoft365"),
        ("own.example", "mx1.own.example,mx2.own.example"),
        ("bare.example", "bare.example"),
    ],
)
def test_show_looks_up_a_domain_that_no_rule_names(domain: str, provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = FakeResolver().has_mx("shop.example", (20, "mx.backup.example"), (5, "shop.mail.protection.outlook.com"))
    names.has_mx("own.example", (10, "mx2.own.example"), (10, "mx1.own.example"))
    names.has_addresses("bare.example", "192.0.2.7")
    monkeypatch.setattr("youtong.admin.cli.shaping.system_resolver", lambda *_: names)
    assert json.loads(run("show", domain, "--json").output)["provider"] == provider


@pytest.mark.parametrize(
    ("domain", "why"),
    [("down.example", "SERVFAIL"), ("none.example", "there is no such domain"), ("null.example", "it accepts no mail")],
)
def test_show_says_why_a_domain_cannot_be_looked_up(domain: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = FakeResolver().fails("down.example").has_mx("null.example", (0, ""))
    monkeypatch.setattr("youtong.admin.cli.shaping.system_resolver", lambda *_: names)
    result = run("show", domain)
    assert result.exit_code == 1
    assert result.output == f"Error: The MX hosts of {domain} cannot be looked up: {why}.\n"


def test_show_says_when_a_number_is_the_operators_demand(tmp_path: Path) -> None:
    path = configured(tmp_path, '[delivery]\nverify_tls = ["google.com"]\n')
    assert "[delivery] verify_tls: google.com" in run("show", "google", "--config", path).output


def test_test_names_the_rule_and_what_it_would_do() -> None:
    shown = run("test", "--provider", "tencent-exmail", "--reply", "550 Domain frequency limited.").output
    assert "qq-sender-frequency" in shown
    assert "stops" in shown
    assert "after 5 such replies within 1 h" in shown
    shown = run("test", "--reply", "421 mx.example.net: Too many concurrent SMTP connections").output
    assert "slows: 1 connection\n" in shown


def test_test_says_when_no_rule_fits() -> None:
    result = run("test", "--provider", "google", "--reply", "550 5.1.1 No such user")
    assert (result.exit_code, result.output) == (0, "No rule fits: the pace stays as it is.\n")
    assert json.loads(run("test", "--reply", "550 x", "--json").output) is None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--reply", "slow down"), "A reply starts with a code"),
        (("--provider", "gogle", "--reply", "421 x"), "no provider “gogle”"),
    ],
)
def test_what_cannot_be_tested_is_one_sentence(arguments: tuple[str, ...], told: str) -> None:
    result = run("test", *arguments)
    assert result.exit_code == 1
    assert told in result.output


def test_a_faulty_file_is_named_with_its_line_by_every_verb(tmp_path: Path) -> None:
    path, rules = configured(tmp_path), write_shaping(tmp_path, FAULTY)
    told = f"Error: {rules}:3: [provider.google] conections: is no key of this table, did you mean connections?\n"
    for result in (
        run("show", "--config", path),
        run("test", "--reply", "421 x", "--config", path),
        CliRunner().invoke(config, ["check", "--config", str(path)]),
    ):
        assert (result.exit_code, result.output) == (1, told)


def test_config_check_tells_faults_of_the_rules_to_programs(tmp_path: Path) -> None:
    path, rules = configured(tmp_path), write_shaping(tmp_path, FAULTY)
    result = CliRunner().invoke(config, ["check", "--json", "--config", str(path)])
    assert result.exit_code == 1
    (told,) = json.loads(result.output)
    assert (told["file"], told["line"], told["place"]) == (str(rules), 3, "[provider.google] conections")


def test_config_check_tells_what_is_odd_in_the_rules(tmp_path: Path) -> None:
    path, rules = configured(tmp_path), write_shaping(tmp_path, DOUBTFUL)
    result = CliRunner().invoke(config, ["check", "--config", str(path)])
    assert result.exit_code == 0
    assert f"  {rules}:2: [[provider.google.reply]] mine: has no near_misses" in result.output
    told = json.loads(CliRunner().invoke(config, ["check", "--json", "--config", str(path)]).output)
    assert {one["file"] for one in told if "file" in one} == {str(rules)}


def test_config_check_tells_which_shipped_rules_a_new_one_takes_the_texts_of(tmp_path: Path) -> None:
    path = configured(tmp_path)
    write_shaping(tmp_path, DOUBTFUL.replace("too noisy", "unusual").replace("You are too noisy", "unusual"))
    shown = CliRunner().invoke(config, ["check", "--config", str(path)]).output
    assert (
        "[[provider.google.reply]] google-ip-rate: never wins: all its examples are taken by the earlier mine" in shown
    )


def test_a_faulty_file_refuses_a_reload_and_what_was_in_force_stays(tmp_path: Path) -> None:
    settings = load(configured(tmp_path))
    ensure_certificate(settings)
    rules = write_shaping(tmp_path, FAULTY)
    with pytest.raises(Refused, match=rf"nothing was changed: {rules}:3: \[provider\.google\] conections"):
        OwnerServer(settings).reload()


async def test_a_faulty_file_refuses_the_start(tmp_path: Path) -> None:
    settings = load(configured(tmp_path))
    write_shaping(tmp_path, FAULTY)
    with pytest.raises(ShapingError, match="conections"):
        await OwnerServer(settings).start()
