"""Suspensions in words: what is stopped or slowed, until when, by what, and how to end it.

Owns   the sentences about one Suspension. The words of a reply are quoted as they came.
Knows  no list and no verb but the one that ends it.
"""

from collections.abc import Mapping
from typing import assert_never

from ...queue.ids import queue_id
from ...queue.pace.suspensions import Suspension, SuspensionScope
from ...queue.streams.render_faults import MOST_IN_A_ROW, RENDER_FAULTS
from ...queue.streams.way_back import NO_WAY_BACK
from .. import times
from ..texts import _


def suspension_words(suspension: Suspension, now_ms: int) -> str:
    """In a line: stopped or slowed, until when, by what."""
    what = _("stopped") if suspension.stop else _("slowed")
    sentence = _("{what} {until}: {words}")
    return sentence.format(what=what, until=until_words(suspension, now_ms), words=cause_words(suspension))


def until_words(suspension: Suspension, now_ms: int) -> str:
    if suspension.until_ms is None:
        return _("until somebody resumes it")
    return _("until {time}").format(time=times.exact(suspension.until_ms, now_ms))


def cause_words(suspension: Suspension) -> str:
    """Which reply, or who."""
    if suspension.rule:
        return suspension.reply or suspension.rule
    if suspension.reason in (RENDER_FAULTS, NO_WAY_BACK):
        return stream_reason(suspension.reason)
    by = _("by {who}").format(who=suspension.who) if suspension.who else _("by an operator")
    return _("{what}: {words}").format(what=by, words=suspension.reason) if suspension.reason else by


def stream_reason(reason: str) -> str:
    """Why a stream is paused: words of a person as they are, a reason of ours as a sentence."""
    if reason == NO_WAY_BACK:
        return _("bounces would be lost: the MX of the author's domain does not lead to this system any more")
    if reason != RENDER_FAULTS:
        return reason
    sentence = _("no message could be made for {n} recipients in a row: see the template and their fields")
    return sentence.format(n=MOST_IN_A_ROW)


def scope_words(suspension: Suspension, accounts: Mapping[int, str] | None = None) -> str:
    """What it names; accounts by their names, as far as these are given."""
    match suspension.scope:
        case SuspensionScope.PROVIDER:
            return _provider_words(suspension)
        case SuspensionScope.SITE:
            return _("the hosts {name}").format(name=suspension.subject)
        case SuspensionScope.DOMAIN:
            return _("mail to {name}").format(name=suspension.subject)
        case SuspensionScope.ACCOUNT:
            name = (accounts or {}).get(int(suspension.subject), suspension.subject)
            return _("account {name}").format(name=name)
        case SuspensionScope.STREAM:
            return _("stream {name}").format(name=queue_id(int(suspension.subject)))
        case _:
            assert_never(suspension.scope)


def _provider_words(suspension: Suspension) -> str:
    if suspension.sender_domain:
        return _("mail of {sender} to {name}").format(sender=suspension.sender_domain, name=suspension.subject)
    if suspension.source:
        return _("{name} from {source}").format(name=suspension.subject, source=suspension.source)
    return suspension.subject


def cancel_words(suspension: Suspension) -> str:
    """The command that ends it; a stream that does not run has a negative number in the book."""
    if suspension.scope is SuspensionScope.STREAM and suspension.id < 0:
        return f"youtong stream resume {queue_id(int(suspension.subject))}"
    return f"youtong queue resume {suspension.id}"
