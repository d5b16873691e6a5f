"""The reader behind all of ours: flufl.bounce, given only plain text of bounded size.

Owns   the guard: what it is shown, and that whatever it raises is "found nothing".
Knows  nothing of styles.

The message that it reads is made anew from what our own reader decoded: a head of four fields and the human text. So
neither MIME structure nor size of a hostile message reaches it.
"""

import logging
from email.message import Message

from flufl.bounce import scan_message  # pyright: ignore[reportUnknownVariableType]

from .addresses import addresses_in
from .tree import MessageTree

_MOST_TEXT = 32 * 1024
_MOST_LINE = 400
_MOST_FOUND = 50
_FIELDS = ("From", "Subject", "X-Mailer")
_ITS_LOG = logging.getLogger("flufl.bounce")


def addresses_by_flufl(tree: MessageTree) -> list[str]:
    """The failed recipients that flufl.bounce finds, in order of their spelling; none when it stumbles."""
    _ITS_LOG.disabled = True  # it writes a traceback for each message that it stumbles over, and strangers write those
    try:
        found = scan_message(_plain(tree))
    except Exception:  # noqa: BLE001 - not our code, and hostile mail makes it raise IndexError and others
        return []
    texts = sorted(address.decode("ascii", "replace") for address in found)
    return [address for text in texts[:_MOST_FOUND] for address in addresses_in(text) if address == text]


def _plain(tree: MessageTree) -> Message:
    message = Message()
    for name in _FIELDS:
        if value := tree.fields.first(name.lower()):
            message[name] = value[:_MOST_LINE].encode("ascii", "replace").decode("ascii")
    lines = (line[:_MOST_LINE] for line in tree.human_text[:_MOST_TEXT].split("\n"))
    message.set_payload("\n".join(lines).encode("ascii", "replace").decode("ascii"))
    return message
