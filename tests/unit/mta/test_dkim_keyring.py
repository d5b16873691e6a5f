"""Which keys sign a message."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from fakes.dkim_keys import DOMAIN, ed25519_key, rsa_key
from youtong.mta.dkim import keyfile
from youtong.mta.dkim.key import Algorithm, generate
from youtong.mta.dkim.keyring import KeyFileError, KeyRing, signing_domain
from youtong.mta.dkim.sign import sign
from youtong.mta.envelope import Domain


@dataclass(frozen=True)
class Entry:
    domain: str
    selector: str
    key_file: Path


def head(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


RING = KeyRing([ed25519_key(), rsa_key()])


@pytest.mark.parametrize(
    ("lines", "domain"),
    [
        (["From: a@example.org"], "example.org"),
        (["From: A <a@EXAMPLE.org>"], "example.org"),
        (["From: a@例子.中国"], "xn--fsqu00a.xn--fiqs8s"),
        (["From: a@example.org, b@example.org"], "example.org"),
        (["From: a@example.org, b@example.net", "Sender: c@example.net"], "example.net"),
        (["From: a@example.org, b@example.net"], None),
        (["From: a@example.org", "Sender: c@example.net"], "example.org"),
        (["From: a@example.org", "From: b@example.org"], None),
        (["From: nobody:;"], None),
        (["From: nobody:;", "Sender: c@example.net"], None),
        (["From: who knows"], None),
        (["From: a@[192.0.2.1]"], None),
        (["Subject: no author"], None),
    ],
)
def test_signing_domain_is_the_author_domain(lines: list[str], domain: str | None) -> None:
    assert signing_domain(head(*lines)) == domain


def test_keys_are_found_by_exact_domain_and_rsa_comes_first() -> None:
    assert RING.keys_for("example.org") == (rsa_key(), ed25519_key())
    assert RING.keys_for("mail.example.org") == ()
    assert RING.keys_for("org") == ()
    assert RING.domains() == (DOMAIN,)


def test_a_message_is_signed_by_every_key_of_its_author_domain() -> None:
    message_head = head("From: a@example.org")
    assert RING.sign_message(message_head, b"x\r\n", 5) == sign(message_head, b"x\r\n", (rsa_key(), ed25519_key()), 5)


def test_a_message_of_a_domain_without_key_goes_unsigned() -> None:
    assert RING.sign_message(head("From: a@example.net"), b"", 5) == b""
    assert KeyRing().sign_message(head("From: a@example.org"), b"", 5) == b""
    assert RING.sign_message(head("From: a@example.org, b@example.net"), b"", 5) == b""


def test_a_ring_is_read_from_entries_and_from_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "dkim"
    keyfile.write(folder, rsa_key())
    other = generate(Domain("example.net"), "s", Algorithm.ED25519)
    elsewhere = tmp_path / "key.pem"
    elsewhere.write_bytes(other.pem())
    ring = KeyRing.read([Entry("Example.NET", "S", elsewhere)], folder)
    assert [key.record_name for key in ring.keys_for("example.net")] == ["s._domainkey.example.net"]
    assert [key.public_key_text() for key in ring.keys_for("example.org")] == [rsa_key().public_key_text()]


def test_an_entry_of_the_configuration_hides_a_file_of_the_same_name(tmp_path: Path) -> None:
    keyfile.write(tmp_path, rsa_key())
    mine = tmp_path / "mine.pem"
    mine.write_bytes(ed25519_key().pem())
    ring = KeyRing.read([Entry("example.org", "rsa1", mine)], tmp_path)
    assert [key.algorithm for key in ring.keys_for("example.org")] == [Algorithm.ED25519]


def test_an_empty_or_missing_folder_is_an_empty_ring(tmp_path: Path) -> None:
    assert KeyRing.read([], tmp_path / "none").domains() == ()
    assert KeyRing.read([]).domains() == ()


@pytest.mark.parametrize("octets", [b"no key", None])
def test_a_faulty_key_file_is_named_in_one_sentence(tmp_path: Path, octets: bytes | None) -> None:
    file = tmp_path / "example.org" / "s.pem"
    file.parent.mkdir()
    if octets is not None:
        file.write_bytes(octets)
    with pytest.raises(KeyFileError) as caught:
        KeyRing.read([Entry("example.org", "s", file)])
    assert str(file) in str(caught.value)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_no_domain_is_named(tmp_path: Path) -> None:
    file = tmp_path / "not a domain" / "s.pem"
    file.parent.mkdir()
    file.write_bytes(ed25519_key().pem())
    with pytest.raises(KeyFileError, match="not a domain"):
        KeyRing.read([], tmp_path)


def test_a_half_written_key_is_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "example.org"
    folder.mkdir()
    (folder / ".new-abc").write_bytes(b"-----BEGIN")
    assert KeyRing.read([], tmp_path).domains() == ()
