"""Reasons: why a letter waits, what comes next, how it ended. Pure: facts in, an Explanation out.

Owns   every decision between the reasons.
Knows  no word of any language (sentences) and no way to get a fact (gathering).

Invariants
    The first reason that stands in the way is the one that is told: a later one matters only when it is gone.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from ...mta.message.notice import Action
from ...mta.reports.report import ReportSort
from ...policy.bounces.meaning import BounceKind
from ...policy.bounces.ruling import BounceRules
from ...policy.suppression import read_skip_reason
from ...queue.classes import MailClass
from ...queue.journal import JournalKind, JournalRow
from ...queue.pace.ceiling import CeilingKind
from ...queue.pace.suspensions import Suspension, SuspensionScope
from ...queue.reading import RecipientRow
from ...queue.states import RecipientState
from ..figures import CeilingSeen
from ..waits import DomainSeen, LaneSeen, RouteKind
from .advice import advice_on, advice_on_suppression
from .explanation import TAKEN, Advice, Coming, Explanation, Next, Notice, Wait, Why
from .facts import Letter, Surroundings
from .meanings import Meant, is_fault_of_ours, meant_by, meant_by_reply
from .stops import stop_of
from .suppressed import Standing

History = Sequence[JournalRow]  # oldest first
ANSWERED = frozenset({JournalKind.DELIVERED, JournalKind.DEFERRED, JournalKind.BOUNCED, JournalKind.UNCONFIRMED})
_ENDINGS: dict[RecipientState, JournalKind] = {
    RecipientState.DELIVERED: JournalKind.DELIVERED,
    RecipientState.BOUNCED: JournalKind.BOUNCED,
    RecipientState.EXPIRED: JournalKind.EXPIRED,
    RecipientState.CANCELLED: JournalKind.CANCELLED,
    RecipientState.SKIPPED: JournalKind.SKIPPED,
    RecipientState.UNCONFIRMED: JournalKind.UNCONFIRMED,
}
_LATE = (
    JournalKind.COMPLAINT, JournalKind.LATE_BOUNCE, JournalKind.AUTO_REPLY, JournalKind.HEARD_SUCCESS,
    JournalKind.HEARD_DELAY,
)  # fmt: skip
"""What came back, by what counts most."""


def explain(letter: Letter, around: Surroundings, standing: Standing | None = None) -> Explanation:
    """What there is to say at this moment. `standing`: the suppressions, where they were looked up."""
    state = letter.recipient.state
    wait = None if state.is_terminal else why_waits(letter.recipient, letter.history, around)
    coming = _coming(letter, wait, around) if wait is not None else Coming(Next.NOTHING)
    last, late = newest(letter.history, ANSWERED), _late(letter.history)
    told = Explanation(
        letter=letter,
        wait=wait,
        coming=coming,
        last=last,
        ending=newest(letter.history, {_ENDINGS[state]}) if state.is_terminal else None,
        notice=_notice(letter),
        advice=None,
        late=late,
        meant=_meant(wait, late if state in TAKEN else None, last, around.rules),
        stopped_by=None if standing is None else standing.of_letter(letter),
    )
    return replace(told, advice=_advice(told))


def _meant(
    wait: Wait | None, late: JournalRow | None, last: JournalRow | None, rules: BounceRules | None
) -> Meant | None:
    """What the failure that is told means."""
    if wait is not None and wait.why is Why.SUSPENDED_BY_REPLY and wait.suspension is not None:
        return meant_by_reply(wait.suspension.reply, wait.provider, rules)
    return meant_by(late or last, rules)


def _late(history: History) -> JournalRow | None:
    """A hard bounce counts more than a soft one, the newer of two alike."""
    rows = [row for row in history if row.kind in _LATE]
    return min(
        reversed(rows), key=lambda row: (_LATE.index(row.kind), row.facts.bounce_kind != BounceKind.HARD), default=None
    )


def newest(history: History, kinds: frozenset[JournalKind] | set[JournalKind]) -> JournalRow | None:
    """The newest fact of these kinds."""
    return next((row for row in reversed(history) if row.kind in kinds), None)


# -- why it waits -----------------------------------------------------------------------------------------------------


def why_waits(recipient: RecipientRow, history: History, around: Surroundings) -> Wait:
    """For a recipient that has not ended; of its history the newest facts suffice."""
    match recipient.state:
        case RecipientState.HELD:
            return _held(history)
        case RecipientState.LEASED:
            return _leased(recipient, around)
        case _:
            return _scheduled(recipient, history, around)


def _held(history: History) -> Wait:
    row = newest(history, {JournalKind.HELD})
    if row is None:
        return Wait(Why.HELD)
    return Wait(Why.HELD, who=row.facts.who, reason=row.facts.reason, since_ms=row.at_ms)


def _leased(recipient: RecipientRow, around: Surroundings) -> Wait:
    if around.waits is None:
        return Wait(Why.CUT_OFF)
    lease = around.waits.lease(recipient.lease)
    if lease is None:
        return Wait(Why.BEING_RECORDED)
    since_ms = around.now_ms - round(lease.seconds * 1000)
    return Wait(
        Why.IN_DELIVERY,
        provider=lease.provider,
        hosts=lease.hosts,
        since_ms=since_ms,
        worker_pid=lease.worker_pid,
    )


def _scheduled(recipient: RecipientRow, history: History, around: Surroundings) -> Wait:
    """A stop that lasts beyond the next attempt is the reason, else the time that has not come."""
    due_ms = recipient.next_ms or 0
    if (stopped := _stopped(recipient, around, due_ms)) is not None:
        return stopped
    if due_ms > around.now_ms:
        return Wait(Why.RETRY if newest(history, ANSWERED) else Why.LATER, until_ms=due_ms)
    if around.waits is None:
        return Wait(Why.OWNER_STARTING if around.is_starting else Why.SERVER_DOWN)
    if not around.waits.delivers or not around.delivery_enabled:
        return Wait(Why.DELIVERY_OFF)
    seen = around.waits.domain(recipient.domain)
    if seen is None:
        return Wait(Why.SOON)
    return _resting(seen, around) or _ready(recipient, seen, around)


def _stopped(recipient: RecipientRow, around: Surroundings, due_ms: int) -> Wait | None:
    """What somebody, or a receiver's reply, has stopped."""
    if around.waits is None or not around.waits.suspensions:
        return None
    seen = around.waits.domain(recipient.domain)
    stop = stop_of(recipient, seen, around.waits.suspensions)
    if stop is None or (stop.until_ms is not None and stop.until_ms <= max(due_ms, around.now_ms)):
        return None
    hosts = seen.hosts if seen is not None else ()
    return Wait(
        _why_stopped(stop),
        stop.reply,
        who=stop.who,
        reason=stop.reason,
        provider=seen.provider if seen is not None else "",
        hosts=hosts,
        since_ms=stop.since_ms,
        until_ms=stop.until_ms or 0,
        suspension=stop,
    )


