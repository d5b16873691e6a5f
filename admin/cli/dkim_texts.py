"""What `youtong dkim` says about records and signatures.

Owns   a sentence for each RecordFault and each Reason.
Knows  nothing of how they are found.
"""

from typing import assert_never

from ...mta.dkim.record import RecordFault
from ...mta.dkim.verify import Reason
from ..texts import _


def fault_text(fault: RecordFault) -> str:
    """What is wrong with a published record, and so what to change."""
    match fault:
        case RecordFault.MISSING:
            return _("not published: there is no TXT record with this name")
        case RecordFault.SEVERAL:
            return _("several TXT records have this name; receivers may use any of them, so leave one")
        case RecordFault.NO_RECORD:
            return _("the TXT record is no DKIM record (are there quotes or backslashes too many?)")
        case RecordFault.REVOKED:
            return _("the record says that the key was revoked (p= is empty)")
        case RecordFault.TRUNCATED:
            return _("the published key is cut off; the value must be entered whole, or in several strings")
        case RecordFault.OTHER_KEY:
            return _("another key is published (p= differs)")
        case RecordFault.OTHER_TYPE:
            return _("the record is for another kind of key (k= differs)")
        case RecordFault.HASH_REFUSED:
            return _("the record does not allow SHA-256 (h=)")
        case RecordFault.NOT_FOR_MAIL:
            return _("the record is not for e-mail (s=)")
        case RecordFault.TESTING:
            return _("the record says “testing” (t=y): receivers treat the mail as unsigned")
        case _:
            assert_never(fault)


def reason_text(reason: Reason) -> str:
    """Why a signature does not hold."""
    match reason:
        case Reason.HEADER_UNREADABLE:
            return _("the header section cannot be read")
        case Reason.SIGNATURE_UNREADABLE:
            return _("the signature cannot be judged")
        case Reason.LOOK_UP_FAILED:
            return _("the public key could not be looked up; a later try may succeed")
        case Reason.NOT_PUBLISHED:
            return _("no public key is published")
        case Reason.REVOKED:
            return _("the key was revoked")
        case Reason.RECORD_UNUSABLE:
            return _("the record holds no usable key")
        case Reason.BODY_CHANGED:
            return _("the body was changed after signing")
        case Reason.HEADER_CHANGED:
            return _("a signed header field was changed, or the published key is another one")
        case Reason.FROM_NOT_SIGNED:
            return _("the signature does not cover From")
        case _:
            assert_never(reason)
