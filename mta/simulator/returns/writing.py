"""Writing what is sent back: from the words of the file to octets.

Owns   the choice of the writer.
Knows  nothing of the wire.
"""

from typing import assert_never

from ..behaviours import Returned, ReturnStyle
from . import answers, complaints, hostile, notices, notices_in_words
from .case import Case


def written(case: Case, what: Returned, style: ReturnStyle, to: str) -> bytes:
    """The whole message; `to` is the address that it goes to."""
    match what:
        case Returned.BOUNCE:
            return _failure(case, style)
        case Returned.DELAY:
            return notices.postfix(case, "delayed")
        case Returned.SUCCESS:
            return notices.postfix(case, "delivered")
        case Returned.COMPLAINT if style is ReturnStyle.MICROSOFT:
            return complaints.microsoft(case, to=to)
        case Returned.COMPLAINT:
            return complaints.arf(case, to=to, redacted=style is ReturnStyle.REDACTED)
        case Returned.VACATION:
            return answers.vacation(case)
        case Returned.QUOTING_VACATION:
            return answers.vacation_quoting(case)
        case Returned.MOVED:
            return answers.moved(case)
        case Returned.CHALLENGE:
            return answers.challenge(case)
        case Returned.NESTED:
            return hostile.nested(case, notices.postfix(case))
        case Returned.BOMB:
            return hostile.bomb(case)
        case Returned.HEAVY:
            return hostile.heavy(case, notices.postfix(case))
        case Returned.QUOTED:
            return hostile.quoted(case)
        case _:
            assert_never(what)


def _failure(case: Case, style: ReturnStyle) -> bytes:
    match style:
        case ReturnStyle.EXCHANGE | ReturnStyle.MICROSOFT:
            return notices.exchange(case)
        case ReturnStyle.GMAIL:
            return notices.gmail(case)
        case ReturnStyle.SENDMAIL:
            return notices.sendmail(case)
        case ReturnStyle.QMAIL:
            return notices_in_words.qmail(case)
        case ReturnStyle.EXIM:
            return notices_in_words.exim(case)
        case ReturnStyle.YAHOO:
            return notices_in_words.yahoo(case)
        case ReturnStyle.QQ:
            return notices_in_words.qq(case)
        case ReturnStyle.NETEASE:
            return notices_in_words.netease(case)
        case ReturnStyle.DOMINO:
            return notices_in_words.domino(case)
        case ReturnStyle.POSTFIX | ReturnStyle.REDACTED:
            return notices.postfix(case)
        case _:
            assert_never(style)
