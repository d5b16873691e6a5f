"""Addresses in the words of strangers: found in text, and read from the typed fields of reports.

Owns   `addresses_in` (mailboxes in words), ADDRESS (their pattern), `typed_address` (`rfc822; a@b`, and what careless
       hosts make of it).
Knows  nothing of whose addresses they are; does not check that a host could take them.

Invariants
    Linear time, bounded results; an address has one @, no white space and no control character.
    What is no address comes back as it stands where a field named it (a local user, an X.400 name), else never.
RFC 3464 §2.3.1 and §2.3.2 (typed addresses), RFC 6533 §3 (utf-8 addresses), RFC 3461 §4 (xtext).
"""

import re

MAX_ADDRESSES = 1_000
MAX_ADDRESS = 320  # RFC 3696 §3 erratum 1690 allows 254; old and wrong ones are kept for people to see
# Not after a character of an address, so that a long one is tried once. Letters of other scripts may stand before it:
# Chinese and Japanese put no space between words and addresses.
_ALONE = r"(?<![A-Za-z0-9_.+=/-])"
_DOMAIN = r"(?:[A-Za-z0-9À-ɏЀ-ӿ_-]{1,63}\.){1,10}[A-Za-zÀ-ɏЀ-ӿ][A-Za-z0-9À-ɏЀ-ӿ-]{1,62}"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]"
ADDRESS = (  # for patterns that look for more than the address
    rf"(?:{_ALONE}[A-Za-z0-9!#$%&*+/=?^_`{{|}}~]{_ATOM}{{0,127}}@{_DOMAIN}|\"[^\"\s\\]{{1,64}}\"@{_DOMAIN}"
    r"|(?<=<)[^\s<>@()]{1,128}@[^\s<>@()]{1,255}(?=>)|(?<=<)\"[^\"<>\n]{1,64}\"@[^\s<>@]{1,255}(?=>))"
)
_FIND = re.compile(ADDRESS, re.IGNORECASE)
_CLINGS_BEFORE = "'`=/?|{}!$%&*^~.-"
_CLINGS_AFTER = "'`*|.-"
_ANGLE = re.compile(r"<\s*+([^<>\s]{3,320}+)\s*+>")
_COMMENT = re.compile(r"\s\([^()]*\)|\([^()@]*\)\s*")
_TYPE = re.compile(r"\s*+(?:[A-Za-z][A-Za-z0-9.-]{0,30}+\s*+;|(?:rfc-?822|utf-8|smtp|mailto)\s*+:)\s*+", re.IGNORECASE)
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_UNICODE = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")


def addresses_in(text: str, most: int = MAX_ADDRESSES) -> list[str]:
    """The addresses that stand in a text, each once whatever its letter case, in order, as they stand there first."""
    found: dict[str, str] = {}
    for match in _FIND.finditer(text) if "@" in text else ():
        if address := cleaned(match[0]):
            found.setdefault(address.casefold(), address)
        if len(found) >= most:
            break
    return list(found.values())


def cleaned(address: str) -> str:
    """An address as found in a text without what clings to it; "" when a part of it was hidden from us."""
    if address[:5].casefold() == "smtp=":
        address = address[5:]
    address = address.lstrip(_CLINGS_BEFORE).rstrip(_CLINGS_AFTER)
    hidden = address.startswith("@") or ".@" in address or ".." in address or "***" in address
    return "" if hidden else address


def without_addresses(text: str) -> str:
    """The words of a text: what stands in an address is none."""
    return _FIND.sub("a@a", text) if "@" in text else text


def typed_address(value: str) -> str:
    """The address of Original-Recipient, Final-Recipient and their kin, "" when there is none."""
    text = value.strip()
    while kind := _TYPE.match(text):  # gateways that put one type before another are known
        text = text[kind.end() :]
    if (angle := _ANGLE.search(text)) and "@" in angle[1]:
        text = angle[1]
    text = _COMMENT.sub("", f" {text[:1000]}").strip(" \t;,<>")
    if text.startswith('"') and text.endswith('"') and text.count('"') == 2:
        text = text[1:-1]
    return _decoded(text)[:MAX_ADDRESS]


def _decoded(text: str) -> str:
    """Escapes undone; xtext only where nothing else makes it an address, since "+" is a character of many."""
    text = _UNICODE.sub(lambda found: _character(found[1]), text) if "\\x{" in text else text
    if "@" not in text and "+40" in text:
        text = _XTEXT.sub(lambda found: chr(int(found[1], 16)), text)
    return "".join(c if c.isprintable() else "?" for c in text)


def _character(digits: str) -> str:
    number = int(digits, 16)
    return "\N{REPLACEMENT CHARACTER}" if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF else chr(number)
