"""Invariant: an address is split or refused, its domain has one form, and no control character passes.

Also: what needs SMTPUTF8 is never taken without it.
"""

from youtong.mta.address import AddressError, split_address

TOKENS = [
    *(
        b"@",
        b".",
        b"..",
        b"-",
        b"_",
        b'"',
        b"\\",
        b"[",
        b"]",
        b"[127.0.0.1]",
        b"[IPv6:::1]",
        b" ",
        b"a",
        b"b.c",
        b"+tag",
    ),
    *(b"example.org", b"EXAMPLE.Org.", b"xn--", b"xn--fsqu00a", "例子".encode(), "中国".encode(), "é".encode()),
    *("\u3002".encode(), "\u200b".encode(), "\u00ad".encode(), b"\x7f", b"\x00", b"\r\n", b"a" * 64, b"b" * 63),
]


def check(octets: bytes) -> None:
    address = octets.decode("utf-8", "replace")
    for smtputf8 in (True, False):
        try:
            local, domain = split_address(address, smtputf8=smtputf8)
        except AddressError:
            continue
        assert domain.isascii()
        assert domain == domain.lower()
        assert split_address(f"{local}@{domain}", smtputf8=smtputf8)[1] == domain
        assert address.isprintable() or not address.isascii()
        assert not any(character in address for character in "\r\n\0")
        assert smtputf8 or local.isascii()