def _why_stopped(stop: Suspension) -> Why:
    if stop.rule:
        return Why.SUSPENDED_BY_REPLY
    return Why.STREAM_PAUSED if stop.scope is SuspensionScope.STREAM and stop.id < 0 else Why.SUSPENDED


def _resting(seen: DomainSeen, around: Surroundings) -> Wait | None:
    """What keeps the whole domain or site from being tried."""
    now_ms = around.now_ms
    for rest, why in ((seen.domain_rest, Why.LOOK_UP_FAILS), (seen.site_rest, _why_rests(seen, around))):
        if rest is not None:
            since_ms = now_ms - round(rest.since_seconds * 1000)
            until_ms = now_ms + round(rest.left_seconds * 1000)
            return Wait(
                why,
                rest.why,
                rest.trouble,
                reason=around.redirect if why is Why.REDIRECT else _demand(seen) if why is Why.TLS_REQUIRED else "",
                hosts=seen.hosts,
                since_ms=since_ms,
                rounds=rest.rounds,
                until_ms=until_ms,
            )
    if seen.route is RouteKind.UNKNOWN:
        return Wait(Why.LOOKING_UP)
    if seen.route is RouteKind.NONE:
        return Wait(Why.NO_ROUTE, seen.why, seen.unroutable)
    if seen.is_probed and seen.at_site:
        return Wait(Why.PROBING, hosts=seen.hosts)
    return None


