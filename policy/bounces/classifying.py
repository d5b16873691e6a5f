"""What a report means for each recipient that it says has failed.

Owns   Bounced, and which of a report's texts is asked first: the remote host's words, the words of the notice, the
       enhanced codes of both, the reply code.
Knows  no message format (mta.reports), no rule, and no recipient of ours.

Invariants
    Only recipients of a bounce that failed are here: delays, answers and complaints give nothing.
    Who tells of another recipient than ours (an address that ours forwards to) never suppresses ours, and is soft.
RFC 3464 §2.3.
"""

import msgspec

from ...mta.reports.diagnostics import says_something, status_in
from ...mta.reports.report import Report, ReportedRecipient, ReportSort
from .meaning import Action, Blame, BounceKind, Meaning
from .rule import Origin
from .ruling import BounceRules
from .said import Said

_FAILED = frozenset({"failed", ""})


class Bounced(msgspec.Struct, frozen=True):
    """One recipient that bounced (DESIGN §6). `rule` and `words` are the evidence."""

    recipient: str
    status: str
    kind: BounceKind
    category: str  # "" when nothing is known
    disposition: str  # "final": what a notice tells of has ended
    blame: Blame
    action: Action
    dsn_action: str  # the notice's own
    diagnostic: str
    rule: str
    words: str
    remote: str = ""  # the host that refused
    forwarded_to: str = ""  # the address that failed, when it is not the recipient


def classify(report: Report, rules: BounceRules, ours: str = "") -> list[Bounced]:
    """Each failed recipient once, in the order of the report; none when it is no bounce.

    `ours`: the recipient that this is about, when something better than the report says so.
    """
    if report.sort is not ReportSort.BOUNCE:
        return []
    recipients = report.recipients or (ReportedRecipient(_only_one_of(report.letter.to)),)
    return [_bounced(one, report, rules, ours) for one in recipients if one.action in _FAILED]


def meaning_of(recipient: ReportedRecipient, rules: BounceRules, reporting_mta: str = "") -> Meaning:
    """Text before code, and what the host that refused said before what others made of it."""
    host = recipient.remote_mta or reporting_mta
    provider = rules.provider_at(host) if host else ""
    own = _of_failure(status_in(recipient.diagnostic))
    status = _of_failure(recipient.status) or own
    said = Said(recipient.code, status, recipient.diagnostic, provider, origin=Origin.NOTICE)
    told = msgspec.structs.replace(said, text=recipient.words)
    first = msgspec.structs.replace(said, enhanced=own) if says_something(own) else said
    found = rules.by_text(said) or rules.by_text(told)
    return found or rules.by_status(first) or rules.by_status(said) or rules.by_code(said)


def _of_failure(status: str) -> str:
    """A failure has no status of success, whatever stands where a status was read: a date may look like one."""
    return status if status[:1] in ("4", "5") else ""


def _bounced(one: ReportedRecipient, report: Report, rules: BounceRules, ours: str) -> Bounced:
    meaning = meaning_of(one, rules, report.reporting_mta)
    elsewhere = _forwarded_to(one, ours)
    if elsewhere:
        meaning = _about_another(meaning)
    return Bounced(
        recipient=ours or one.address,
        status=meaning.status or ("4.0.0" if one.code // 100 == 4 else "5.0.0"),
        kind=meaning.kind,
        category=meaning.category,
        disposition="final",
        blame=meaning.blame,
        action=meaning.action,
        dsn_action=one.action,
        diagnostic=one.diagnostic or one.words,
        rule=meaning.rule,
        words=meaning.words,
        remote=one.remote_mta,
        forwarded_to=elsewhere,
    )


def _about_another(meaning: Meaning) -> Meaning:
    action = Action.DROP if meaning.action is Action.SUPPRESS else meaning.action
    return msgspec.structs.replace(meaning, kind=BounceKind.SOFT, action=action)


def _forwarded_to(one: ReportedRecipient, ours: str) -> str:
    """The final recipient when it is another than ours; "" when the report does not say so."""
    known, final = ours or one.original, one.final
    return final if known and "@" in final and not _same(known, final) else ""


def _same(one: str, other: str) -> bool:
    """Hosts often name the machine within the domain: bob@mail.example.com is bob@example.com."""
    (mine, _, my_domain), (its, _, its_domain) = one.lower().rpartition("@"), other.lower().rpartition("@")
    if mine != its:
        return False
    return my_domain == its_domain or f".{my_domain}".endswith(f".{its_domain}") or its_domain.endswith(f".{my_domain}")


def _only_one_of(addresses: tuple[str, ...]) -> str:
    return addresses[0] if len(addresses) == 1 else ""
