"""Diagnostics: what a remote host said, and the codes within it.

Owns   the value of a Diagnostic-Code without its type and without the codes that a reply of several lines repeats;
       the reply code and the enhanced status code that stand in such a text.
Knows  nothing of what a code means.
RFC 3464 §2.3.6 (Diagnostic-Code), RFC 3463 §2 (enhanced status codes), RFC 5321 §4.2 (replies).
"""

import re

MAX_DIAGNOSTIC = 2_000
_TYPE = re.compile(r"\s*+[A-Za-z][A-Za-z0-9._-]{0,30}+(?:\s?\([^()]{0,60}\))?\s*+;\s*+")
_SPACES = re.compile(r"\s+")
_SEVERAL_LINES = re.compile(r"\b([245]\d\d)-(?:([245]\.\d{1,3}\.\d{1,3})\b)?")
_CODE_FIRST = re.compile(r"\A[\W_]{0,3}([245]\d\d)(?=[\s\-#:]|$)")
_CODE_AFTER_WORD = re.compile(
    r"(?:said|says|repl(?:y|ied)|response|respond(?:ed)?(?: with)?|error|code|smtp|returned|DATA|status)"
    r"[\W_]{1,6}([245]\d\d)(?=[\s\-#:;,.)\"']|$)",
    re.IGNORECASE,
)
_CODE_BEFORE_STATUS = re.compile(r"(?<![\d.\[])([245]\d\d)[ \-][ #(]{0,3}[245]\.\d{1,3}\.\d")
_CODE_SOMEWHERE = re.compile(r"(?<![\d.\[:/@_=-])([45][0-7]\d)(?=[ \-][^\d])")
_CODES = (_CODE_FIRST, _CODE_AFTER_WORD, _CODE_BEFORE_STATUS, _CODE_SOMEWHERE)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")


def diagnostic_text(value: str) -> str:
    """One line, without type; a reply of several lines reads on, with its codes at the beginning only."""
    text = _SPACES.sub(" ", value[: 4 * MAX_DIAGNOSTIC]).strip()
    if kind := _TYPE.match(text):
        text = text[kind.end() :]
    return _as_one_line(text)[:MAX_DIAGNOSTIC]


def _as_one_line(text: str) -> str:
    several = _SEVERAL_LINES.search(text)
    if several is None:
        return text
    code, enhanced = several[1], several[2]
    again = rf"\s{code}[- ](?:{re.escape(enhanced)}\b\s?)?" if enhanced else rf"\s{code}[- ]"
    begin = several.end()
    first = f"{code} {enhanced}" if enhanced else f"{code} "
    return text[: several.start()] + first + re.sub(again, " ", text[begin:])


def code_in(text: str) -> int:
    """The reply code within a diagnostic: at its beginning, after a word that leads to it, else anywhere; or 0."""
    found = _code(text)
    return int(found[1]) if found else 0


def _code(text: str) -> re.Match[str] | None:
    return next((match for pattern in _CODES if (match := pattern.search(text))), None)


def failure_in(text: str) -> tuple[int, str, str]:
    """(reply code, enhanced status code, what was said from the first of them on), as far as running text has them."""
    code, status = _code(text), _STATUS.search(text)
    start = min((found.start(1) for found in (code, status) if found), default=len(text))
    return int(code[1]) if code else 0, status[1] if status else "", text[start:].strip(" )>\"'")


def status_in(text: str) -> str:
    """The first enhanced status code that says something; x.0.0 only where no other stands, "" where none does."""
    found = _STATUS.findall(text)
    return next((status for status in found if says_something(status)), found[0] if found else "")


def says_something(status: str) -> bool:
    """Whether an enhanced status code is more than a class: 5.0.0 stands for "something was the matter"."""
    return bool(status) and not status.endswith(".0.0")


def chosen_status(field: str, diagnostic: str) -> str:
    """The Status field's, unless it says nothing and the diagnostic does."""
    of_field, of_diagnostic = status_in(field), status_in(diagnostic)
    return of_field if says_something(of_field) or not of_diagnostic else of_diagnostic