def _why_rests(seen: DomainSeen, around: Surroundings) -> Why:
    """No host lets us begin: the one that all mail is redirected to, hosts that cannot do TLS, or any."""
    if around.redirect:
        return Why.REDIRECT
    words = seen.site_rest.why if seen.site_rest is not None else ""
    return Why.TLS_REQUIRED if _demand(seen) and "TLS" in words else Why.SITE_RESTS


def _demand(seen: DomainSeen) -> str:
    """Who demands TLS of these hosts."""
    return next((lane.tls_because for lane in seen.lanes if lane.tls_because), "")


def _ready(recipient: RecipientRow, seen: DomainSeen, around: Surroundings) -> Wait:
    """What keeps a recipient that may be tried: the limits of its (provider, source)."""
    assert around.waits is not None
    if not around.waits.workers:
        return Wait(Why.NO_WORKER)
    lane = max(seen.lanes, key=_weight, default=None)
    if lane is None:
        return Wait(Why.SOON, provider=seen.provider, hosts=seen.hosts)
    if _is_of_others(lane.ceiling, recipient):
        return Wait(Why.SOON, provider=lane.provider, lane=lane, hosts=seen.hosts)
    why = _BY_CEILING[lane.ceiling.kind]
    frees = lane.ceiling.free_in_seconds
    until_ms = around.now_ms + round(frees * 1000) if frees and why in (Why.RATE, Why.CONNECT_RATE) else 0
    return Wait(why, provider=lane.provider, lane=lane, hosts=seen.hosts, until_ms=until_ms)


def _is_of_others(ceiling: CeilingSeen, recipient: RecipientRow) -> bool:
    """Whether only bulk, or only another sender's mail, is limited."""
    if ceiling.for_bulk and recipient.mail_class != MailClass.BULK:
        return True
    return ceiling.sender not in ("", recipient.sender_domain)


def _weight(lane: LaneSeen) -> tuple[bool, int]:
    """A lane that something limits tells more than one that nothing does."""
    return lane.ceiling.kind is not CeilingKind.NOTHING, lane.ready + lane.in_flight


_BY_CEILING: dict[CeilingKind, Why] = {
    CeilingKind.NOTHING: Why.SOON,
    CeilingKind.CONNECTIONS: Why.NO_SLOT,
    CeilingKind.IN_FLIGHT: Why.NO_SLOT,
    CeilingKind.MESSAGE_RATE: Why.RATE,
    CeilingKind.CONNECTION_RATE: Why.CONNECT_RATE,
    CeilingKind.MOVING: Why.MOVING,
    CeilingKind.NO_WORKER: Why.NO_WORKER,
    CeilingKind.RESTING: Why.SOON,  # was told before
    CeilingKind.SUSPENDED: Why.SOON,  # the stop was told before, if it is about this letter
}


# -- what comes next --------------------------------------------------------------------------------------------------


_NEXT: dict[Why, Next] = {
    Why.RETRY: Next.ATTEMPT,
    Why.LATER: Next.ATTEMPT,
    Why.SITE_RESTS: Next.PROBE,
    Why.PROBING: Next.PROBE,
    Why.LOOK_UP_FAILS: Next.LOOK_UP,
    Why.LOOKING_UP: Next.LOOK_UP,
    Why.NO_ROUTE: Next.FAILURE,
    Why.NO_SLOT: Next.SLOT,
    Why.RATE: Next.ATTEMPT,
    Why.NO_WORKER: Next.ATTEMPT,
    Why.SOON: Next.ATTEMPT,
    Why.IN_DELIVERY: Next.ANSWER,
    Why.BEING_RECORDED: Next.ANSWER,
    Why.CUT_OFF: Next.START,
    Why.HELD: Next.RELEASE,
    Why.SERVER_DOWN: Next.START,
    Why.DELIVERY_OFF: Next.ENABLE,
    Why.SUSPENDED_BY_REPLY: Next.ATTEMPT,
    Why.SUSPENDED: Next.RESUME,
    Why.STREAM_PAUSED: Next.RESUME,
    Why.CONNECT_RATE: Next.ATTEMPT,
    Why.MOVING: Next.ATTEMPT,
    Why.TLS_REQUIRED: Next.PROBE,
    Why.REDIRECT: Next.PROBE,
    Why.OWNER_STARTING: Next.ATTEMPT,
}


