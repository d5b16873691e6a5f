"""Reading reply rules: `[[provider.NAME.reply]]` and `[[any.reply]]`.

Owns   their keys, and which of them go together.
Knows  nothing of other rules: which one wins is for `rule_table` and `lint`.
"""

import re
from typing import Any, cast

from ...mta.outcome import Stage
from ...queue.limits import RateLimit
from ...queue.reactions import Reaction, ReactionScope
from .fields import Source, Table, one_of, share, text, texts, whole_number
from .pattern_cost import MAX_WAYS, ways
from .reply_rule import ReplyRule, quoted
from .units import duration, rate, until

_ENHANCED = re.compile(r"[45]\.\d{1,3}\.\d{1,3}")
_STAGES = [str(stage) for stage in Stage if stage not in (Stage.ROUTE, Stage.CONNECT)]


def read_replies(source: Source, owner: tuple[str, ...], raw: Any) -> tuple[ReplyRule, ...]:
    """All rules of one owner, e.g. ("provider", "google"). The same name twice is a fault."""
    if raw is None:
        return ()
    names = (*owner, "reply")
    if not isinstance(raw, list):
        place = ".".join(names)
        source.fault(source.lines.line_of(names), f"[{place}]", f"may stand several times: write [[{place}]]")
        return ()
    rules: dict[str, ReplyRule] = {}
    for nth, one in enumerate(cast("list[Any]", raw)):
        table = Table(source, names, one, nth, repeated=True)
        rule = _read_rule(table)
        if rule.name in rules:
            table.fault("name", f'is the same as at line {rules[rule.name].line}: "{rule.name}"')
        rules[rule.name] = rule
    return tuple(rules.values())


def _read_rule(table: Table) -> ReplyRule:
    name = table.take("name", text, "")
    if not name:
        table.fault("name", "is missing")
    rule = ReplyRule(
        name=name,
        path=table.source.path,
        line=table.line,
        text=table.take("text", _pattern, ""),
        codes=table.take("codes", _codes, ()),
        enhanced=table.take("enhanced", _enhanced, ()),
        stages=table.take("stages", _stages, ()),
        fact=table.take("fact", text, ""),
        examples=table.take("examples", _quotes, ()),
        near_misses=table.take("near_misses", _quotes, ()),
        until=table.take("until", until, None),
        reaction=_read_reaction(table, name),
    )
    _check(table, rule)
    table.done()
    return rule


def _check(table: Table, rule: ReplyRule) -> None:
    if not (rule.text or rule.codes or rule.enhanced) and not any(map(table.is_set, ("text", "codes", "enhanced"))):
        table.fault("text", "is missing: a rule needs a text or codes")
    if not rule.examples and not table.is_set("examples"):
        table.fault("examples", "is missing: write the reply, word for word, that the rule is made for")


def _read_reaction(table: Table, name: str) -> Reaction | None:
    what = table.take("do", one_of("stop", "slow", "nothing"), "")
    rate_read = table.take("message_rate", rate, None)
    reaction = Reaction(
        rule=name,
        because=f"{table.source.label}:{table.line} {table.place} {name}",
        scope=ReactionScope(table.take("scope", one_of(*ReactionScope), "source")),
        seconds=table.take("for", duration, 0),
        stop=what == "stop",
        share=table.take("share", share, 1.0),
        message_rate=RateLimit(*rate_read, f"reply rule {name}") if rate_read else None,
        connections=table.take("connections", whole_number(1, 1000), 0),
        after=table.take("after", whole_number(1, 1000), 1),
        within_seconds=table.take("within", duration, 0),
    )
    _check_reaction(table, what, reaction)
    return None if what == "nothing" else reaction


def _check_reaction(table: Table, what: str, reaction: Reaction) -> None:
    slows = reaction.share < 1 or reaction.message_rate is not None or reaction.connections > 0
    lasts = reaction.seconds > 0
    if not what:
        table.fault("do", 'is missing: "stop", "slow" or "nothing"')
    elif what == "slow" and not slows:
        table.fault("do", '"slow" needs share, message_rate or connections')
    elif what != "slow" and slows:
        table.fault("do", f'"{what}" goes with no share, message_rate or connections')
    if what in ("stop", "slow") and not table.is_set("until") and not table.is_set("for"):
        table.fault("for", 'is missing: how long, e.g. "30 min", or until = "next day +08:00"')
    if lasts and table.is_set("until"):
        table.fault("until", "stands beside for: write one of them")
    if (reaction.after > 1) != (reaction.within_seconds > 0):
        table.fault("after", 'goes together with within, e.g. after = 5, within = "1 h"')


def _pattern(raw: Any) -> str:
    pattern = text(raw)
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"is no regular expression: {error}") from error
    if compiled.search(""):
        raise ValueError("fits every text, also an empty one")
    if ways(pattern) > MAX_WAYS:
        raise ValueError("could take very long: give repetitions a bound, like .{0,40} or [0-9]{1,3}, and nest none")
    return pattern


def _codes(raw: Any) -> tuple[int, ...]:
    each = cast("list[Any]", raw) if isinstance(raw, list) and raw else []
    if not each or not all(type(one) is int and (one in (4, 5) or 400 <= one < 600) for one in each):
        raise ValueError("needs a list of reply codes, e.g. [421, 451], or first digits [4]")
    return tuple(each)


def _enhanced(raw: Any) -> tuple[str, ...]:
    each = texts(raw)
    if not all(map(_ENHANCED.fullmatch, each)):
        raise ValueError('needs a list of enhanced codes, e.g. ["4.7.28"]')
    return each


def _stages(raw: Any) -> tuple[Stage, ...]:
    each = texts(raw)
    if unknown := [one for one in each if one not in _STAGES]:
        raise ValueError(f'"{unknown[0]}" is no stage: {", ".join(_STAGES)}')
    return tuple(Stage(one) for one in each)


def _quotes(raw: Any) -> tuple[str, ...]:
    each = texts(raw)
    for one in each:
        quoted(one)
    return each
