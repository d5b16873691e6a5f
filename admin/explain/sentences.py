"""Why a letter waits and what comes next, in the language of the process.

Owns   a sentence for every Why and Next, and the names of states.
Knows  no layout (screen); how a letter ended is in endings, what was said in its attempts in attempts.
"""

from typing import assert_never

from ...mta.outcome import Scope
from ...policy.suppression import read_skip_reason
from ...queue.holds import new_recipients, worker_deaths
from ...queue.journal import DAMAGED, NO_PUBLIC_HOSTNAME, Facts, JournalRow
from ...queue.pace.suspensions import Suspension, SuspensionScope
from ...queue.reading import Wish
from ...queue.states import RecipientState
from .. import times
from ..suppression.words import reason_words as suppression_words
from ..texts import _, ngettext
from .ceilings import origin_words, rate_words
from .deferrals import deferred_sentence
from .explanation import Coming, Next, Wait, Why
from .meanings import Meant
from .name_troubles import with_particulars
from .objections import objection
from .receivers import phrase, receiver_name
from .suspension_words import cancel_words, cause_words, scope_words, until_words


def state_words(state: RecipientState, *, is_running: bool = True) -> str:
    """A state's name for people; without a server nothing is being delivered, whatever the row says."""
    match state:
        case RecipientState.SCHEDULED:
            return _("waits")
        case RecipientState.LEASED:
            return _("being delivered") if is_running else _("interrupted")
        case RecipientState.HELD:
            return _("held")
        case RecipientState.DELIVERED:
            return _("delivered")
        case RecipientState.BOUNCED:
            return _("failed")
        case RecipientState.EXPIRED:
            return _("given up")
        case RecipientState.CANCELLED:
            return _("cancelled")
        case RecipientState.SKIPPED:
            return _("skipped")
        case RecipientState.UNCONFIRMED:
            return _("maybe delivered")
        case _:
            assert_never(state)


# -- why it waits -----------------------------------------------------------------------------------------------------


def why_sentence(wait: Wait, last: JournalRow | None, now_ms: int, meant: Meant | None = None, domain: str = "") -> str:
    """`meant` is what the rules say of `last`."""
    match wait.why:
        case Why.RETRY:
            return deferred_sentence(last, meant, domain)
        case Why.LATER:
            return _("its first attempt is set for later")
        case Why.IN_DELIVERY:
            sentence = _("to {hosts}, for {span}")
            return sentence.format(hosts=_hosts(wait.hosts), span=times.span(now_ms - wait.since_ms))
        case Why.BEING_RECORDED:
            return _("its attempt has just ended; what came of it is being written down")
        case Why.CUT_OFF:
            return _("it was being delivered when the server ended; the next start decides what became of it")
        case Why.HELD:
            return _held(wait)
        case Why.SERVER_DOWN:
            return _("it is due, and the server is not running")
        case Why.DELIVERY_OFF:
            return _("it is due, and delivery is switched off ([delivery] enabled = false)")
        case Why.OWNER_STARTING:
            return _("the server is starting; first it brings in order what the last one left")
        case Why.SUSPENDED_BY_REPLY if meant is not None:
            return _stopped_by_meaning(wait, meant, domain)
        case Why.SUSPENDED_BY_REPLY | Why.SUSPENDED | Why.STREAM_PAUSED:
            return _stopped(wait, now_ms)
        case _:
            return _resting_or_ready(wait, last, now_ms)


def _stopped_by_meaning(wait: Wait, meant: Meant, domain: str) -> str:
    """What a receiver's reply said, and what rests for it; until when is told by what comes next."""
    assert wait.suspension is not None
    who = receiver_name(Facts(), domain, wait.provider)
    what = objection(meant.meaning.category, who, _scope_of(wait.suspension))
    if wait.suspension.sender_domain:
        return phrase(
            _("{what}, so mail of {sender} to {who} is paused"), who, what=what, sender=wait.suspension.sender_domain
        )
    return phrase(_("{what}, so mail to {who} is paused"), who, what=what)


def _scope_of(stop: Suspension) -> str:
    return Scope.MESSAGE if stop.sender_domain else Scope.PROVIDER


def _stopped(wait: Wait, now_ms: int) -> str:
    """What is stopped, until when, by what: a reply in its own words, or who."""
    assert wait.suspension is not None
    stop = wait.suspension
    if wait.why is Why.STREAM_PAUSED:
        return _("its stream is paused or stopped, {words}").format(words=cause_words(stop))
    by_reply = _("{subject} is stopped {until}, by a reply: {words}")
    sentence = by_reply if stop.rule else _("{subject} is stopped {until}, {words}")
    subject = _("its account") if stop.scope is SuspensionScope.ACCOUNT else scope_words(stop)
    return sentence.format(subject=subject, until=until_words(stop, now_ms), words=cause_words(stop))


