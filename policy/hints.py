"""Hints: "try again in 300 seconds".

Owns   reading a waiting time out of a receiver's words.
Knows  nothing of who may be trusted with which wait: policy.retry keeps hints within bounds.
The expression has no repetition inside a repetition, so its time is linear in the text.
"""

import re

_UNITS = {"s": 1, "m": 60, "h": 3600}
_HINT = re.compile(
    r"(?:again|back|retry|retrying|wait|greylisted|delayed)\b[^0-9]{0,30}\b"
    r"(?:(?P<clock>\d{1,2}:\d{2}:\d{2})|(?P<count>\d{1,5})\s?(?P<unit>s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b)",
    re.IGNORECASE,
)


def hint_seconds(text: str) -> int | None:
    """The wait that the text asks for, None when it names none."""
    found = _HINT.search(text)
    if found is None:
        return None
    if found["clock"]:
        hours, minutes, seconds = (int(part) for part in found["clock"].split(":"))
        return hours * 3600 + minutes * 60 + seconds
    return int(found["count"]) * _UNITS[found["unit"][0].lower()]
