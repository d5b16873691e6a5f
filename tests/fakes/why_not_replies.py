"""Letters that receivers of the world answered, each with the sentence that `youtong explain` says about it.

The cases stand in tests/unit/admin/why_not_replies.toml. What is given there is what the world did: the reply, or what
happened, as heard at a host of that provider. All else is made as the system makes it: judged by the shipped rules,
written as a row, explained. `python -m fakes.why_not_replies` (in tests/) prints the sentences as a numbered list;
`--write` takes them into the file: read each as its reader would before you keep it.
"""

import os
import re
import sys
import time
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from youtong.admin.explain.document import document
from youtong.admin.explain.explanation import Explanation
from youtong.admin.explain.facts import Headline, Letter, Signature, Surroundings
from youtong.admin.explain.reasons import explain
from youtong.admin.explain.suppressed import Standing
from youtong.admin.explain.why_not import sentence
from youtong.admin.suppression.entry import Entry
from youtong.admin.waits import DomainSeen, RouteKind, Waits
from youtong.mta.outcome import Deferred, Failed, Outcome, Peer, Scope, Stage
from youtong.mta.reply import Reply
from youtong.policy.bounces.categories import NO_SUCH_USER
from youtong.policy.bounces.loading import load_rules
from youtong.policy.bounces.meaning import Action, BounceKind
from youtong.policy.bounces.rule import Origin
from youtong.policy.bounces.said import Said
from youtong.policy.judge import RuleJudge
from youtong.policy.suppression import EntrySource, Reason, same_mailbox
from youtong.queue.classes import MailClass
from youtong.queue.journal import AttemptPlace, Facts, JournalKind, JournalRow, attempt_facts
from youtong.queue.judging import AttemptFacts
from youtong.queue.pace.suspensions import Suspension, SuspensionScope
from youtong.queue.reading import MessageRow, RecipientRow
from youtong.queue.states import RecipientState

FILE = Path(__file__).parents[1] / "unit" / "admin" / "why_not_replies.toml"
NOW = 1_795_500_000_000  # 2026-11-24 06:00:00 UTC
LANGUAGES = {"en": "en_US.UTF-8", "zh": "zh_CN.UTF-8"}
_MINUTE, _HOUR = 60_000, 3_600_000
_SENDER, _DAYS = "shop.example", 5
_REPLY = re.compile(r"(\d{3})(?:[ -]([245]\.\d{1,3}\.\d{1,3}))? ?(.*)", re.DOTALL)
_DIGIT = re.compile(r"\d")


class Case(msgspec.Struct, frozen=True):
    """One letter. `state`: waits, stopped (with all mail there, by that reply), failed, given-up, late, complaint."""

    name: str
    provider: str  # its name in the sentence
    state: str
    address: str
    host: str
    key: str = ""  # the provider's in shaping.toml
    stage: Stage = Stage.RCPT
    said: str = ""  # the reply, or the diagnostic of a notice
    happened: str = ""  # where nobody answered
    scope: Scope = Scope.RECIPIENT
    category: str = ""  # that the dialog itself found
    ambiguous: bool = False
    mail_class: MailClass = MailClass.TRANSACTIONAL
    minutes: int = 6  # until the next attempt
    forwarded_to: str = ""
    blame: str = ""
    by: str = ""  # who has to act
    en: str = ""
    zh: str = ""


@cache
def cases() -> tuple[Case, ...]:
    return tuple(msgspec.convert(tomllib.loads(FILE.read_text())["letter"], list[Case]))


def told(case: Case) -> tuple[Explanation, Surroundings]:
    """The letter, explained."""
    around = Surroundings(NOW, _waits(case), rules=RULES)
    return explain(_letter(case), around, _standing(case)), around


def said(case: Case, language: str) -> str:
    """The sentence; changes the environment of this process."""
    os.environ.update(LC_ALL=LANGUAGES[language], TZ="UTC")
    time.tzset()
    explanation, around = told(case)
    return sentence(explanation, around.now_ms)


