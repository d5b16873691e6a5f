"""Suppressions in words, for every place that shows them.

Owns   a few words for each reason and source, and the sentences about one entry: since when, on what evidence, and how
       it is lifted.
Knows  no layout.
"""

from ...mta.reply import reply_line
from ...policy.suppression import INSTALLATION, EntrySource, Lifter, Reason, may_lift
from ...queue.ids import inbound_id
from .. import times
from ..bounce_words import category_words
from ..texts import _
from .entry import Entry, Lifted


def reason_words(reason: Reason) -> str:
    """A few words."""
    return {
        Reason.BLOCK: _("blocked by the operator"),
        Reason.COMPLAINT: _("the reader complained"),
        Reason.UNSUBSCRIBE: _("the reader unsubscribed"),
        Reason.HARD_BOUNCE: _("the address does not exist"),
        Reason.MANUAL: _("on the list of addresses not to write to"),
    }[reason]


def source_words(source: EntrySource) -> str:
    """What it was made from."""
    return {
        EntrySource.REPLY: _("a receiver's refusal"),
        EntrySource.NOTICE: _("a bounce that came after the acceptance"),
        EntrySource.LOOK_UP: _("the domain was still missing a day later"),
        EntrySource.FEEDBACK: _("a complaint through the provider"),
        EntrySource.READER: _("the recipient's own request"),
        EntrySource.PERSON: _("entered by a person"),
        EntrySource.IMPORT: _("imported from a file"),
    }[source]


def lifter_words(how: Lifter) -> str:
    """Who took it away."""
    return {
        Lifter.PERSON: _("lifted by a person"),
        Lifter.FORCED: _("lifted by a person who insisted"),
        Lifter.DELIVERY: _("personal mail reached the address"),
        Lifter.RULES: _("the bounce rules no longer say so"),
        Lifter.EXPIRY: _("its time was over"),
        Lifter.IMPORT: _("lifted by an import"),
    }[how]


def because_words(lifted: Lifted) -> str:
    """Who took it away, and why. Rules leave their own name and the category: the latter gets its word."""
    why = lifted.why
    if lifted.how is Lifter.RULES and why:
        rule, _space, category = why.rpartition(" ")
        why = _(", ").join(part for part in (rule, category_words("" if category == "unknown" else category)) if part)
    return _(": ").join(part for part in (lifter_words(lifted.how), why) if part)


def scope_words(entry: Entry, account: str) -> str:
    """Whom it holds for; `account` is the master's name, when it is known."""
    if entry.account_id == INSTALLATION:
        return _("everybody")
    return account or f"#{entry.account_id}"


def evidence_words(entry: Entry) -> str:
    """The receiver's own words, and the rule that understood them; "" when there is none."""
    evidence = entry.evidence
    if evidence is None:
        return ""
    said = reply_line(evidence.code, evidence.enhanced, evidence.text)
    parts = [
        f"“{said}”" if said else "",
        _("rule {rule}").format(rule=evidence.rule) if evidence.rule else "",
        _("journal {number}").format(number=evidence.journal) if evidence.journal else "",
        _("inbound message {number}").format(number=inbound_id(evidence.inbound)) if evidence.inbound else "",
        evidence.note,
    ]
    return _(", ").join(part for part in parts if part)


def lifting_sentence(entry: Entry) -> str:
    """How somebody lifts it."""
    command = f"youtong suppression remove {entry.id}"
    if may_lift(Lifter.PERSON, entry.reason):
        return _("to lift it: {command}").format(command=command)
    return _("only with the reader's consent: {command}").format(command=f"{command} --force")


def entry_sentence(entry: Entry, now_ms: int) -> str:
    """Why, since when, on what evidence, and how it ends."""
    since = times.exact(entry.created_ms, now_ms)
    parts = [
        _("{reason} (entry {number}, since {since}, {source})").format(
            reason=reason_words(entry.reason), number=entry.id, since=since, source=source_words(entry.source)
        ),
        evidence_words(entry),
        lifting_sentence(entry),
    ]
    return _("; ").join(part for part in parts if part)
