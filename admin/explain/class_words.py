"""Mail classes in words.

Owns   the word for each class. Programs get the class itself.
"""

from typing import assert_never

from ...queue.classes import MailClass
from ..texts import _


def class_words(mail_class: MailClass) -> str:
    """One word."""
    match mail_class:
        case MailClass.PEOPLE:
            return _("people")
        case MailClass.TRANSACTIONAL:
            return _("transactional")
        case MailClass.BULK:
            return _("bulk")
        case _:
            assert_never(mail_class)
