"""`youtong bounce`, and what `youtong config check` says of bounce rules, as a person types them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from youtong.admin.certificate import ensure_certificate
from youtong.admin.cli.bounce import bounce
from youtong.admin.cli.config import config
from youtong.admin.config import load
from youtong.admin.control import Refused
from youtong.admin.serve import OwnerServer
from youtong.policy.rulefiles.faults import RuleFileError

KEYS = [
    *("file", "recipient", "status", "kind", "category", "disposition", "blame", "action"),
    *("dsn_action", "diagnostic", "evidence"),
]
NOTICE = """From: MAILER-DAEMON@mx.example.net
To: <>
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Sorry.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; bob@example.net
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <bob@example.net>: user unknown

Final-Recipient: rfc822; eve@example.net
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 mailbox is full

--b--
"""
AWAY = "From: bob@example.net\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nI am away.\n"
FAULTY = 'base = "shipped"\n[[rule]]\nname = "mine"\ntext = \'gone\'\ncategory = "gone"\nexamples = ["550 gone"]\n'


def run(*arguments: object, input: str | bytes | None = None) -> Result:
    return CliRunner().invoke(bounce, [str(one) for one in arguments], input=input)


def objects(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_bounced_recipient_is_an_object_with_the_fixed_keys(tmp_path: Path) -> None:
    (path := tmp_path / "one.eml").write_text(NOTICE)
    bob, eve = objects(run("classify", path))
    assert list(bob) == KEYS
    assert (bob["file"], bob["recipient"], bob["status"], bob["kind"]) == (
        str(path),
        "bob@example.net",
        "5.1.1",
        "hard",
    )
    assert (bob["category"], bob["disposition"], bob["action"]) == ("no-such-user", "final", "suppress")
    assert (bob["dsn_action"], bob["diagnostic"]) == ("failed", "550 5.1.1 <bob@example.net>: user unknown")
    assert bob["evidence"]["rule"]
    assert bob["evidence"]["words"].lower() in bob["diagnostic"]
    assert (eve["kind"], eve["category"], eve["action"]) == ("soft", "mailbox-full", "drop")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_change_nothing(end: str) -> None:
    assert objects(run("classify", input=NOTICE.replace("\n", end).encode())) == objects(run("classify", input=NOTICE))


def test_mail_that_is_no_bounce_gives_nothing_or_says_what_it_is(tmp_path: Path) -> None:
    (path := tmp_path / "away.eml").write_text(AWAY)
    assert objects(run("classify", path)) == []
    (said,) = objects(run("classify", "--all", path))
    assert (said["file"], said["sort"], said["kind"]) == (str(path), "vacation", "other")


def test_an_mbox_of_both_kinds_on_standard_input() -> None:
    letters = "".join(f"From x@y Mon Jan  1\n{letter}\n" for letter in (NOTICE, AWAY, NOTICE))
    assert [one["file"] for one in objects(run("classify", "--all", "-", input=letters))] == [
        *("-#1", "-#1", "-#2"),
        *("-#3", "-#3"),
    ]


@pytest.mark.parametrize(
    "octets", [b"", b"\0" * 99, b"\xff\xfe" * 99, b"Content-Type: multipart/report\n\n--", b"From "]
)
def test_any_octets_have_an_answer(octets: bytes) -> None:
    (said,) = objects(run("classify", "--all", input=octets))
    assert said["sort"] == "other"


def test_what_is_no_unicode_can_still_be_printed(tmp_path: Path) -> None:
    path = tmp_path / b"\xff.eml".decode(errors="surrogateescape")
    path.write_bytes(NOTICE.replace("user unknown", "user \xff unknown").encode("latin-1"))
    assert len(objects(run("classify", path))) == 2


def test_an_unreadable_file_is_one_sentence_and_the_others_go_on(tmp_path: Path) -> None:
    (path := tmp_path / "one.eml").write_text(NOTICE)
    done = run("classify", tmp_path / "gone", path)
    assert done.exit_code == 1
    assert len(done.stdout.splitlines()) == 2
    assert done.stderr == f"youtong: {tmp_path / 'gone'} cannot be read: No such file or directory\n"


@pytest.mark.parametrize(
    ("arguments", "category", "disposition", "action"),
    [
        (["550 5.1.1 User unknown"], "no-such-user", "final", "suppress"),
        (["550 Domain frequency limited"], "rate", "retry", "slow"),
        (["552 5.2.2 Mailbox full"], "mailbox-full", "retry", "retry"),
        (["552 5.2.2 Mailbox full", "--class", "people"], "mailbox-full", "final", "drop"),
        (["550 xyzzy"], "unknown", "final", "drop"),
    ],
)
def test_a_reply_in_place_of_files(arguments: list[str], category: str, disposition: str, action: str) -> None:
    (said,) = objects(run("classify", "--reply", *arguments))
    assert list(said) == KEYS
    assert (said["category"], said["disposition"], said["action"]) == (category, disposition, action)


def test_a_reply_that_refuses_nothing_is_no_bounce() -> None:
    assert objects(run("classify", "--reply", "250 2.0.0 Ok")) == []
    assert objects(run("classify", "--all", "--reply", "250 2.0.0 Ok"))[0]["sort"] == "success"


@pytest.mark.parametrize("option", ["--class", "--provider"])
def test_an_option_that_would_change_nothing_is_refused(option: str, tmp_path: Path) -> None:
    (path := tmp_path / "one.eml").write_text(NOTICE)
    done = run("classify", option, "bulk", path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"{option} is for --reply only." in done.stderr


def test_who_gives_nothing_in_a_terminal_is_told_what_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("youtong.admin.cli.bounce.at_terminal", lambda: True)
    assert run("classify", input=b"").stderr == "Reading a message from standard input; Ctrl+D ends it.\n"


def test_what_is_no_reply_is_refused_in_a_sentence() -> None:
    done = run("classify", "--reply", "mailbox full")
    assert (done.exit_code, "starts with a code" in done.stderr) == (1, True)
    assert run("classify", "--reply", "550 x", "file").exit_code == 2


def test_test_says_which_rule_takes_a_reply() -> None:
    shown = run("test", "550 Domain frequency limited").output
    assert "rate" in shown
    assert "bounces.toml:" in shown
    assert json.loads(run("test", "--json", "550 5.1.1 x").output)["evidence"]["rule"] == "enhanced x.1.1"
    assert "unknown" in run("test", "550 xyzzy").output
    assert run("test", "250 ok").output == "This reply refuses nothing.\n"


def test_rules_are_listed_and_shown() -> None:
    lines = run("rules").output.splitlines()
    names = [one["name"] for one in json.loads(run("rules", "--json").output)]
    assert [line.split()[0] for line in lines[2:]] == names
    assert "Matches" in run("rules", "mailbox-full").output
    assert run("rules", "nobodys").exit_code == 1


def test_people_read_the_words_of_their_language_beside_those_of_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    for shown in (run("rules", "mailbox-full").output, run("test", "552 5.2.2 Mailbox full").output):
        for words in ("邮箱已满 (mailbox-full)", "软退信 (soft)", "收件人 (recipient)", "重试 (retry)"):
            assert words in shown
    assert "依对方答复，群发邮件则会再试 (bulk-retries)" in run("rules", "mailbox-full").output
    assert "无此用户 (no-such-user)" in run("rules").output


def test_the_rules_beside_the_configuration_hold(tmp_path: Path) -> None:
    (tmp_path / "bounces.toml").write_text(FAULTY.replace('"gone"\n', '"moved"\n', 1))
    (said,) = objects(run("classify", "--reply", "550 gone", "--config", tmp_path / "youtong.toml"))
    assert (said["category"], said["evidence"]) == ("moved", {"rule": "mine", "words": "gone"})


# -- config check, start and reload ----------------------------------------------------------------------------------


def configured(folder: Path, rules: str) -> Path:
    (folder / "bounces.toml").write_text(rules)
    path = folder / "youtong.toml"
    path.write_text('[server]\nhostname = "mx.example.org"\n')
    return path


def test_config_check_names_faults_of_both_rule_files_with_their_lines(tmp_path: Path) -> None:
    path = configured(tmp_path, FAULTY)
    ensure_certificate(load(path))
    (tmp_path / "shaping.toml").write_text('base = "shipped"\n[provider.google]\nconections = 3\n')
    done = CliRunner().invoke(config, ["check", "--config", str(path)])
    assert done.exit_code == 1
    assert f"{tmp_path / 'bounces.toml'}:5: [[rule]] category: is no category" in done.stderr
    assert f"{tmp_path / 'shaping.toml'}:3: [provider.google] conections" in done.stderr
    told = json.loads(CliRunner().invoke(config, ["check", "--json", "--config", str(path)]).stdout)
    assert {Path(one["file"]).name for one in told} == {"bounces.toml", "shaping.toml"}


def test_config_check_tells_of_doubts(tmp_path: Path) -> None:
    path = configured(tmp_path, FAULTY.replace('"gone"\n', '"moved"\n', 1))
    ensure_certificate(load(path))
    done = CliRunner().invoke(config, ["check", "--config", str(path)])
    assert done.exit_code == 0
    assert f"{tmp_path / 'bounces.toml'}:2: [[rule]] mine: has no near_misses" in done.output


async def test_a_server_does_not_start_on_faulty_rules(tmp_path: Path) -> None:
    with pytest.raises(RuleFileError, match=r"bounces\.toml:5"):
        await OwnerServer(load(configured(tmp_path, FAULTY))).start()


def test_faulty_rules_refuse_a_reload_and_what_was_in_force_stays(tmp_path: Path) -> None:
    settings = load(configured(tmp_path, FAULTY))
    ensure_certificate(settings)
    with pytest.raises(Refused, match=r"nothing was changed: .*bounces\.toml:5: \[\[rule\]\] category"):
        OwnerServer(settings).reload()
