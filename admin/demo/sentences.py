"""What happens in the demo, in sentences, in the language of the process.

Owns   one sentence for each fact of the journal that a newcomer should see; the others have none.
Knows  no layout. A receiver's words are quoted as they came.
"""

from ...queue.journal import JournalKind
from ...queue.reading import AddressedFact
from ..explain.attempts import event_words, reply_words
from ..texts import _, ngettext


def sentence(fact: AddressedFact) -> str:
    """ "" when there is nothing to say."""
    row = fact.row
    match row.kind:
        case JournalKind.ACCEPTED:
            return _accepted(fact)
        case JournalKind.DELIVERED:
            return _("{address} has it: {host} said “{words}”").format(**_named(fact))
        case JournalKind.DEFERRED if row.facts.code:
            return _("{address} has to wait: {host} said “{words}”").format(**_named(fact))
        case JournalKind.DEFERRED:
            return _("{address} has to wait: {words}").format(**_named(fact))
        case JournalKind.BOUNCED if row.facts.code:
            return _("{address} failed permanently: {host} said “{words}”").format(**_named(fact))
        case JournalKind.BOUNCED:
            return _("{address} failed permanently: {words}").format(**_named(fact))
        case JournalKind.NOTICE:
            return _("{sender} is notified that the message to {address} failed").format(**_named(fact))
        case JournalKind.LATE_BOUNCE:
            return _("{address} was accepted, and bounced later: “{words}”").format(**_named(fact))
        case JournalKind.COMPLAINT:
            return _("{address} calls it spam: no mailing goes there any more").format(**_named(fact))
        case JournalKind.AUTO_REPLY:
            return _("a machine answers for {address}: that is no bounce").format(**_named(fact))
        case JournalKind.FLUSHED | JournalKind.RETURNED:
            return ""
        case _:
            return f"{fact.address}: {event_words(row, row.at_ms)}"


def _accepted(fact: AddressedFact) -> str:
    """Our own notices are told of as such."""
    if not fact.reverse_path:
        return ""
    n = fact.row.facts.recipients
    return ngettext("{sender} sends a message", "{sender} sends a message to {n} people", n).format(
        sender=fact.reverse_path, n=n
    )


def _named(fact: AddressedFact) -> dict[str, str]:
    words = " ".join(reply_words(fact.row).split())
    return {"address": fact.address, "sender": fact.reverse_path, "host": fact.row.facts.host, "words": words}
