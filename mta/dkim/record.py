"""The published record, compared with the key that it should hold.

Owns   `faults_of`: what a receiver would stumble over.
Knows  nothing of DNS: the caller brings the TXT contents found at `key.record_name`.
RFC 6376 §3.2 (tag lists), §3.6.1 (tags of the record).
"""

from collections.abc import Sequence
from enum import StrEnum

from .key import SigningKey


class RecordFault(StrEnum):
    """What is wrong with a published record."""

    MISSING = "missing"
    SEVERAL = "several"  # receivers take any one of them
    NO_RECORD = "no-record"  # not a tag list with v=DKIM1 first and p=
    REVOKED = "revoked"
    TRUNCATED = "truncated"  # begins like our key, as web forms that cut at 255 characters make it
    OTHER_KEY = "other-key"
    OTHER_TYPE = "other-type"
    HASH_REFUSED = "hash-refused"  # h= without sha256
    NOT_FOR_MAIL = "not-for-mail"  # s= without email or *
    TESTING = "testing"  # t=y: receivers treat the mail as unsigned


def faults_of(key: SigningKey, contents: Sequence[bytes]) -> list[RecordFault]:
    """Empty when the record is as it should be; extra tags such as n= do not matter."""
    if not contents:
        return [RecordFault.MISSING]
    several = [RecordFault.SEVERAL] if len(contents) > 1 else []
    found = [_faults_of_one(key, content) for content in contents]
    return several + min(found, key=len)


def _faults_of_one(key: SigningKey, content: bytes) -> list[RecordFault]:
    tags = _tags(content.decode("utf-8", "replace"))
    if tags is None or "p" not in tags:
        return [RecordFault.NO_RECORD]
    faults = [_key_fault(key, "".join(tags["p"].split()))]
    faults += [
        RecordFault.OTHER_TYPE if tags.get("k", "rsa") != key.algorithm.key_type else None,
        RecordFault.HASH_REFUSED if "sha256" not in _listed(tags.get("h", "sha256")) else None,
        RecordFault.NOT_FOR_MAIL if not {"*", "email"} & _listed(tags.get("s", "*")) else None,
        RecordFault.TESTING if "y" in _listed(tags.get("t", "")) else None,
    ]
    return [fault for fault in faults if fault is not None]


def _key_fault(key: SigningKey, published: str) -> RecordFault | None:
    ours = key.public_key_text()
    if published == ours:
        return None
    if not published:
        return RecordFault.REVOKED
    return RecordFault.TRUNCATED if ours.startswith(published) else RecordFault.OTHER_KEY


def _tags(text: str) -> dict[str, str] | None:
    """The tag list, None when it is none or when v= is not "DKIM1" in the first place (it may be absent)."""
    tags: dict[str, str] = {}
    for part in text.strip().removesuffix(";").split(";"):
        name, equals, value = part.partition("=")
        name = name.strip()
        if not equals or name in tags or not name.isidentifier():  # quotes or backslashes around it, say
            return None
        tags[name] = value.strip()
    version_is_good = "v" not in tags or (next(iter(tags)) == "v" and tags["v"] == "DKIM1")
    return tags if version_is_good else None


def _listed(value: str) -> set[str]:
    return {item.strip() for item in value.split(":")}
