"""Reading one shaping file.

Owns   the tables a file may have, and ShapingFile, what it says.
Knows  nothing of a second file under it (`layers`).
"""

import re
from pathlib import Path
from typing import Any, cast

import msgspec

from ..rulefiles.fields import Source, Table, one_of
from ..rulefiles.phrases import phrased
from ..rulefiles.toml import document_of
from .replies import read_replies
from .reply_rule import ReplyRule
from .sections import Section, read_numbers, read_section


class ShapingFile(msgspec.Struct, frozen=True):
    """What one file says, checked by itself."""

    path: Path
    base: str = ""  # "shipped": key by key over the shipped file; "none" or "": in its place
    default: dict[str, Any] = {}  # fields of EgressLimits
    providers: dict[str, Section] = {}
    any_rules: tuple[ReplyRule, ...] = ()


def parse(text: str, source: Source) -> ShapingFile:
    """Faults are in `source.faults`; what is right is read all the same."""
    document = document_of(text, source)
    if document is None:
        return ShapingFile(source.path)
    return _parse(document, source)


def _parse(document: dict[str, Any], source: Source) -> ShapingFile:
    top = Table(source, (), document)
    base = top.take("base", one_of("shipped", "none"), "")
    default = Table(source, ("default",), top.take_raw("default") or {})
    numbers = read_numbers(default)
    default.done()
    providers = _providers(source, top.take_raw("provider"))
    everybody = Table(source, ("any",), top.take_raw("any") or {})
    rules = read_replies(source, ("any",), everybody.take_raw("reply"))
    everybody.done()
    top.done()
    return ShapingFile(source.path, base, numbers, providers, rules)


def _providers(source: Source, raw: Any) -> dict[str, Section]:
    found: dict[str, Section] = {}
    if raw is not None and not isinstance(raw, dict):
        sentence = phrased("needs a name: write [provider.NAME]")
        source.fault(source.lines.line_of(("provider",)), "[provider]", sentence)
        return found
    for name, one in cast("dict[str, Any]", raw or {}).items():
        table = Table(source, ("provider", name), one)
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", name):
            table.fault("", phrased("a provider's name has small letters, digits and hyphens, 40 at most"))
        rules = read_replies(source, ("provider", name), table.take_raw("reply"))
        found[name] = read_section(table, rules)
        table.done()
    return found
