"""Signing keys and their public records."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_public_key,
)
from fakes.dkim_keys import DOMAIN, ed25519_key, rsa_key
from youtong.mta.dkim import keyfile
from youtong.mta.dkim.key import (
    Algorithm,
    KeyFault,
    from_pem,
    normalise_selector,
    public_record,
    txt_strings,
    zone_line,
)


@pytest.mark.parametrize("key", [rsa_key(), ed25519_key()], ids=["rsa", "ed25519"])
def test_a_key_survives_its_pem_form(key) -> None:
    again = from_pem(DOMAIN, "s", key.pem())
    assert again.algorithm is key.algorithm
    assert again.public_key_text() == key.public_key_text()


def test_pkcs1_pem_is_read() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    assert b"BEGIN RSA PRIVATE KEY" in pem
    assert from_pem(DOMAIN, "s", pem).algorithm is Algorithm.RSA


def test_keys_that_cannot_sign_are_refused_with_the_reason() -> None:
    curve = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    locked = ed25519.Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    for pem, reason in [
        (curve, "neither"),
        (locked, "encrypted"),
        (b"hello", "no private key"),
        (b"", "no private key"),
    ]:
        with pytest.raises(KeyFault, match=reason):
            from_pem(DOMAIN, "s", pem)


# A 512-bit key made for this test only: libraries no longer make such small ones.
SMALL = """-----BEGIN RSA PRIVATE KEY-----
MIIBOwIBAAJBALjs6gJeff+RnAQhL6yQXGfPUXo+3s+lgeeDRJWkIkUp0hDHdw3q
oN6T+mf8W2iPHpMgATjsLNbfv46IucDzipkCAwEAAQJBALedBP01NYX83hx7lwqQ
jC/G+e+XXURv4XwuKnsqbZydJ5mwG+LVOHeoHdueFeuqJ8ojy75Xkx0DYRjTtUK0
WAECIQDvZAajl9zyJ7WqW2QQV92IV1nSbg0uCUMAG/q38F2KkQIhAMXBfrYNz6L0
rcKIXK15TyBRwnIiywkr0QALbko9cbOJAiAVrOrk+SUqT+olCK1gxXPrmm0pnolW
98O3SNFEwmDV4QIgORZlpNqR0UH/E0RYNL/rRrIzhs1ifXBHslKacRYRx7kCIQCX
6KMfy68AyhvMUU1I+rHf9ubPLY24WTCBGl0rlkT47w==
-----END RSA PRIVATE KEY-----
"""


def test_a_key_that_receivers_would_refuse_for_its_size_is_refused_here() -> None:
    with pytest.raises(KeyFault, match="512 bits"):
        from_pem(DOMAIN, "s", SMALL.encode())


def test_the_rsa_record_holds_the_public_key_and_no_other() -> None:
    record = public_record(rsa_key())
    start, _, encoded = record.rpartition("p=")
    assert start == "v=DKIM1; k=rsa; "
    public = load_der_public_key(base64.b64decode(encoded, validate=True))
    assert isinstance(public, rsa.RSAPublicKey)
    assert public.key_size == 2048


def test_the_ed25519_record_holds_the_bare_32_octets() -> None:
    start, _, encoded = public_record(ed25519_key()).partition("p=")
    assert start == "v=DKIM1; k=ed25519; "
    assert len(base64.b64decode(encoded, validate=True)) == 32


def test_txt_strings_are_at_most_255_octets_and_join_to_the_record() -> None:
    record = public_record(rsa_key())
    strings = txt_strings(record)
    assert len(strings) == 2
    assert max(map(len, strings)) == 255
    assert "".join(strings) == record
    assert txt_strings("x" * 255) == ("x" * 255,)


def test_zone_line_quotes_each_string() -> None:
    line = zone_line(rsa_key())
    assert line.startswith('rsa1._domainkey.example.org. 3600 IN TXT ( "v=DKIM1; k=rsa; p=')
    assert line.count('"') == 4


@pytest.mark.parametrize("selector", ["", "a b", "a..b", "-a", "a-", "ä", "a/b", "..", "x" * 64, "a_b"])
def test_a_selector_that_is_no_part_of_a_domain_name_is_refused(selector: str) -> None:
    with pytest.raises(KeyFault):
        normalise_selector(selector)


def test_a_selector_is_compared_as_dns_does() -> None:
    assert normalise_selector("Nov2026.EU") == "nov2026.eu"


def test_a_key_file_is_private_whole_and_in_its_place(tmp_path: Path) -> None:
    file = keyfile.write(tmp_path / "data" / "dkim", ed25519_key())
    assert file == tmp_path / "data" / "dkim" / "example.org" / "ed1.pem"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert file.read_bytes() == ed25519_key().pem()
    assert [entry.name for entry in file.parent.iterdir()] == ["ed1.pem"]


def test_a_key_file_is_never_replaced(tmp_path: Path) -> None:
    file = keyfile.write(tmp_path, ed25519_key())
    file.write_bytes(b"kept")
    with pytest.raises(FileExistsError):
        keyfile.write(tmp_path, ed25519_key())
    assert file.read_bytes() == b"kept"
    assert [entry.name for entry in file.parent.iterdir()] == ["ed1.pem"]
