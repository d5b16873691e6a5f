"""What one SMTP reply means, in the form of a bounce: for people who ask about a reply that they read somewhere.

Owns   `classify_reply`.
Knows  no rule.
"""

from ...mta.outcome import Stage
from ...queue.classes import MailClass
from ..rulefiles.patterns import quoted
from .classifying import Bounced
from .ruling import BounceRules
from .said import heard


def classify_reply(
    text: str,
    rules: BounceRules,
    mail_class: MailClass = MailClass.BULK,
    provider: str = "",
    stage: Stage = Stage.RCPT,
) -> Bounced | None:
    """As it would count for mail of this class; None for a reply that refuses nothing. Raises ValueError."""
    reply = quoted(text)
    if reply.is_positive:
        return None
    said = heard(reply, provider, stage)
    meaning = rules.meaning(said)
    final = meaning.disposition.is_final(reply.is_permanent, mail_class)
    return Bounced(
        recipient="",
        status=meaning.status or ("5.0.0" if reply.is_permanent else "4.0.0"),
        kind=meaning.kind,
        category=meaning.category,
        disposition="final" if final else "retry",
        blame=meaning.blame,
        action=meaning.action_for(final),
        dsn_action="",
        diagnostic=said.text,
        rule=meaning.rule,
        words=meaning.words,
    )
