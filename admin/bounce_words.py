"""What bounce rules say, in the language of the process: a word each for category, kind, blame, action, disposition.

Owns   those words, for tables and facts; whole sentences are explain's (`explain.objections`).
Knows  no layout. JSON, rule files and metrics have the raw words only, so each is shown beside its word.
"""

from ..policy.bounces import categories
from ..policy.bounces.meaning import Action, Blame, BounceKind, Disposition
from .raw_words import named
from .texts import N_, _

CATEGORIES = {
    categories.NO_SUCH_DOMAIN: N_("no such domain"),
    categories.TAKES_NO_MAIL: N_("domain accepts no mail"),
    categories.NO_ROUTE: N_("no route"),
    categories.OTHER_FAMILY: N_("only IPv4 or only IPv6"),
    categories.LOOPS_TO_US: N_("MX points to this system"),
    categories.TOO_LARGE: N_("too large"),
    categories.NEEDS_SMTPUTF8: N_("needs SMTPUTF8"),
    categories.NEEDS_8BIT: N_("needs 8BIT"),
    categories.NO_SUCH_USER: N_("no such user"),
    categories.BAD_ADDRESS: N_("bad address"),
    categories.MOVED: N_("moved"),
    categories.INACTIVE: N_("inactive"),
    categories.MAILBOX_FULL: N_("mailbox full"),
    categories.RESTRICTED: N_("restricted"),
    categories.LIST: N_("mailing list"),
    categories.CONTENT: N_("spam"),
    categories.ATTACHMENT: N_("attachment"),
    categories.VIRUS: N_("virus"),
    categories.FORMAT: N_("format"),
    categories.FILTERED: N_("filtered"),
    categories.RATE: N_("sent too fast"),
    categories.TOO_MANY_RECIPIENTS: N_("too many recipients"),
    categories.GREYLISTED: N_("greylisted"),
    categories.OUR_IP: N_("our IP"),
    categories.SENDER_SETUP: N_("sender setup"),
    categories.SENDER_QUOTA: N_("sender quota"),
    categories.SENDER_REFUSED: N_("sender refused"),
    categories.POLICY: N_("policy"),
    categories.AUTHENTICATION: N_("authentication"),
    categories.NO_ANSWER: N_("no answer"),
    categories.NETWORK: N_("network"),
    categories.EXPIRED: N_("expired elsewhere"),
    categories.LOOP: N_("loop"),
    categories.RELAYING_DENIED: N_("relaying denied"),
    categories.DEMANDS_TLS: N_("demands TLS"),
    categories.SECURITY: N_("security"),
    categories.SYSTEM_FAILURE: N_("system failure"),
    categories.PROTOCOL: N_("protocol"),
}
_KINDS = {BounceKind.HARD: N_("hard"), BounceKind.SOFT: N_("soft"), BounceKind.OTHER: N_("other")}
_BLAMES = {
    Blame.RECIPIENT: N_("recipient"),
    Blame.CONTENT: N_("content"),
    Blame.SENDER_DOMAIN: N_("sender domain"),
    Blame.OUR_IP: N_("our IP"),
    Blame.NETWORK: N_("network"),
    Blame.PROVIDER_RATE: N_("provider rate"),
}
_ACTIONS = {
    Action.SUPPRESS: N_("suppress"),
    Action.DROP: N_("drop"),
    Action.RETRY: N_("retry"),
    Action.SLOW: N_("slow"),
    Action.STOP: N_("stop"),
    Action.NONE: N_("none"),
}
_DISPOSITIONS = {
    Disposition.AS_REPLIED: N_("as the reply says"),
    Disposition.RETRY: N_("tried again"),
    Disposition.BULK_RETRIES: N_("as the reply says, but bulk mail is tried again"),
    Disposition.PEOPLE_FINAL: N_("as the reply says for people, others are tried again"),
    Disposition.FINAL: N_("final"),
}


def category_words(category: str) -> str:
    """ "" is a category too: nothing is known. An operator's hook may give words of its own."""
    return _worded(CATEGORIES.get(category), category) if category else _("unknown")


def kind_words(kind: BounceKind) -> str:
    return _worded(_KINDS.get(kind), kind)


def blame_words(blame: Blame) -> str:
    return _worded(_BLAMES.get(blame), blame) if blame else _("nobody")


def action_words(action: Action) -> str:
    return _worded(_ACTIONS.get(action), action)


def disposition_words(disposition: Disposition) -> str:
    return _worded(_DISPOSITIONS.get(disposition), disposition)


def _worded(words: str | None, raw: str) -> str:
    return raw if words is None else named(_(words), raw)
