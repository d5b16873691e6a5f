"""Return paths in words: where bounces of a letter go, why, and what to do where a stream cannot start.

Owns   these sentences.
Knows  no rule (policy.return_paths).
"""

from typing import assert_never

from ..queue.return_paths import WhyKept
from ..queue.streams.streams import NoWayBack
from .texts import _


def no_way_back_sentence(lost: NoWayBack) -> str:
    """Why a stream does not start, and what to set."""
    return _(
        "Bounces of this stream would be lost: {why}. Set that right; or make the stream with --reverse-path ADDRESS, "
        "and then bounces go there and are not counted."
    ).format(why=_why(lost.why, lost.domain))


def kept_words(word: str, domain: str) -> str:
    """Why a letter has the reverse-path that it was given; `word` is of its row."""
    return _why(WhyKept(word), domain) if word in _WORDS else word


_WORDS = frozenset(WhyKept)


def _why(why: WhyKept | None, domain: str) -> str:
    match why:
        case None:
            return _("nobody can say where they would go")
        case WhyKept.NULL:
            return _("the message was submitted without one, so nobody is notified")
        case WhyKept.SWITCHED_OFF:
            return _("addresses of ours are switched off for the account (youtong account set NAME --verp on)")
        case WhyKept.ASKED:
            return _("whoever made the stream asked for it")
        case WhyKept.NOT_LISTENING:
            return _("this system accepts no mail, since its configuration has no [inbound]")
        case WhyKept.NOBODYS:
            return _(
                "{domain} belongs to no account, so mail to it is refused here "
                "(youtong account domain add NAME {domain})"
            ).format(domain=domain)
        case WhyKept.ELSEWHERE:
            return _("the MX of {domain} does not lead to this system").format(domain=domain)
        case WhyKept.UNKNOWN:
            return _("the MX of {domain} could not be looked up").format(domain=domain)
        case _:
            assert_never(why)