def shown(case: Case) -> dict[str, Any]:
    """The same for programs."""
    explanation, around = told(case)
    return document(explanation, around)


RULES = load_rules()
_JUDGE = RuleJudge(RULES)
_STATES = {
    "waits": RecipientState.SCHEDULED,
    "stopped": RecipientState.SCHEDULED,
    "failed": RecipientState.BOUNCED,
    "given-up": RecipientState.EXPIRED,
    "late": RecipientState.DELIVERED,
    "complaint": RecipientState.DELIVERED,
}


def _letter(case: Case) -> Letter:
    state, domain = _STATES[case.state], case.address.rpartition("@")[2]
    history = _history(case, domain)
    next_ms = NOW + case.minutes * _MINUTE if case.state == "waits" else NOW - 1 if case.state == "stopped" else None
    accepted = NOW - (_DAYS * 24 if case.state == "given-up" else 2) * _HOUR
    expires = accepted + _DAYS * 24 * _HOUR
    row = RecipientRow(
        1, 1, 1, domain, case.address, state, len(history), next_ms, None, 0, 1, "", 7, f"a@{_SENDER}", accepted,
        expires, mail_class=case.mail_class, verp_domain=_SENDER,
    )  # fmt: skip
    message = MessageRow(
        1, 1, 0, 7, case.mail_class, f"a@{_SENDER}", "7BIT", False, 2048, accepted, expires, "", False, b""
    )
    return Letter(message, row, Headline(), history, Signature())


def _history(case: Case, domain: str) -> tuple[JournalRow, ...]:
    """What the journal has of it, oldest first."""
    if case.state in ("late", "complaint"):
        delivered = Facts(attempt=1, host=_taker(case), provider=case.key, code=250)
        return _row(JournalKind.DELIVERED, delivered, 90), _row(*_came_back(case), 10)
    outcome = _JUDGE.judge(_outcome(case), AttemptFacts(case.key or domain, domain, domain, case.mail_class))
    kind = JournalKind.DEFERRED if isinstance(outcome, Deferred) else JournalKind.BOUNCED
    place = AttemptPlace(1, "default", case.key or domain, domain, 1, mailed=True)
    attempt = _row(kind, attempt_facts(outcome, place), 1)
    return (attempt, _row(JournalKind.EXPIRED, Facts(), 0)) if case.state == "given-up" else (attempt,)


def _row(kind: JournalKind, facts: Facts, minutes_ago: int) -> JournalRow:
    return JournalRow(1, NOW - minutes_ago * _MINUTE, kind, 7, 1, 1, 0, facts)


def _outcome(case: Case) -> Outcome:
    peer = Peer(case.host, "192.0.2.25", "TLSv1.3") if case.host else Peer()
    if case.happened and case.category:
        return Failed(case.stage, case.scope, None, case.happened, peer, case.category)
    if case.happened:
        return Deferred(case.stage, case.scope, None, case.happened, peer, ambiguous=case.ambiguous)
    answer = _reply(case.said)
    if answer.code >= 500 and case.stage not in (Stage.GREETING, Stage.EHLO):
        return Failed(case.stage, case.scope, answer, "", peer)
    return Deferred(case.stage, case.scope, answer, "", peer)


def _reply(text: str) -> Reply:
    found = _REPLY.fullmatch(text)
    assert found is not None, text
    return Reply(int(found[1]), found[2] or "", (found[3],))


