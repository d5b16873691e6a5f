"""Host names that nobody on the internet can look up.

Owns   the predicate `is_public_hostname`.
Knows  no configuration. While the name is not public, mail for public addresses is held (DESIGN §6).
RFC 2606 §2, §3 (example names), RFC 6761 §6 (special use), RFC 6762 §3 (local), RFC 9476 §2 (alt), RFC 8375 §3
(home.arpa).
"""

from functools import lru_cache

_SPECIAL = (
    "test", "example", "invalid", "localhost", "local", "internal", "alt", "onion", "arpa", "localdomain", "lan",
    "home", "corp", "intranet", "private", "example.com", "example.net", "example.org",
)  # fmt: skip


@lru_cache(maxsize=64)
def is_public_hostname(name: str) -> bool:
    """Whether a stranger's DNS could know this name. Cached: it is asked about our own for every message."""
    plain = name.lower().rstrip(".")
    if "." not in plain or plain.replace(".", "").isdigit():
        return False
    return not any(plain == special or plain.endswith(f".{special}") for special in _SPECIAL)