def _resting_or_ready(wait: Wait, last: JournalRow | None, now_ms: int) -> str:
    match wait.why:
        case Why.SITE_RESTS:
            return _site_rests(wait, last, now_ms)
        case Why.REDIRECT:
            sentence = _("all mail is redirected to {host}, which accepts no session: {words}")
            return sentence.format(host=wait.reason, words=wait.words)
        case Why.TLS_REQUIRED:
            sentence = _("no mail host of the domain offers the encryption that is required ({because}): {words}")
            return sentence.format(because=origin_words(wait.reason), words=wait.words)
        case Why.PROBING:
            return _(
                "no mail host of the domain answered; another message tries them now, and this one waits for the result"
            )
        case Why.LOOK_UP_FAILS:
            return _look_up_fails(wait, now_ms)
        case Why.LOOKING_UP:
            return _("it is due; the domain's mail hosts are being looked up")
        case Why.NO_ROUTE:
            sentence = _("it cannot be delivered, and fails in a moment: {words}")
            return sentence.format(words=with_particulars(wait))
        case Why.NO_SLOT:
            return _no_slot(wait)
        case Why.RATE:
            return _rate(wait)
        case Why.CONNECT_RATE:
            return _connect_rate(wait)
        case Why.MOVING:
            sentence = _("it is due; the mail to {provider} is moving to another delivery process")
            return sentence.format(provider=wait.provider)
        case Why.NO_WORKER:
            return _("it is due; the delivery processes are starting")
        case _:
            return _("it is due, and its turn comes in a moment")


def _site_rests(wait: Wait, last: JournalRow | None, now_ms: int) -> str:
    """The words only when this letter's own last attempt does not say the same."""
    time = times.exact(wait.since_ms, now_ms)
    sentence = ngettext(
        "no mail host of the domain accepts a session since {time}; they are paused",
        "no mail host of the domain accepts a session since {time}, tried {n} times; they are paused",
        max(1, wait.rounds),
    ).format(time=time, n=max(1, wait.rounds))
    if not wait.words or (last is not None and last.facts.text == wait.words):
        return sentence
    return _("{what}: {words}").format(what=sentence, words=wait.words)


def _look_up_fails(wait: Wait, now_ms: int) -> str:
    sentence = ngettext(
        "the domain's mail hosts cannot be found out, since {time}",
        "the domain's mail hosts cannot be found out, since {time}, asked {n} times",
        max(1, wait.rounds),
    ).format(time=times.exact(wait.since_ms, now_ms), n=max(1, wait.rounds))
    return _("{what}: {words}").format(what=sentence, words=with_particulars(wait))


def _held(wait: Wait) -> str:
    if not wait.who:
        return reason_text(wait.reason) or _("no reason is known")
    by = _("by {who}").format(who=wait.who)
    return f"{by}: {reason_text(wait.reason)}" if wait.reason else by


def _no_slot(wait: Wait) -> str:
    assert wait.lane is not None
    if wait.lane.ceiling.for_bulk:
        share = _("it is due; of {n} connections allowed to {provider}, bulk's share is busy ({because})")
        return share.format(n=wait.lane.max_connections, provider=wait.provider, because=wait.lane.connections_because)
    sentence = ngettext(
        "it is due; the one connection allowed to {provider} is busy ({because})",
        "it is due; all {n} connections allowed to {provider} are busy ({because})",
        wait.lane.max_connections,
    )
    return sentence.format(
        n=wait.lane.max_connections, provider=wait.provider, because=wait.lane.connections_because
    )  # fmt: skip


def _rate(wait: Wait) -> str:
    assert wait.lane is not None
    ceiling = wait.lane.ceiling
    share = _("it is due; {provider} gets at most {rate} messages, and bulk's share of them is used up ({because})")
    sentence = share if ceiling.for_bulk else _("it is due; {provider} gets at most {rate} messages ({because})")
    return sentence.format(
        provider=wait.provider,
        rate=rate_words(ceiling.count, ceiling.per_seconds),
        because=origin_words(ceiling.because),
    )


def _connect_rate(wait: Wait) -> str:
    assert wait.lane is not None
    ceiling = wait.lane.ceiling
    sentence = _("it is due; no more than {rate} connections to {provider} are opened ({because})")
    return sentence.format(
        provider=wait.provider,
        rate=rate_words(ceiling.count, ceiling.per_seconds),
        because=origin_words(ceiling.because),
    )


def _hosts(hosts: tuple[str, ...]) -> str:
    if len(hosts) < 2:
        return "".join(hosts) or _("the receiver")
    return _("{host} or {n} more").format(host=hosts[0], n=len(hosts) - 1)


# -- what comes next --------------------------------------------------------------------------------------------------