def _coming(letter: Letter, wait: Wait, around: Surroundings) -> Coming:
    coming = _NEXT[wait.why]
    attempt = letter.recipient.attempts + 1
    if coming is Next.RESUME and wait.until_ms:
        coming = Next.ATTEMPT
    if coming in (Next.ATTEMPT, Next.PROBE, Next.LOOK_UP) and not (around.is_running or around.is_starting):
        return Coming(Next.START, wait.until_ms, attempt)
    if wait.until_ms and wait.until_ms >= letter.recipient.expires_ms:
        return Coming(Next.EXPIRY, letter.recipient.expires_ms)
    return Coming(coming, wait.until_ms, attempt)


# -- how it ended -----------------------------------------------------------------------------------------------------


def _notice(letter: Letter) -> Notice | None:
    """What is owed comes first; else what was queued last, which may be of a delay while the letter waits."""
    to = letter.recipient.reverse_path
    if letter.recipient.notice == 1:
        is_delivered = letter.recipient.state is RecipientState.DELIVERED
        return Notice(to, is_queued=False, action=Action.RELAYED if is_delivered else Action.FAILED)
    row = newest(letter.history, {JournalKind.NOTICE})
    if row is None:
        return None
    return Notice(to, True, row.facts.notice_message, Action(row.facts.notice_action or Action.FAILED))


def _advice(told: Explanation) -> Advice | None:
    if told.wait is not None:
        return _advice_in_waiting(told, told.wait)
    match told.letter.recipient.state:
        case RecipientState.BOUNCED:
            return advice_on(_category(told), has_ended=True)
        case RecipientState.EXPIRED:
            category = _category(told)
            return advice_on(category, has_ended=True) if category else Advice.SEND_AGAIN
        case RecipientState.SKIPPED:
            return _advice_on_skipping(told)
        case state if state in TAKEN and told.late is not None:
            return _advice_afterwards(told, told.late)
        case RecipientState.UNCONFIRMED:
            return Advice.ASK_FIRST
        case _:
            return None


def _advice_in_waiting(told: Explanation, wait: Wait) -> Advice | None:
    """None where what comes next says already who must do what."""
    if wait.why is Why.RETRY and told.last is not None and is_fault_of_ours(told.last):
        return Advice.OUR_FAULT
    if wait.why in _BY_REPLY:
        advice = advice_on(_category(told), has_ended=False)
        return None if advice is Advice.NOTHING and told.coming.next not in _BY_ITSELF else advice
    if wait.why is Why.TLS_REQUIRED:
        return Advice.HOST_TLS
    return Advice.NOTHING if told.coming.next in _BY_ITSELF and wait.why is not Why.REDIRECT else None


def _advice_on_skipping(told: Explanation) -> Advice | None:
    skipped = read_skip_reason(told.ending.facts.reason) if told.ending is not None else None
    if skipped is None:
        return None
    return Advice.SEND_AGAIN if told.stopped_by == () else advice_on_suppression(skipped.reason)


def _advice_afterwards(told: Explanation, late: JournalRow) -> Advice:
    match late.kind:
        case JournalKind.LATE_BOUNCE if late.facts.recipient:
            return Advice.FORWARDING
        case JournalKind.LATE_BOUNCE:
            return advice_on(_category(told), has_ended=True)
        case JournalKind.COMPLAINT:
            return Advice.STOP_WRITING
        case JournalKind.AUTO_REPLY if late.facts.reason == ReportSort.MOVED:
            return Advice.NEW_ADDRESS
        case _:
            return Advice.NOTHING


def _category(told: Explanation) -> str:
    """Of the failure that is told."""
    if told.wait is not None and told.wait.why is Why.SUSPENDED_BY_REPLY:
        return told.meant.meaning.category if told.meant is not None else ""
    row = told.late if told.late is not None and told.letter.recipient.state in TAKEN else told.last
    if row is not None and row.facts.category:
        return row.facts.category
    return told.meant.meaning.category if told.meant is not None else ""


_BY_REPLY = frozenset({Why.RETRY, Why.SUSPENDED_BY_REPLY})
_BY_ITSELF = frozenset({Next.ATTEMPT, Next.PROBE, Next.LOOK_UP, Next.SLOT, Next.ANSWER})
