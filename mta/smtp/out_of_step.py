"""Replies that refuse our manner of speaking, and nobody's mail.

Owns   the words and codes by which they are known.
Knows  only replies of servers in the field; called for negative replies alone, so its cost does not matter.
RFC 5321 §4.2.2 (503 bad sequence of commands), RFC 2920 §3.2, RFC 3207 §4 (530).
"""

import re

from ..reply import Reply

_PIPELINING = re.compile(r"pipelin|synchroni[sz]", re.IGNORECASE)
_STARTTLS = re.compile(r"\bSTARTTLS\b|\bTLS\b.*\b(?:required|first)\b|\brequires? (?:\w+ )?TLS\b", re.IGNORECASE)
_SESSION = re.compile(
    r"\b(?:messages?|mails?|transactions?|recipients?|commands?)\b.*\b(?:session|connection)\b"
    r"|\b(?:session|connection)\b.*\b(?:limit|idle|expired|too long|messages|timed? ?out)"
    r"|\bre-?connect\b|\bidle\b|\btime-?d? ?out\b",
    re.IGNORECASE,
)


def is_out_of_step(answer: Reply, *, refused_before: bool) -> bool:
    """A negative reply in a pipelined envelope that says more of the order of commands than of the mail.

    503 to DATA when everybody was refused is the honest answer, and not meant here.
    """
    if _PIPELINING.search(answer.text):
        return True
    return answer.code == 503 and not refused_before


def wants_tls(answer: Reply) -> bool:
    return answer.code == 530 and bool(_STARTTLS.search(answer.text))


def speaks_of_session(answer: Reply) -> bool:
    """A 421 about this session (4.4.z, or words about how long or how much), which a fresh one does not meet."""
    return answer.enhanced.startswith("4.4.") or bool(_SESSION.search(answer.text))