def next_sentence(coming: Coming, queue_id: str, now_ms: int, stop: Suspension | None = None) -> str:
    """What comes next; `stop` is what has to be resumed."""
    match coming.next:
        case Next.ATTEMPT:
            return _attempt(coming, now_ms)
        case Next.PROBE:
            return _("one message tries the mail hosts again: {time}").format(time=_when(coming.at_ms, now_ms))
        case Next.LOOK_UP:
            return _("the look-up is tried again: {time}").format(time=_when(coming.at_ms, now_ms))
        case Next.SLOT:
            return _("attempt {n}, as soon as another message is done").format(n=coming.attempt)
        case Next.ANSWER:
            return _("the receiver's answer, any moment now")
        case Next.START:
            return _start(coming, now_ms)
        case Next.ENABLE:
            return _("nothing, until the configuration switches delivery on")
        case Next.RELEASE:
            return _("nothing, until: youtong queue release {queue_id}").format(queue_id=queue_id)
        case Next.RESUME:
            return _("nothing, until: {command}").format(command=cancel_words(stop) if stop is not None else "–")
        case Next.FAILURE:
            return _("it fails, and its sender is notified")
        case Next.EXPIRY:
            return _("no further attempt: it expires {time}").format(time=times.both(coming.at_ms, now_ms))
        case Next.NOTHING:
            return _("nothing")
        case _:
            assert_never(coming.next)


def _attempt(coming: Coming, now_ms: int) -> str:
    if coming.at_ms <= now_ms:
        return _("attempt {n}, automatically, at any moment").format(n=coming.attempt)
    again = _("it will be retried automatically at {time} ({span}; attempt {n})")
    sentence = again if coming.attempt > 1 else _("it will be attempted automatically at {time} ({span})")
    time, span = times.exact(coming.at_ms, now_ms), times.relative(coming.at_ms, now_ms)
    return sentence.format(time=time, span=span, n=coming.attempt)


def _start(coming: Coming, now_ms: int) -> str:
    if coming.at_ms > now_ms:
        sentence = _("attempt {n}: {time}, if the server runs then (youtong serve)")
        return sentence.format(n=coming.attempt, time=times.both(coming.at_ms, now_ms))
    return _("nothing, until the server is started: youtong serve")


def _when(at_ms: int, now_ms: int) -> str:
    return times.both(at_ms, now_ms) if at_ms > now_ms else _("at any moment")


def wish_sentence(wish: Wish) -> str:
    """What happens when its attempt ends, unless it is delivered."""
    if wish.verb == "cancel":
        words = _("it is cancelled when this attempt ends, unless it was delivered")
    else:
        words = _("it is held when this attempt ends, unless it was delivered")
    by = _("by {who}").format(who=wish.who) if wish.who else ""
    return _(", ").join(part for part in (words, by, wish.reason) if part)


def reason_text(reason: str) -> str:
    """A journal's reason in words: those of ours are keys, those of people and hooks are told as they are."""
    if reason == DAMAGED:
        return _("its rows in queue.db are damaged, and no message can be made of them; look at the server's log and "
                 "the disk, and cancel it")  # fmt: skip
    if reason == NO_PUBLIC_HOSTNAME:
        return _("this server's hostname is no public name; set [server] hostname to the machine's full name, restart, "
                 "then `youtong queue release --all`")  # fmt: skip
    if (brake := new_recipients(reason)) is not None:
        sentence = _(
            "its account has written to {count} addresses for the first time within 24 hours, and {limit} are allowed; "
            "if it was meant, release it; if somebody stole the password: youtong account passwd, then youtong queue "
            "cancel"
        )
        return sentence.format(count=brake.count, limit=brake.limit)
    if (deaths := worker_deaths(reason)) is not None:
        sentence = _(
            "{n} delivery processes in a row ended while they had it; its content may be what ends them: please report "
            "it with the server's log; a release tries it again"
        )
        return sentence.format(n=deaths.count)
    if (suppressed := read_skip_reason(reason)) is not None:
        sentence = _("the address is suppressed: {reason}; since when, and how to lift it: {command}")
        command = f"youtong suppression show {suppressed.entry}"
        return sentence.format(reason=suppression_words(suppressed.reason), command=command)
    return reason


def hold_words(facts: Facts) -> str:
    """Why something is held, in a line of a listing."""
    words = reason_words(facts.reason)
    by = _("by {who}").format(who=facts.who) if facts.who else ""
    return ": ".join(part for part in (by, words) if part) or _("no reason is known")


def reason_words(reason: str) -> str:
    """As `reason_text`, in a few words: for a line of a listing or a history."""
    if reason == DAMAGED:
        return _("its rows in queue.db are damaged")
    if reason == NO_PUBLIC_HOSTNAME:
        return _("this server's hostname is no public name")
    if (brake := new_recipients(reason)) is not None:
        sentence = _("new recipients: {count} within 24 hours, {limit} allowed")
        return sentence.format(count=brake.count, limit=brake.limit)
    if (deaths := worker_deaths(reason)) is not None:
        return _("{n} delivery processes in a row ended while they had it").format(n=deaths.count)
    if (suppressed := read_skip_reason(reason)) is not None:
        words = suppression_words(suppressed.reason)
        return _("suppressed: {reason} (entry {number})").format(reason=words, number=suppressed.entry)
    return reason
