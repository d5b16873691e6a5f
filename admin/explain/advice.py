"""What to do about a letter that did not arrive, and who has to do it.

Owns   By, which Advice a failure gets, and its words in the language of the process.
Knows  no layout, and not what happened (objections).
"""

from collections.abc import Mapping
from enum import StrEnum

from ...policy.bounces import categories
from ...policy.suppression import Reason
from ..texts import N_, _
from .explanation import Advice


class By(StrEnum):
    """Who has to act."""

    SENDER = "sender"
    OPERATOR = "operator"  # of this system
    RECEIVER = "receiver"  # whoever runs the receiving host
    NOBODY = "nobody"


_OF_CATEGORY: Mapping[str, Advice] = {
    categories.NO_SUCH_USER: Advice.CHECK_ADDRESS,
    categories.BAD_ADDRESS: Advice.CHECK_ADDRESS,
    categories.MOVED: Advice.NEW_ADDRESS,
    categories.INACTIVE: Advice.OTHER_WAY,
    categories.MAILBOX_FULL: Advice.OTHER_WAY,
    categories.RESTRICTED: Advice.ASK_TO_BE_LET_IN,
    categories.LIST: Advice.OTHER_WAY,
    categories.NO_SUCH_DOMAIN: Advice.CHECK_DOMAIN,
    categories.TAKES_NO_MAIL: Advice.CHECK_DOMAIN,
    categories.NO_ROUTE: Advice.CHECK_DOMAIN,
    categories.LOOPS_TO_US: Advice.MEND_LOOP,
    categories.CONTENT: Advice.CHANGE_CONTENT,
    categories.ATTACHMENT: Advice.CHANGE_ATTACHMENT,
    categories.VIRUS: Advice.CLEAN_ATTACHMENT,
    categories.FORMAT: Advice.MEND_FORM,
    categories.FILTERED: Advice.ASK_TO_BE_LET_IN,
    categories.SENDER_SETUP: Advice.FIX_SENDER,
    categories.SENDER_REFUSED: Advice.UNBLOCK_SENDER,
    categories.SENDER_QUOTA: Advice.SEND_AGAIN,
    categories.OUR_IP: Advice.OUR_REPUTATION,
    categories.POLICY: Advice.OUR_REPUTATION,
    categories.RATE: Advice.SEND_AGAIN,
    categories.TOO_MANY_RECIPIENTS: Advice.SEND_AGAIN,
    categories.GREYLISTED: Advice.SEND_AGAIN,
    categories.NO_ANSWER: Advice.SEND_AGAIN,
    categories.NETWORK: Advice.SEND_AGAIN,
    categories.EXPIRED: Advice.SEND_AGAIN,
    categories.SYSTEM_FAILURE: Advice.SEND_AGAIN,
    categories.LOOP: Advice.HOST_FAULT,
    categories.RELAYING_DENIED: Advice.HOST_FAULT,
    categories.AUTHENTICATION: Advice.HOST_FAULT,
    categories.SECURITY: Advice.HOST_FAULT,
    categories.PROTOCOL: Advice.READ_WORDS,
    categories.TOO_LARGE: Advice.MAKE_SMALLER,
    categories.NEEDS_SMTPUTF8: Advice.ASCII_ADDRESS,
    categories.NEEDS_8BIT: Advice.NO_CONVERSION,
    categories.OTHER_FAMILY: Advice.OTHER_FAMILY,
    categories.DEMANDS_TLS: Advice.HOST_TLS,
}
_NOT_BY_WAITING = frozenset(
    {categories.SENDER_SETUP, categories.SENDER_REFUSED, categories.OUR_IP, categories.POLICY, categories.DEMANDS_TLS}
)
_OF_SUPPRESSION: Mapping[Reason, Advice] = {
    Reason.HARD_BOUNCE: Advice.CHECK_ADDRESS,
    Reason.COMPLAINT: Advice.STOP_WRITING,
    Reason.UNSUBSCRIBE: Advice.STOP_WRITING,
}
_MENDED_FIRST = frozenset(
    {
        Advice.FIX_SENDER, Advice.UNBLOCK_SENDER, Advice.OUR_REPUTATION, Advice.MEND_LOOP, Advice.OTHER_FAMILY,
        Advice.OUR_FAULT,
    }
)  # fmt: skip
"""What fails the next message as well until somebody has done it."""
_BY: Mapping[Advice, By] = {
    Advice.NOTHING: By.NOBODY,
    Advice.OUR_REPUTATION: By.OPERATOR,
    Advice.MEND_LOOP: By.OPERATOR,
    Advice.OTHER_FAMILY: By.OPERATOR,
    Advice.OUR_FAULT: By.OPERATOR,
    Advice.HOST_TLS: By.RECEIVER,
    Advice.HOST_FAULT: By.RECEIVER,
}
_WORDS: Mapping[Advice, str] = {
    Advice.NOTHING: N_("no action needed"),
    Advice.CHECK_ADDRESS: N_("check the spelling of the address before the “@”, or ask the person for the right one"),
    Advice.CHECK_DOMAIN: N_(
        "check the spelling of the domain after the “@”: as written, it accepts no mail; if it is right, reach the "
        "recipient by another channel"
    ),
    Advice.NEW_ADDRESS: N_("write to the person's new address; the receiver's reply may name it"),
    Advice.OTHER_WAY: N_(
        "tell the recipient by another channel that the mailbox accepts no mail, and send again later"
    ),
    Advice.ASK_TO_BE_LET_IN: N_("ask the recipient by another channel to allow mail from this sender"),
    Advice.CHANGE_CONTENT: N_("change the text, its links or attachments: the receiver rejects them"),
    Advice.CHANGE_ATTACHMENT: N_("look at the attachment, and send a link or another kind of file in its place"),
    Advice.CLEAN_ATTACHMENT: N_(
        "do not open the attachment; check it and your computer with a virus scanner, and send only a clean file"
    ),
    Advice.MEND_FORM: N_(
        "fix the program that made the message, as the receiver's reply says; the same message would fail again"
    ),
    Advice.FIX_SENDER: N_(
        "check SPF, DKIM and DMARC of the sender's domain (youtong dkim show); if all are right, its reputation may be "
        "the reason"
    ),
    Advice.UNBLOCK_SENDER: N_("ask the receiver's postmaster to lift the block, or send from another address"),
    Advice.OUR_REPUTATION: N_(
        "the operator of this system must act: find out why the receiver blocks it, and have the block lifted"
    ),
    Advice.MEND_LOOP: N_(
        "the operator of this system must act: the domain's MX points here, but this system has no such domain"
    ),
    Advice.SEND_AGAIN: N_("send it again later, if it still matters"),
    Advice.ASK_FIRST: N_("ask the recipient whether it arrived before you send it again"),
    Advice.READ_WORDS: N_("read the receiver's reply below, and change what it names before you send it again"),
    Advice.STOP_WRITING: N_("send this person no more advertising, unless they ask for it again"),
    Advice.MAKE_SMALLER: N_(
        "make it smaller, or send a link instead of the attachment: it is too large for the receiver"
    ),
    Advice.ASCII_ADDRESS: N_("ask the recipient for an ASCII-only address: the mail host accepts no others (SMTPUTF8)"),
    Advice.NO_CONVERSION: N_(
        "send it as an attachment, or unsigned: the receiver's old mail host accepts 7-bit text only, and a signed "
        "message must not be changed"
    ),
    Advice.OTHER_FAMILY: N_(
        "the operator of this system must act: it needs an address of the other IP version (IPv6 or IPv4), the only "
        "one the receiver has"
    ),
    Advice.HOST_TLS: N_("only the receiver's postmaster can fix its encryption"),
    Advice.OUR_FAULT: N_("the operator of this system must act: its log says what failed"),
    Advice.FORWARDING: N_("tell the recipient by another channel that their forwarding fails"),
    Advice.HOST_FAULT: N_("reach the recipient by another channel, and tell them: only their postmaster can fix this"),
}


def advice_on(category: str, *, has_ended: bool) -> Advice:
    """While it waits nobody has to act, except on what no waiting mends."""
    if not has_ended and category not in _NOT_BY_WAITING:
        return Advice.NOTHING
    return _OF_CATEGORY.get(category, Advice.READ_WORDS)


def advice_on_suppression(reason: Reason) -> Advice | None:
    return _OF_SUPPRESSION.get(reason)


def by(advice: Advice) -> By:
    return _BY.get(advice, By.SENDER)


def advice_sentence(advice: Advice) -> str:
    return _(_WORDS[advice])


def deed_sentence(advice: Advice, *, has_ended: bool) -> str:
    """The same with who has to do it, where the words do not say so, and that it does not go by itself then."""
    words = advice_sentence(advice)
    if has_ended and advice in _MENDED_FIRST:
        words = _("{words}; once that is done, it can be sent again").format(words=words)
    return _("what the sender can do: {words}").format(words=words) if by(advice) is By.SENDER else words
