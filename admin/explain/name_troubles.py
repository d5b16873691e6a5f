"""What the name system said or failed to say of a domain, in the language of the process.

Owns   words for every `Trouble` (nobody could tell) and every `UnroutableKind` (it is clear that no mail goes there).
Knows  no layout. What the servers said word for word stands behind in brackets, untranslated: an administrator
       searches for it.
"""

from typing import assert_never

from ...mta.dns.answers import Trouble
from ...mta.dns.route import UnroutableKind
from ..texts import _
from .explanation import Wait


def with_particulars(wait: Wait) -> str:
    """The kind in the reader's words, then who said what; the latter alone where the kind is not known."""
    kind = _kind(wait.trouble)
    return _("{what} ({words})").format(what=kind, words=wait.words) if kind and wait.words else kind or wait.words


def _kind(kind: str) -> str:
    if kind in set(Trouble):
        return trouble_words(Trouble(kind))
    return unroutable_words(kind)


def trouble_words(trouble: Trouble) -> str:
    match trouble:
        case Trouble.BOGUS:
            return _("its DNSSEC signatures are wrong (bogus), so its records are not believed")
        case Trouble.BLOCKED:
            return _("our name server blocks it")
        case Trouble.SERVER_FAILURE:
            return _("our name server got no answer about it (SERVFAIL)")
        case Trouble.ALIAS_LOOP:
            return _("its aliases (CNAME) lead in a circle")
        case Trouble.REFUSED:
            return _("our name server refuses to answer")
        case Trouble.LAME:
            return _("our name server only points to others: it does not look names up")
        case Trouble.MALFORMED:
            return _("our name server's answer makes no sense")
        case Trouble.TIMEOUT:
            return _("our name server did not answer in time")
        case Trouble.UNREACHABLE:
            return _("our name server cannot be reached")
        case _:
            assert_never(trouble)


def unroutable_words(kind: str) -> str:
    """ "" for what is no `UnroutableKind`: a journal also has kinds of replies."""
    match kind:
        case UnroutableKind.NO_SUCH_DOMAIN:
            return _("the domain does not exist (NXDOMAIN)")
        case UnroutableKind.TAKES_NO_MAIL:
            return _("the domain says that it accepts no mail")
        case UnroutableKind.LOOPS_TO_US:
            return _("the domain's mail would come back to this system")
        case UnroutableKind.NO_ROUTE:
            return _("the domain has no mail host that can be reached")
        case UnroutableKind.OTHER_FAMILY:
            return _("its mail hosts have no address of the kind (IPv4 or IPv6) that this system sends over")
        case _:
            return ""
