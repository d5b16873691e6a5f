"""Refusals that this system finds itself, before anybody replied, in the language of the process.

Owns   words for every `Misfit` (the host can never take the letter); those of the name system are name_troubles'.
Knows  no layout.
"""

from ...mta.smtp.client_fitting import Misfit
from ..texts import _
from .name_troubles import unroutable_words


def own_kind_words(kind: str) -> str:
    """ "" for what is neither a `Misfit` nor an `UnroutableKind`."""
    match kind:
        case Misfit.TOO_LARGE:
            return _("it is larger than the receiver's mail host takes")
        case Misfit.NEEDS_SMTPUTF8:
            return _("its addresses need SMTPUTF8, which the receiver's mail host does not offer")
        case Misfit.NEEDS_8BIT:
            return _(
                "its text needs 8BITMIME, which the receiver's mail host does not offer, and it cannot be converted"
            )
        case _:
            return unroutable_words(kind)
