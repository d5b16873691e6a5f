"""Reading one bounces.toml.

Owns   the tables and keys it may have.
Knows  nothing of a second file under it (`bounce_file`), nor which rule wins (`lint`).
"""

import re
import unicodedata
from collections.abc import Callable
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar, cast

from ...mta.outcome import Scope
from ..rulefiles import patterns
from ..rulefiles.fields import Source, Table, one_of, text, texts
from ..rulefiles.phrases import Phrase, phrased, same_name
from ..rulefiles.toml import document_of
from ..rulefiles.units import duration
from . import categories
from .bounce_file import BounceFile
from .meaning import Action, Blame, BounceKind, Disposition
from .rule import BounceRule, CategoryRow, Origin

Word = TypeVar("Word", bound=StrEnum)
_ENHANCED = re.compile(r"[45x]\.\d{1,3}(?:\.\d{1,3})?")
_ENHANCED_KEY = re.compile(r"[45x]\.\d{1,3}\.\d{1,3}")
_STATUS = re.compile(r"[45]\.\d{1,3}\.\d{1,3}")
_CODE = re.compile(r"[45]\d\d")
_PROVIDER = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")


def parse(content: str, source: Source) -> BounceFile:
    """Faults are in `source.faults`; what is right is read all the same."""
    document = document_of(content, source)
    if document is None:
        return BounceFile(source.path)
    top = Table(source, (), document)
    base = top.take("base", one_of("shipped", "none"), "")
    enhanced = Table(source, ("enhanced",), top.take_raw("enhanced") or {})
    codes = Table(source, ("code",), top.take_raw("code") or {})
    found = BounceFile(
        path=source.path,
        base=base,
        categories=_categories(source, top.take_raw("category")),
        rules=_rules(source, top.take_raw("rule")),
        enhanced=_by_code(enhanced, _ENHANCED_KEY, phrased('is not an enhanced code, like "5.1.1" or "x.1.1"')),
        codes=_by_code(codes, _CODE, phrased('is not a reply code, like "521"')),
        lines={key: table.line_of(key) for table in (enhanced, codes) for key in table.keys},
    )
    top.done()
    return found


def _categories(source: Source, raw: Any) -> dict[str, CategoryRow]:
    found: dict[str, CategoryRow] = {}
    for name, one in cast("dict[str, Any]", raw if isinstance(raw, dict) else {}).items():
        table = Table(source, ("category", name), one)
        if name not in categories.ALL:
            table.fault("", _no_category(name))
        found[name] = _category(name, table)
        table.done()
    return found


def _category(name: str, table: Table) -> CategoryRow:
    return CategoryRow(
        name=name,
        path=table.source.path,
        line=table.line,
        kind=table.take("kind", _word(BounceKind), BounceKind.SOFT),
        blame=table.take("blame", _word(Blame), Blame.NOBODY),
        action=table.take("action", _word(Action), Action.DROP),
        disposition=table.take("disposition", _word(Disposition), Disposition.AS_REPLIED),
        scope=table.take("scope", _word(Scope), None),
        status=table.take("status", _status, ""),
    )


def _rules(source: Source, raw: Any) -> tuple[BounceRule, ...]:
    """The same name twice is a fault."""
    if raw is None:
        return ()
    if not isinstance(raw, list):
        sentence = phrased("may stand several times: write [[{place}]]", place="rule")
        source.fault(source.lines.line_of(("rule",)), "[rule]", sentence)
        return ()
    rules: dict[str, BounceRule] = {}
    for nth, one in enumerate(cast("list[Any]", raw)):
        table = Table(source, ("rule",), one, nth, repeated=True)
        rule = _rule(table)
        if rule.name in rules:
            table.fault("name", same_name(rules[rule.name].line, rule.name))
        rules[rule.name] = rule
    return tuple(rules.values())