def _came_back(case: Case) -> tuple[JournalKind, Facts]:
    if case.state == "complaint":
        return JournalKind.COMPLAINT, Facts(category="abuse", remote=case.host)
    answer = _reply(case.said) if _DIGIT.match(case.said) else Reply(0, "", (case.said,))
    whose = RULES.provider_at(case.host)
    meaning = RULES.meaning(Said(answer.code, answer.enhanced, case.said, whose, None, Origin.NOTICE))
    kind = BounceKind.SOFT if case.forwarded_to else meaning.kind
    return JournalKind.LATE_BOUNCE, Facts(
        bounce_kind=kind, category=meaning.category, blame=meaning.blame, rule=meaning.rule, words=meaning.words,
        code=answer.code, enhanced=answer.enhanced, text=answer.text, remote=case.host, recipient=case.forwarded_to,
    )  # fmt: skip


def _taker(case: Case) -> str:
    return f"mx.{case.address.rpartition('@')[2]}"


def _waits(case: Case) -> Waits:
    """A server runs; what is stopped there is stopped by the reply."""
    domain = case.address.rpartition("@")[2]
    seen = DomainSeen(domain, RouteKind.KNOWN, site=domain, provider=case.key or domain, hosts=(case.host,))
    if case.state != "stopped":
        return Waits(delivers=True, workers=1, domains=(seen,))
    sender = _SENDER if case.scope is Scope.MESSAGE else ""
    until_ms = NOW + case.minutes * _MINUTE
    stop = Suspension(
        3, SuspensionScope.PROVIDER, seen.provider, sender_domain=sender, until_ms=until_ms, rule="x", reply=case.said
    )
    return Waits(delivers=True, workers=1, domains=(seen,), suspensions=(stop,))


def _standing(case: Case) -> Standing:
    """The book, as the follower has filled it."""
    reason = Reason.COMPLAINT if case.state == "complaint" else Reason.HARD_BOUNCE if _suppresses(case) else None
    entries = () if reason is None else (Entry(case.address, reason, EntrySource.REPLY, id=12),)
    return Standing({same_mailbox(case.address): entries})


def _suppresses(case: Case) -> bool:
    if case.state not in ("failed", "late") or not case.said or case.forwarded_to:
        return False
    answer = _reply(case.said) if _DIGIT.match(case.said) else Reply(0, "", (case.said,))
    origin = Origin.NOTICE if case.state == "late" else Origin.REPLY
    stage = None if case.state == "late" else case.stage
    meaning = RULES.meaning(Said(answer.code, answer.enhanced, case.said, case.key, stage, origin))
    return meaning.action is Action.SUPPRESS and meaning.category == NO_SUCH_USER


# -- the list, and the file written anew ------------------------------------------------------------------------------


def _print() -> None:
    for number, case in enumerate(cases(), 1):
        fields = shown(case)
        do = fields["do"]["by"] if fields["do"] else None
        print(f"{number}. {case.name} [{fields['category']}, {fields['kind']}, {fields['blame']}, {do}]")
        print(f"   {case.said or case.happened or '(feedback loop)'}")
        for language in LANGUAGES:
            print(f"   {said(case, language)}")


def _write() -> None:
    """Only values that the file has are replaced: the file keeps its order and comments."""
    text = FILE.read_text()
    head, *parts = text.split("[[letter]]\n")
    for at, case in enumerate(cases()):
        fields = shown(case)
        expected = {
            "blame": fields["blame"] or "", "by": fields["do"]["by"] if fields["do"] else "",
            "en": said(case, "en"), "zh": said(case, "zh"),
        }  # fmt: skip
        kept = [line for line in parts[at].rstrip("\n").splitlines() if line.partition(" = ")[0] not in expected]
        lines = [f"{key} = {msgspec.json.encode(value).decode()}" for key, value in expected.items()]
        comments = []
        while kept and (not kept[-1] or kept[-1].startswith("#")):
            comments.insert(0, kept.pop())
        parts[at] = "\n".join([*kept, *lines, *comments]) + "\n\n"
    FILE.write_text("[[letter]]\n".join([head, *parts]).rstrip("\n") + "\n")


if __name__ == "__main__":
    _write() if "--write" in sys.argv[1:] else _print()
