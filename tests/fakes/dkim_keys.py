"""Two fixed-for-the-run keys of example.org, and what the world knows of them."""

from functools import cache

from youtong.mta.dkim.key import Algorithm, SigningKey, generate, public_record
from youtong.mta.envelope import Domain

DOMAIN = Domain("example.org")


@cache
def rsa_key() -> SigningKey:
    return generate(DOMAIN, "rsa1", Algorithm.RSA)


@cache
def ed25519_key() -> SigningKey:
    return generate(DOMAIN, "ed1", Algorithm.ED25519)


@cache
def records() -> dict[str, str]:
    return {key.record_name: public_record(key) for key in (rsa_key(), ed25519_key())}


def look_up(name: str) -> bytes | None:
    """The record at a name, as `mta.dkim.verify` asks for it."""
    content = records().get(name)
    return None if content is None else content.encode()
