"""CR and LF that do not stand together.

Owns   finding them in octets, without a step per line: two searches for what must not be are half the price of three
       counts of what may be.
RFC 5321 §2.3.8 (CR and LF only together).
"""

import re

_BARE_CR = re.compile(rb"\r(?!\n)")
_BARE_LF = re.compile(rb"\n(?<!\r\n)")


def has_bare_cr(octets: bytes) -> bool:
    return _BARE_CR.search(octets) is not None


def has_bare_lf(octets: bytes) -> bool:
    return _BARE_LF.search(octets) is not None
