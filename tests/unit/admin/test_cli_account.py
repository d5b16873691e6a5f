"""The verbs over accounts and the configuration, as a person or a program runs them."""

import json
from pathlib import Path

import pytest
from fakes.terminal import Terminal

pytestmark = pytest.mark.usefixtures("at_home")


@pytest.fixture
def terminal(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal(capfd, monkeypatch)


def test_an_account_is_added_shown_disabled_and_enabled(terminal: Terminal) -> None:
    assert terminal.type("account add a@a.example --password-stdin --domain A.example", "a long password\n") == 0
    assert terminal.out == "a@a.example can log in now.\n"
    assert terminal.type("account disable a@a.example") == 0
    assert terminal.type("account list --json") == 0
    (account,) = json.loads(terminal.out)
    assert (account["name"], account["domains"], account["disabled"]) == ("a@a.example", ["a.example"], True)
    assert terminal.type("account enable a@a.example") == 0
    assert terminal.type("account show a@a.example") == 0
    assert "enabled" in terminal.out


def test_a_random_secret_is_printed_once_and_never_again(terminal: Terminal) -> None:
    terminal.type("account add a@a.example --password-stdin", "a long password\n")
    assert terminal.type("account credential add a@a.example --class transactional --label web --json") == 0
    made = json.loads(terminal.out)
    assert len(made["secret"]) == 64
    assert terminal.type("account show a@a.example --json") == 0
    assert made["secret"] not in terminal.out
    assert "verifier" not in terminal.out
    assert terminal.type(f"account credential revoke a@a.example {made['credential']}") == 0
    assert terminal.type("account credential list a@a.example") == 0
    assert "revoked" in terminal.out


def test_whether_bounces_come_here_is_set_for_each_account(terminal: Terminal) -> None:
    terminal.type("account add a@a.example --password-stdin", "a long password\n")
    for switched, is_on in (("off", False), ("on", True)):
        assert terminal.type(f"account set a@a.example --verp {switched}") == 0
        terminal.type("account show a@a.example --json")
        assert json.loads(terminal.out)["verp"] is is_on
    assert terminal.type("account set nobody@a.example --verp off") == 1


@pytest.mark.parametrize(
    ("line", "stdin", "code", "sentence"),
    [
        ("account add a@a.example --password-stdin", "short\n", 1, "at least 8 characters"),
        ("account add a@a.example", "", 2, "use --password-stdin"),
        ("account add alice --password-stdin", "", 2, "is no account name"),
        ("account add a@a.example --domain x_y --password-stdin", "", 2, "is no domain name"),
        ("account add a@a.example --parent b@b.example --domain a.example", "", 2, "--parent or --domain"),
        ("account show nobody@a.example", "", 1, "There is no account nobody@a.example."),
        ("account lisst", "", 2, "Did you mean 'list'?"),
        ("account list --nope", "", 2, "--nope"),
        ("nonsense", "", 2, "nonsense"),
        ("account list --config none.toml", "", 1, "there is no such file"),
    ],
)
def test_a_refusal_is_a_clear_sentence_with_its_exit_code(
    terminal: Terminal, line: str, stdin: str, code: int, sentence: str
) -> None:
    assert terminal.type(line, stdin) == code
    assert sentence in terminal.err
    assert terminal.err.startswith("youtong: ")
    assert len(terminal.err.splitlines()) == code  # wrong usage adds where to look
    assert "Traceback" not in terminal.err


def test_an_unexpected_exception_is_a_sentence_and_a_traceback_in_a_file(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug\nof two lines")

    monkeypatch.setattr("youtong.admin.cli.account.loaded", broken)
    assert terminal.type("account list") == 1
    log = tmp_path / "state" / "youtong" / "errors.log"
    assert terminal.err.splitlines() == [
        "youtong: this should not have happened (RuntimeError: a bug).",
        f"The details are in {log}; please report them.",
    ]
    assert "Traceback" in log.read_text()


def test_config_check_lists_faults_for_people_and_programs(terminal: Terminal) -> None:
    assert terminal.type("config check") == 0
    Path("youtong.toml").write_text('[server]\nhostname = "mail.example.net"\nstop_second = 3\n')
    assert terminal.type("config check") == 1
    assert "line 3: [server] stop_second: is no key of this section, did you mean stop_seconds?" in terminal.err
    assert terminal.type("config check --json") == 1
    assert [fault["line"] for fault in json.loads(terminal.out)] == [3]


def test_config_show_prints_what_differs(terminal: Terminal) -> None:
    Path("youtong.toml").write_text('[server]\nhostname = "mail.example.net"\n[delivery]\nport = 2525\n')
    assert terminal.type("config show --json") == 0
    assert [(one["key"], one["value"]) for one in json.loads(terminal.out)] == [
        ("hostname", "mail.example.net"),
        ("port", 2525),
    ]
    assert terminal.type("config show --all") == 0
    assert "max_message_size" in terminal.out


def test_the_configuration_may_be_named_by_the_environment(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUTONG_CONFIG", "elsewhere.toml")
    assert terminal.type("account list") == 1
    assert "elsewhere.toml" in terminal.err


def test_every_command_explains_itself_and_every_verb_takes_a_configuration() -> None:
    import click
    from youtong.admin.cli.account import account
    from youtong.admin.cli.config import config

    def walk(command: click.Command, path: str) -> None:
        assert command.help, path
        assert command.short_help or command.help.strip(), path
        if isinstance(command, click.Group):
            for name, sub in command.commands.items():
                walk(sub, f"{path} {name}")
            return
        options = {option for param in command.params for option in param.opts}
        assert "--config" in options, path
        if path.rpartition(" ")[2] in ("list", "show"):
            assert "--json" in options, path

    walk(account, "account")
    walk(config, "config")


def test_the_list_of_accounts_starts_without_the_server() -> None:
    import subprocess
    import sys

    script = (
        "import sys; from youtong.admin.cli.main import run; run(['account', 'list', '--help']);"
        "sys.exit(' '.join(m for m in sys.modules if m.split('.')[0] in ('aiosmtpd', 'dns', 'babel', 'uvloop')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


def test_a_credential_gets_limits_of_its_own_and_loses_them(terminal: Terminal) -> None:
    terminal.type("account add a@a.example --password-stdin", "a long password\n")
    line = "account credential limit a@a.example 1 --messages-per-day 2000 --new-recipients-per-day 0"
    assert terminal.type(line) == 0
    limits = "messages_per_day = 2000, new_recipients_per_day = 0"
    assert terminal.out == f"Credential 1 of a@a.example is limited now: {limits}.\n"
    assert terminal.type("account credential limit a@a.example 1 --messages-per-day 3000") == 0
    assert terminal.type("account credential list a@a.example") == 0
    assert "messages_per_day = 3000, new_recipients_per_day = 0" in terminal.out
    assert terminal.type("account credential limit a@a.example 1 --default") == 0
    assert terminal.type("account credential list a@a.example --json") == 0
    assert [one["limits"] for one in json.loads(terminal.out)] == [{}]


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        ("1", 2, "Say which limits, or --default."),
        ("1 --default --messages-per-day 5", 2, "Say which limits, or --default."),
        ("1 --messages-per-day -1", 2, "-1"),
        ("9 --messages-per-day 5", 1, "a@a.example has no valid credential number 9."),
    ],
)
def test_limits_that_make_no_sense_are_refused(terminal: Terminal, line: str, code: int, sentence: str) -> None:
    terminal.type("account add a@a.example --password-stdin", "a long password\n")
    assert terminal.type(f"account credential limit a@a.example {line}") == code
    assert sentence in terminal.err
