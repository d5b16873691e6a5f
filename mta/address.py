"""Addresses: what RFC 5321 allows between angle brackets, and the one form of a domain.

Owns   parsing and checking of mailboxes and domains, for commands and for header addresses of ours.
Knows  nothing of who may use an address (policy.senders) or whether it exists.
RFC 5321 §4.1.2 (syntax), §4.5.3.1 (sizes); RFC 6531 §3.3 (UTF-8); RFC 5890 (A-labels). Address literals are
refused (DECISIONS, "Envelope and transactions").
"""

import re
from functools import lru_cache

import idna

from .envelope import Domain

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-]"
_DOT_STRING = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*")
_DOT_STRING_UTF8 = re.compile(rf"(?:{_ATEXT}|[^\x00-\x7f])+(?:\.(?:{_ATEXT}|[^\x00-\x7f])+)*")
_QUOTED = re.compile(r'"(?:[ !#-\[\]-~]|\\[ -~])*"')
_QUOTED_UTF8 = re.compile(r'"(?:[ !#-\[\]-~]|[^\x00-\x7f]|\\[ -~])*"')
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
MAX_LOCAL_PART_OCTETS = 64  # RFC 5321 §4.5.3.1.1
MAX_DOMAIN_OCTETS = 255  # RFC 5321 §4.5.3.1.2
MAX_PATH_OCTETS = 254  # RFC 5321 §4.5.3.1.3: 256 with the angle brackets


class AddressError(ValueError):
    """An address or domain that no mail system may accept; str() is one sentence for its author."""


class NeedsSmtputf8Error(AddressError):
    """The address has characters beyond ASCII, and the transaction did not ask for SMTPUTF8 (RFC 6531 §3.5)."""


def split_address(address: str, *, smtputf8: bool = False) -> tuple[str, Domain]:
    """The local part as written and the domain in its one form. Raises AddressError."""
    local, at, domain_text = address.rpartition("@")
    if not at or not local:
        raise AddressError("an address needs a local part, '@' and a domain")
    if not smtputf8 and not address.isascii():
        raise NeedsSmtputf8Error("an address with characters beyond ASCII needs SMTPUTF8")
    if len(address.encode("utf-8", "surrogatepass")) > MAX_PATH_OCTETS:
        raise AddressError("the address is longer than 254 octets")
    if len(local.encode("utf-8", "surrogatepass")) > MAX_LOCAL_PART_OCTETS:
        raise AddressError("the part before '@' is longer than 64 octets")
    dot_string, quoted = (_DOT_STRING_UTF8, _QUOTED_UTF8) if smtputf8 else (_DOT_STRING, _QUOTED)
    if not (dot_string.fullmatch(local) or quoted.fullmatch(local)):
        raise AddressError("the part before '@' has a character that is not allowed there")
    domain = normalise_domain(domain_text)
    if not domain_text.isascii() and len(local.encode("utf-8")) + 1 + len(domain) > MAX_PATH_OCTETS:
        raise AddressError("the address is longer than 254 octets with its domain in ASCII")  # as most hosts need it
    return local, domain


@lru_cache(maxsize=4096)
def normalise_domain(text: str) -> Domain:
    """Lower-case A-label form without trailing dot. Raises AddressError for literals and bad labels."""
    if text.startswith("["):
        raise AddressError("address literals such as [192.0.2.1] are not accepted")
    name = text[:-1] if text.endswith(".") else text
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError) as error:
            raise AddressError("the domain is not a valid internationalised name") from error
    name = name.lower()
    if not name or len(name) > MAX_DOMAIN_OCTETS:
        raise AddressError("the domain is empty or longer than 255 octets")
    for label in name.split("."):
        if len(label) > 63 or not _LABEL.fullmatch(label):
            raise AddressError("the domain has a label that is empty, too long or has a character not allowed")
    return Domain(name)
