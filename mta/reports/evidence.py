"""Evidence: whether a message is a notice of a mail system, and not somebody's words about one.

Owns   `may_be_notice`, which opens the readers of styles; `is_certain`, which lets a notice of no known style count.
Knows  no style, and nothing of answers (answers).

Newsletters explain notices, people paste them into questions, lists discuss them: a subject or a sentence alone is no
evidence. What only mail systems do is: a name of theirs as sender, the null reverse-path, the field of Exim and Gmail,
an introduction of themselves as the very first words. A subject counts where nothing speaks for a person, a list or a
shop, and the first words tell the reader about a message of his own.
"""

import re
from itertools import islice

from .fields import Fields
from .notice import Notice
from .notice_words import AUTOMATIC, DELAYED, FAILED, GREETING, INTRODUCTION, OWN_MAILBOX, PARCEL, YOUR_MESSAGE
from .styles.style import LISTED

_OF_A_THREAD = ("in-reply-to", "references", "user-agent")
_OF_A_LIST = ("list-id", "list-unsubscribe", "list-post")
_FOR_PEOPLE = re.compile(r"thunderbird|outlook|apple mail|iphone|ipad|mutt|roundcube|foxmail", re.IGNORECASE)
_FIRST_LINES = 6


def may_be_notice(notice: Notice) -> bool:
    """Whether the readers of styles shall look at it."""
    if OWN_MAILBOX.search("\n".join([notice.subject, *_first(notice)[:2]])):
        return False
    if notice.by_system:
        return True
    if _is_of_a_thread(notice) or PARCEL.search(notice.text):
        return False
    if _lists_the_failed(notice):
        return True
    if notice.signs == 0 and not (_introduces_itself(notice) and not notice.is_passed_on):
        return False
    return _introduces_itself(notice) or not (_is_of_a_list(notice) or expects_answers(notice.fields))


def is_certain(notice: Notice) -> bool:
    """Whether it is a notice though no style knows it."""
    if "x-failed-recipients" in notice.fields or notice.signs > 1 or _lists_the_failed(notice):
        return True
    return notice.signs + _is_by_itself(notice) + _tells_of_failure(notice) > 1


def expects_answers(head: Fields) -> bool:
    """It has a reverse-path: what people send has one, notices have none (RFC 3464 §2)."""
    path = head.first("return-path").lower()
    return "@" in path and "mailer-daemon@" not in path


def _is_by_itself(notice: Notice) -> bool:
    """It says that a machine made it, and it is about mail."""
    if _is_of_a_thread(notice) or PARCEL.search(notice.text):
        return False
    return _introduces_itself(notice) or (not _is_of_a_list(notice) and AUTOMATIC.search(notice.signature) is not None)


def _first(notice: Notice) -> list[str]:
    """The first lines that say something; a greeting counts for who expects an answer, as people do."""
    says = (line for line in notice.lines if any(each.isalnum() for each in line))
    if not expects_answers(notice.fields):
        says = (line for line in says if not GREETING.fullmatch(line))
    return list(islice(says, _FIRST_LINES))


def _introduces_itself(notice: Notice) -> bool:
    return any(INTRODUCTION.match(line) for line in _first(notice)[:1])


def _lists_the_failed(notice: Notice) -> bool:
    """Its first lines say that the reader's own message failed, and an address stands alone on one of them."""
    first = _first(notice)
    if not _tells_of_failure(notice) or not FAILED.search(" ".join(first)):
        return False
    return any(LISTED.fullmatch(line.strip()) for line in first)


def _tells_of_failure(notice: Notice) -> bool:
    """Its first lines say that the reader's own message failed or waits."""
    first = _first(notice)
    if not first or _is_of_a_thread(notice) or _is_of_a_list(notice) or PARCEL.search(notice.text):
        return False
    if not YOUR_MESSAGE.match(first[0]):
        return False
    said = " ".join(first)
    return FAILED.search(said) is not None or DELAYED.search(said) is not None


def _is_of_a_thread(notice: Notice) -> bool:
    """Somebody's answer, or written in a program for people."""
    if any(name in notice.fields for name in _OF_A_THREAD):
        return True
    return _FOR_PEOPLE.search(notice.fields.first("x-mailer")) is not None


def _is_of_a_list(notice: Notice) -> bool:
    """Sent to many, not by the list's own program."""
    return any(name in notice.fields for name in _OF_A_LIST) and "x-list-administrivia" not in notice.fields
