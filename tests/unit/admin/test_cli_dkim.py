"""`youtong dkim` as a person meets it: through the command line, with DNS on loopback."""

import json
from collections.abc import Callable
from pathlib import Path

import dns.rcode
import pytest
from click.testing import CliRunner, Result
from fakes.dkim_keys import ed25519_key, records, rsa_key
from fakes.txt_server import serving
from youtong.admin.cli.dkim import dkim
from youtong.mta.dkim import keyfile
from youtong.mta.dkim.key import public_record
from youtong.mta.dkim.sign import sign

Run = Callable[..., Result]

HEAD = b"From: a@example.org\r\nSubject: hello\r\n\r\n"
BODY = b"text\r\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "youtong.toml").write_text('[server]\nhostname = "mail.example.org"\n')
    return tmp_path


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def invoke(*arguments: str, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(dkim, [*arguments, "--config", str(folder / "youtong.toml")], input=stdin)

    return invoke


def with_keys(folder: Path) -> Path:
    for key in (rsa_key(), ed25519_key()):
        keyfile.write(folder / "var" / "dkim", key)
    return folder


def test_keygen_makes_both_keys_and_shows_what_to_publish(run: Run, folder: Path) -> None:
    result = run("keygen", "Example.COM", "--selector", "spring")
    assert result.exit_code == 0, result.output
    files = sorted(path.name for path in (folder / "var" / "dkim" / "example.com").iterdir())
    assert files == ["spring-ed.pem", "spring.pem"]
    for expected in ("spring._domainkey.example.com", "spring-ed._domainkey.example.com", "v=DKIM1; k=rsa; p=",
                     "v=DKIM1; k=ed25519; p=", "youtong dkim test example.com"):  # fmt: skip
        assert expected in result.output


def test_keygen_refuses_to_replace_a_key_and_leaves_nothing_behind(run: Run, folder: Path) -> None:
    run("keygen", "example.com", "--selector", "s", "--algorithm", "rsa")
    before = (folder / "var/dkim/example.com/s.pem").read_bytes()
    result = run("keygen", "example.com", "--selector", "s")
    assert result.exit_code == 1
    assert "already" in result.output
    assert (folder / "var/dkim/example.com/s.pem").read_bytes() == before
    assert len(list((folder / "var/dkim/example.com").iterdir())) == 1


@pytest.mark.parametrize("arguments", [["a b"], ["../x"], ["example.com", "--selector", "a/b"], []])
def test_keygen_takes_only_names(run: Run, folder: Path, arguments: list[str]) -> None:
    assert run("keygen", *arguments).exit_code == 2
    assert not (folder / "var").exists()


def test_show_prints_the_value_in_one_piece(run: Run, folder: Path) -> None:
    with_keys(folder)
    result = run("show", "example.org")
    assert result.exit_code == 0
    assert public_record(rsa_key()) in result.output.splitlines()
    assert public_record(ed25519_key()) in result.output.splitlines()


def test_show_json_and_zone_say_the_same(run: Run, folder: Path) -> None:
    with_keys(folder)
    shown = json.loads(run("show", "example.org", "--json").output)
    assert {one["name"]: one["value"] for one in shown} == records()
    assert [one["algorithm"] for one in shown] == ["rsa-sha256", "ed25519-sha256"]
    zone = run("show", "example.org", "--zone").output.splitlines()
    assert [line.split(".", 1)[0] for line in zone] == ["rsa1", "ed1"]


def test_a_domain_without_key_is_one_sentence_with_the_way_on(run: Run) -> None:
    result = run("show", "example.org")
    assert result.exit_code == 1
    assert "youtong dkim keygen example.org" in result.output


def test_a_broken_key_file_is_one_sentence(run: Run, folder: Path) -> None:
    with_keys(folder)
    (folder / "var/dkim/example.org/bad.pem").write_text("x")
    result = run("show", "example.org")
    assert result.exit_code == 1
    assert "bad.pem" in result.output


def test_test_passes_when_the_records_are_published(run: Run, folder: Path) -> None:
    with_keys(folder)
    with serving(records()) as (address, port):
        result = run("test", "example.org", "--dns-server", f"{address}:{port}")
    assert result.exit_code == 0, result.output
    assert result.output.count("published, and fits") == 2


def test_test_says_what_differs(run: Run, folder: Path) -> None:
    with_keys(folder)
    published = {"rsa1._domainkey.example.org": public_record(rsa_key())[:255]}
    with serving(published) as (address, port):
        result = run("test", "example.org", "--dns-server", f"{address}:{port}")
        as_json = run("test", "example.org", "--json", "--dns-server", f"{address}:{port}")
    assert result.exit_code == as_json.exit_code == 1
    assert "cut off" in result.output
    assert "not published" in result.output
    assert [one["faults"] for one in json.loads(as_json.output)] == [["truncated"], ["missing"]]


def test_test_tells_a_name_server_in_trouble_from_a_missing_record(run: Run, folder: Path) -> None:
    with_keys(folder)
    with serving({}, dns.rcode.SERVFAIL) as (address, port):
        result = run("test", "example.org", "--dns-server", f"{address}:{port}")
    assert result.exit_code == 1
    assert "could not be looked up" in result.output
    assert "not published" not in result.output


def test_verify_reads_a_file_with_lf_and_standard_input(run: Run, folder: Path) -> None:
    message = sign(HEAD, BODY, (rsa_key(), ed25519_key()), 1) + HEAD + BODY
    file = folder / "letter.eml"
    file.write_bytes(message.replace(b"\r\n", b"\n"))
    with serving(records()) as (address, port):
        from_file = run("verify", str(file), "--dns-server", f"{address}:{port}")
        from_stdin = run("verify", "-", "--json", "--dns-server", f"{address}:{port}", stdin=message)
    assert from_file.exit_code == 0, from_file.output
    assert from_file.output.count("pass") == 2
    assert [one["passed"] for one in json.loads(from_stdin.output)] == [True, True]


def test_verify_says_why_a_signature_fails(run: Run) -> None:
    message = sign(HEAD, BODY, [rsa_key()], 1) + HEAD + b"other\r\n"
    with serving(records()) as (address, port):
        result = run("verify", "-", "--dns-server", f"{address}:{port}", stdin=message)
        as_json = run("verify", "-", "--json", "--dns-server", f"{address}:{port}", stdin=message)
    assert result.exit_code == 1
    assert "the body was changed after signing" in result.output
    assert json.loads(as_json.output)[0]["reason"] == "body-changed"


def test_verify_without_signature_or_record_fails(run: Run) -> None:
    with serving({}) as (address, port):
        unsigned = run("verify", "-", "--dns-server", f"{address}:{port}", stdin=HEAD + BODY)
        unpublished = run(
            "verify", "-", "--dns-server", f"{address}:{port}", stdin=sign(HEAD, BODY, [rsa_key()], 1) + HEAD + BODY
        )
    assert unsigned.exit_code == 1
    assert "no DKIM signature" in unsigned.output
    assert unpublished.exit_code == 1
    assert "rsa1._domainkey.example.org" in unpublished.output


def test_verify_needs_no_configuration(folder: Path) -> None:
    message = sign(HEAD, BODY, [rsa_key()], 1) + HEAD + BODY
    with serving(records()) as (address, port):
        result = CliRunner().invoke(
            dkim,
            ["verify", "-", "--dns-server", f"{address}:{port}", "--config", str(folder / "none.toml")],
            input=message,
        )
    assert result.exit_code == 0, result.output
