r"""Addresses in notices: what was asked for in ORCPT, and the typed forms that the fields of a notice take.

Owns   xtext of ENVID and ORCPT read back, and `rfc822;` and `utf-8;` addresses for both forms of a notice.
Knows  nothing of the notice around them.

Invariants
    Nothing that comes out holds a control character, whatever went in.
    `in_ascii=True` gives printable ASCII: characters beyond it become \x{HEX} (RFC 6533 §3, utf-8-addr-xtext).
RFC 3461 §4 (xtext), RFC 6533 §3 (the address type utf-8), RFC 3464 §2.3.1 and §2.3.2 (where they stand).
"""

import re

from ..address import AddressError, split_address

_XTEXT = re.compile(rb"\+([0-9A-F]{2})")
_ESCAPED = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_TYPE = re.compile(r"[A-Za-z0-9-]{1,40}")
_NOT_PLAIN = frozenset(" +=\\")


def decode_xtext(text: str) -> str:
    """The text behind xtext; control characters come out as "?"."""
    octets = _XTEXT.sub(lambda found: bytes([int(found.group(1), 16)]), text.encode("utf-8", "replace"))
    return _printable(octets.decode("utf-8", "replace"))


def typed_recipient(address: str, *, in_ascii: bool) -> str:
    """Final-Recipient: an address of ours by its plainest type."""
    plain = _with_a_labels(address)
    return f"rfc822;{plain}" if plain.isascii() else _utf8(plain, in_ascii=in_ascii)


def typed_original(orcpt: str, *, in_ascii: bool) -> str:
    """Original-Recipient: what ORCPT said, decoded, with its case."""
    kind, _, encoded = orcpt.partition(";")
    address = decode_xtext(encoded)
    if kind.lower() == "utf-8":
        return _utf8(_printable(_ESCAPED.sub(_character, address)), in_ascii=in_ascii)
    if not address.isascii():
        return _utf8(address, in_ascii=in_ascii)
    return f"{kind if _TYPE.fullmatch(kind) else 'unknown'};{address}"


def _with_a_labels(address: str) -> str:
    """An address whose local part is ASCII needs no type of its own: its domain has an ASCII form."""
    try:
        local, domain = split_address(address, smtputf8=True)
    except AddressError:
        return _printable(address)
    return f"{local}@{domain}" if local.isascii() and not address.isascii() else address


def _utf8(address: str, *, in_ascii: bool) -> str:
    return f"utf-8;{_escaped(address)}" if in_ascii else f"utf-8;{address}"


def _escaped(address: str) -> str:
    return "".join(c if "!" <= c <= "~" and c not in _NOT_PLAIN else f"\\x{{{ord(c):02X}}}" for c in address)


def _character(found: re.Match[str]) -> str:
    number = int(found.group(1), 16)
    return "\N{REPLACEMENT CHARACTER}" if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF else chr(number)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)
