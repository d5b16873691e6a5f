"""Signed addresses: local parts and tokens that only we can make, and that name a row of ours.

Owns   the codec: a kind and a number as 32 letters and digits, and back; the local part of a VERP reverse-path.
Knows  no file (address_keys) and no row: whether the number still means something is asked elsewhere.

A token is base32 in lower case, without padding, of
    key id     2 octets
    number     8 octets, the queue's recipient number for most kinds
    MAC       10 octets, of HMAC-SHA256 over kind, key id and number
It fills its letters wholly, so no two spellings mean the same but for case, which hosts on the way may change.

Invariants
    Q8   Without the key no token of any kind can be made, and none turned into one of another kind.
         The same kind and number give the same token for ever: greylisting keys on a reverse-path, and a
         rendered letter must not change in a retry. So a key signs the numbers from its `first` on, not those
         from its day on, and none but these: a key that leaked is worth nothing for what came after it.
RFC 5321 §4.5.3.1.1 (64 octets), RFC 4648 §6 (base32), RFC 2104 §5 (a MAC may be cut to half its length or less).
"""

import base64
import hmac
import re
from collections.abc import Sequence
from enum import StrEnum

import msgspec

_KEY_OCTETS, _NUMBER_OCTETS, _MAC_OCTETS = 2, 8, 10
TOKEN_LETTERS = (_KEY_OCTETS + _NUMBER_OCTETS + _MAC_OCTETS) * 8 // 5
MAX_KEY_ID = (1 << 8 * _KEY_OCTETS) - 1
VERP_PREFIX = "b7"  # nobody's name has it and 32 more letters and digits, so a forged one is no person's address
_VERP = re.compile(rf"{VERP_PREFIX}[a-z0-9]{{{TOKEN_LETTERS}}}", re.IGNORECASE | re.ASCII)


class TokenKind(StrEnum):
    """What a token is for. The words are signed: changing one makes every token of its kind worthless."""

    VERP = "verp"
    UNSUBSCRIBE = "unsubscribe"
    MESSAGE = "message"  # the Message-ID of a stream's letter, by recipient
    STREAM = "stream"  # in Feedback-ID
    PROOF = "proof"  # its number is not the queue's; the newest key signs it


class AddressKey(msgspec.Struct, frozen=True):
    """A secret; it signs recipient numbers from `first` up to the next key's."""

    id: int
    first: int
    secret: bytes

    def __repr__(self) -> str:
        return f"<AddressKey {self.id} from {self.first}>"


class AddressSigner:
    """Mints and reads tokens; the same keys make an equal signer in any process."""

    def __init__(self, keys: Sequence[AddressKey]) -> None:
        """At least one key, one of them from number 0 on."""
        self._by_id = {key.id: key for key in keys}
        self._newest_first = sorted(keys, key=lambda key: (key.first, key.id), reverse=True)
        assert len(self._by_id) == len(keys), "two keys have the same id"
        assert self._newest_first, "no key"
        assert self._newest_first[-1].first == 0, "no key signs the first numbers"

    def token(self, kind: TokenKind, number: int) -> str:
        """What stands for the number, the same at every call. `number` is 0 or more, and below 2^63."""
        return _encode(_signed(self._signing(kind, number), kind, number))

    def number(self, kind: TokenKind, token: str) -> int | None:
        """The number of a token of this kind that we made; None for whatever else. Never raises."""
        octets = _decode(token)
        if octets is None:
            return None
        key = self._by_id.get(int.from_bytes(octets[:_KEY_OCTETS], "big"))
        number = int.from_bytes(octets[_KEY_OCTETS:-_MAC_OCTETS], "big")
        if key is None or not hmac.compare_digest(_signed(key, kind, number), octets):
            return None
        return number if kind is TokenKind.PROOF or key is self._signing(kind, number) else None

    def verp(self, recipient_id: int) -> str:
        """The local part of the reverse-path of one recipient."""
        return VERP_PREFIX + self.token(TokenKind.VERP, recipient_id)

    def _signing(self, kind: TokenKind, number: int) -> AddressKey:
        if kind is TokenKind.PROOF:
            return self._newest_first[0]
        for key in self._newest_first:
            if key.first <= number:
                return key
        raise AssertionError("no key signs the first numbers")


def verp_token(local_part: str) -> str | None:
    """The token of a local part that has the form of VERP, signed or forged; None when it has another form."""
    return local_part[len(VERP_PREFIX) :] if _VERP.fullmatch(local_part) else None


def _signed(key: AddressKey, kind: TokenKind, number: int) -> bytes:
    said = key.id.to_bytes(_KEY_OCTETS, "big") + number.to_bytes(_NUMBER_OCTETS, "big")
    return said + hmac.digest(key.secret, kind.encode() + b"\0" + said, "sha256")[:_MAC_OCTETS]


def _encode(octets: bytes) -> str:
    return base64.b32encode(octets).decode("ascii").lower()


def _decode(token: str) -> bytes | None:
    if len(token) != TOKEN_LETTERS or not token.isascii():  # "ſ".upper() would be "S"
        return None
    try:
        return base64.b32decode(token.upper())
    except ValueError:
        return None
