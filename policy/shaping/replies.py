"""Reading reply rules: `[[provider.NAME.reply]]` and `[[any.reply]]`.

Owns   their keys, and which of them go together.
Knows  nothing of other rules: which one wins is for `rule_table` and `lint`.
"""

from typing import Any, cast

from ...queue.limits import RateLimit
from ...queue.reactions import Reaction, ReactionScope
from ..rulefiles import patterns
from ..rulefiles.fields import Source, Table, one_of, share, text, whole_number
from ..rulefiles.phrases import phrased, same_name
from ..rulefiles.units import duration, rate, until
from .reply_rule import ReplyRule


def read_replies(source: Source, owner: tuple[str, ...], raw: Any) -> tuple[ReplyRule, ...]:
    """All rules of one owner, e.g. ("provider", "google"). The same name twice is a fault."""
    if raw is None:
        return ()
    names = (*owner, "reply")
    if not isinstance(raw, list):
        place = ".".join(names)
        source.fault(
            source.lines.line_of(names),
            f"[{place}]",
            phrased("may stand several times: write [[{place}]]", place=place),
        )
        return ()
    rules: dict[str, ReplyRule] = {}
    for nth, one in enumerate(cast("list[Any]", raw)):
        table = Table(source, names, one, nth, repeated=True)
        rule = _read_rule(table)
        if rule.name in rules:
            table.fault("name", same_name(rules[rule.name].line, rule.name))
        rules[rule.name] = rule
    return tuple(rules.values())


def _read_rule(table: Table) -> ReplyRule:
    name = table.take("name", text, "")
    if not name:
        table.fault("name", phrased("is missing"))
    rule = ReplyRule(
        name=name,
        path=table.source.path,
        line=table.line,
        text=table.take("text", patterns.pattern, ""),
        codes=table.take("codes", patterns.codes, ()),
        enhanced=table.take("enhanced", patterns.enhanced, ()),
        stages=table.take("stages", patterns.stages, ()),
        fact=table.take("fact", text, ""),
        examples=table.take("examples", patterns.quotes, ()),
        near_misses=table.take("near_misses", patterns.quotes, ()),
        until=table.take("until", until, None),
        reaction=_read_reaction(table, name),
    )
    _check(table, rule)
    table.done()
    return rule


def _check(table: Table, rule: ReplyRule) -> None:
    if not (rule.text or rule.codes or rule.enhanced) and not any(map(table.is_set, ("text", "codes", "enhanced"))):
        table.fault("text", phrased("is missing: a rule needs a text or codes"))
    if not rule.examples and not table.is_set("examples"):
        table.fault("examples", phrased("is missing: write the reply, word for word, that the rule is made for"))


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
        table.fault("do", phrased('is missing: "stop", "slow" or "nothing"'))
    elif what == "slow" and not slows:
        table.fault("do", phrased('"slow" needs share, message_rate or connections'))
    elif what != "slow" and slows:
        table.fault("do", phrased('"{word}" goes with no share, message_rate or connections', word=what))
    if what in ("stop", "slow") and not table.is_set("until") and not table.is_set("for"):
        table.fault("for", phrased('is missing: how long, e.g. "30 min", or until = "next day +08:00"'))
    if lasts and table.is_set("until"):
        table.fault("until", phrased("stands beside for: write one of them"))
    if (reaction.after > 1) != (reaction.within_seconds > 0):
        table.fault("after", phrased('goes together with within, e.g. after = 5, within = "1 h"'))