def _rule(table: Table) -> BounceRule:
    rule = BounceRule(
        name=table.take("name", text, ""),
        path=table.source.path,
        line=table.line,
        category=table.take("category", _category_word, ""),
        text=table.take("text", _pattern, ""),
        codes=table.take("codes", patterns.codes, ()),
        enhanced=table.take("enhanced", _enhanced, ()),
        stages=table.take("stages", patterns.stages, ()),
        origin=table.take("origin", _word(Origin), None),
        provider=table.take("provider", _providers, ()),
        kind=table.take("kind", _word(BounceKind), None),
        blame=table.take("blame", _word(Blame), None),
        action=table.take("action", _word(Action), None),
        disposition=table.take("disposition", _word(Disposition), None),
        scope=table.take("scope", _word(Scope), None),
        retry_after_seconds=table.take("retry_after", duration, None),
        status=table.take("status", _status, ""),
        fact=table.take("fact", text, ""),
        examples=table.take("examples", texts, ()),
        near_misses=table.take("near_misses", texts, ()),
    )
    _check(table, rule)
    table.done()
    return rule


def _check(table: Table, rule: BounceRule) -> None:
    for key in ("name", "category", "examples"):
        if not table.is_set(key):
            table.fault(key, phrased("is missing"))
    if not any(map(table.is_set, ("text", "codes", "enhanced"))):
        table.fault("text", phrased("is missing: a rule needs a text or codes"))
    if rule.origin is not Origin.REPLY and not any(map(table.is_set, ("text", "enhanced"))):
        table.fault("origin", phrased('must be "reply": a notice has no stage, so a code alone says little'))


def _by_code(table: Table, shape: re.Pattern[str], otherwise: Phrase) -> dict[str, str]:
    """A table of codes and their categories; "" is one of its own: a code that says nothing."""
    found: dict[str, str] = {}
    for key in table.keys:
        if shape.fullmatch(key):
            found[key] = table.take(key, _category_or_nothing, "")
        else:
            table.fault(key, otherwise)
    return found


def _category_or_nothing(raw: Any) -> str:
    return "" if raw == "" else _category_word(raw)


def _word(words: type[Word]) -> Callable[[Any], Word]:
    read = one_of(*words)
    return lambda raw: words(read(raw))


def _category_word(raw: Any) -> str:
    if raw not in categories.ALL:
        raise ValueError(_no_category(str(raw)))
    return str(raw)


def _no_category(word: str) -> Phrase:
    known = sorted(categories.ALL)
    if close := get_close_matches(word, known, n=1, cutoff=0.5):
        return phrased("is no category, did you mean {word}?", word=close[0])
    return phrased("is no category: {words}", words=", ".join(known))


def _pattern(raw: Any) -> str:
    expression = patterns.pattern(raw)
    if unseen := [each for each in expression if unicodedata.normalize("NFKC", each) != each or each in "‘’“”"]:
        plainly = unicodedata.normalize("NFKC", unseen[0]).translate(str.maketrans("‘’“”", "''\"\""))
        raise ValueError(
            phrased(
                "fits nothing: texts are searched with {plain} in place of {seen}",
                plain=repr(plainly),
                seen=repr(unseen[0]),
            )
        )
    return expression


def _enhanced(raw: Any) -> tuple[str, ...]:
    each = texts(raw)
    if not all(map(_ENHANCED.fullmatch, each)):
        raise ValueError(
            phrased('needs a list of enhanced codes, e.g. ["5.7.28"], ["x.2.2"] for 4 and 5, ["5.7"] for all below')
        )
    return each


def _status(raw: Any) -> str:
    if not isinstance(raw, str) or not _STATUS.fullmatch(raw):
        raise ValueError(phrased('needs an enhanced code, e.g. "5.1.1"'))
    return raw


def _providers(raw: Any) -> tuple[str, ...]:
    each = texts(raw)
    if wrong := [one for one in each if not _PROVIDER.fullmatch(one)]:
        raise ValueError(
            phrased('"{word}" is neither a provider of shaping.toml nor the end of a host name', word=wrong[0])
        )
    return each
