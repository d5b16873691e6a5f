"""What a server offers.

Owns   reading the EHLO reply into `Extensions`.
RFC 5321 §4.1.1.1 (EHLO), RFC 1870 (SIZE), RFC 2920 (PIPELINING), RFC 3207 (STARTTLS), RFC 3461 (DSN), RFC 6152
(8BITMIME), RFC 6531 (SMTPUTF8).
"""

from functools import lru_cache

import msgspec

from ..reply import Reply


class Extensions(msgspec.Struct, frozen=True):
    """The extensions that a client of ours makes use of."""

    pipelining: bool = False
    starttls: bool = False
    eight_bit_mime: bool = False
    smtputf8: bool = False
    dsn: bool = False
    size: bool = False
    max_size_bytes: int = 0  # 0 = no fixed limit (RFC 1870 §4)

    def without_pipelining(self) -> "Extensions":
        return msgspec.structs.replace(self, pipelining=False)


NO_EXTENSIONS = Extensions()


def read_extensions(reply: Reply) -> Extensions:
    """The extensions in a positive reply to EHLO; keywords in any case, unknown ones and odd parameters ignored."""
    return _read(reply.lines)


@lru_cache(maxsize=128)
def _read(lines: tuple[str, ...]) -> Extensions:
    words = [line.upper().split() for line in lines[1:]]
    keywords = {first[0]: first[1:] for first in words if first}
    size = keywords.get("SIZE", [])
    return Extensions(
        pipelining="PIPELINING" in keywords,
        starttls="STARTTLS" in keywords,
        eight_bit_mime="8BITMIME" in keywords,
        smtputf8="SMTPUTF8" in keywords,
        dsn="DSN" in keywords,
        size="SIZE" in keywords,
        max_size_bytes=int(size[0]) if size and size[0].isdecimal() and len(size[0]) <= 20 else 0,
    )
