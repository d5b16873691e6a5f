"""The operator's log of submission: one line per fact, `word key=value …`.

Owns    the form of a line, and the logger's name `youtong.submission`.
Refuses to know passwords: no caller has one to pass, and nothing of an AUTH exchange but the user name is logged.
Invariant
        a value never adds a line or a key: what is not plain is written as a JSON string, in ASCII.
"""

import json
import logging
import re

_PLAIN = re.compile(r"[!#-<>-\[\]-~]+")
_log = logging.getLogger("youtong.submission")


def note(word: str, /, **values: str | int) -> None:
    """A fact about mail or a session."""
    if _log.isEnabledFor(logging.INFO):
        _log.info(line(word, values))


def fault(word: str, error: BaseException, /, **values: str | int) -> None:
    """A fault of ours, with its traceback."""
    _log.error(line(word, values), exc_info=error)


def line(word: str, values: dict[str, str | int]) -> str:
    """The line; empty values are left out."""
    return " ".join([word, *[f"{key}={_shown(value)}" for key, value in values.items() if value != ""]])


def _shown(value: str | int) -> str | int:
    return value if type(value) is int or _PLAIN.fullmatch(str(value)) else json.dumps(value)
