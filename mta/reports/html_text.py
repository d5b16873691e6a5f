"""The words of an HTML part: enough of it to be read by patterns, in linear time.

Owns   `text_of_html`: tags out, entities decoded, blocks on lines of their own.
Knows  nothing of how it looks. An address between angle brackets that were not escaped is kept: careless hosts do that.
"""

import html
import re

_UNSEEN = (("<!--", "-->"), ("<style", "</style"), ("<script", "</script"), ("<title", "</title"))
_BLOCK = re.compile(r"</?(?:br|p|div|tr|li|ul|table|h[1-6]|hr|pre|blockquote|title|center)\b[^<>]*>", re.IGNORECASE)
_ADDRESS = re.compile(r'<([^<>\s"=@]{1,64}@[^<>\s"=@]{1,255})>')
_TAG = re.compile(r"<[/!?A-Za-z][^<>]*>")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?")
_SPACES = re.compile(r"[ \t\xa0\u200b]+")
_BLANK_LINES = re.compile(r"\n\s*\n")


def text_of_html(source: str) -> str:
    """What a reader would see, one block a line, one blank line at most between two."""
    text = _without_unseen(source)
    if "<pre" not in text and "<PRE" not in text:
        text = text.replace("\n", " ")
    text = _BLOCK.sub("\n", _ADDRESS.sub(r"&lt;\1&gt;", text))
    text = _ENTITY.sub(lambda found: html.unescape(found[0]), _TAG.sub(" ", text)).replace("\r", " ")
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def _without_unseen(source: str) -> str:
    for begin, end in _UNSEEN:
        source = _without(source, begin, end)
    return source


def _without(source: str, begin: str, end: str) -> str:
    """Without what stands between these two, case aside; one that does not end is left as it is."""
    lower = source.lower()
    if begin not in lower or len(lower) != len(source):  # a few letters grow when they are made small
        return source
    kept: list[str] = []
    position = 0
    while (start := lower.find(begin, position)) >= 0 and (stop := lower.find(end, start)) >= 0:
        kept.append(source[position:start])
        position = lower.find(">", stop) + 1 or len(source)
    return " ".join([*kept, source[position:]])
