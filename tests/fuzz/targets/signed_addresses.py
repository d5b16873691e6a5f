"""Invariant: no octets but those that we made are read as a signed address of ours, whatever their case."""

from youtong.queue.signed_address import AddressKey, AddressSigner, TokenKind

_SIGNER = AddressSigner([AddressKey(1, 0, b"s" * 32), AddressKey(2, 1000, b"t" * 32)])
TOKENS = [
    *(_SIGNER.token(kind, number).encode() for kind in TokenKind for number in (0, 999, 1000, 2**40)),
    *(_SIGNER.verp(number).encode() for number in (1, 1000)),
    *(b"b7", b"a", b"A", b"7", b"=", b"-", "\u017f".encode(), "\u212a".encode()),
]


def check(octets: bytes) -> None:
    text = octets.decode("utf-8", "replace")
    for kind in TokenKind:
        number = _SIGNER.number(kind, text)
        if number is not None:
            assert _SIGNER.token(kind, number) == text.lower()
            assert text.isascii()
