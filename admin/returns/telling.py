"""Telling: what a message that was read means for recipients of ours.

Owns   whom it speaks about (the signed address it was written to, else what our letter in it says), and the facts
       that follow. Pure.
Knows  no database: what numbers stand for is given. Whether it may speak about them, the owner decides.

Invariants
    A token that we did not sign names nobody.
    A failure of another address than the one we wrote to is soft: that letter had been forwarded (DECISIONS, "What a
    failure means").
RFC 5965 §3.1 and §7.3 (feedback types), RFC 6430 §2 (not-spam), RFC 6591 §3.1 (auth-failure).
"""

from collections.abc import Iterable, Mapping

from ...mta.reports.report import ReportedRecipient, ReportSort, ReturnedLetter
from ...policy.bounces.meaning import BounceKind, Meaning
from ...policy.suppression import same_mailbox
from ...queue.inbound.inbound_mail import Addressee, InboundKind, InboundMessage, ReadAs
from ...queue.journal import Facts, JournalKind
from ...queue.returns.heard import Heard, ReadMail
from ...queue.returns.whose import Whose
from ...queue.signed_address import AddressSigner, TokenKind, verp_token
from .read_mail import Reading, Told

_FOR_OPERATOR = frozenset({InboundKind.POSTMASTER, InboundKind.ABUSE})
_NO_COMPLAINT = frozenset({"not-spam", "auth-failure"})
"""Feedback types that tell of no reader's displeasure."""
_MAX_TEXT = 500


def read_as(reading: Reading | None) -> ReadAs:
    if reading is None:
        return ReadAs.UNREADABLE
    return ReadAs.LETTER if reading.sort is ReportSort.OTHER else ReadAs(reading.sort.value)


def named(message: InboundMessage, reading: Reading | None, signer: AddressSigner) -> dict[Addressee, int]:
    """The recipient that each address of ours, or our letter in the message, names."""
    if reading is None or reading.sort is ReportSort.OTHER:
        return {}
    in_letter = _in_letter(reading.letter, signer)
    numbers = {each: each.number if each.kind is InboundKind.VERP else in_letter for each in message.addressees}
    return {addressee: number for addressee, number in numbers.items() if number}


def told(
    message: InboundMessage, reading: Reading | None, numbers: Mapping[Addressee, int], known: Mapping[int, Whose]
) -> ReadMail:
    """What the owner is to write down."""
    heard: list[Heard] = []
    for addressee, number in numbers.items():
        news = _news(reading, known[number]) if reading is not None and number in known else None
        if news is not None:
            domain = addressee.address.rpartition("@")[2].lower()
            signed = addressee.kind is InboundKind.VERP
            heard.append(Heard(number, *news, domain, addressee.account_id, is_signed=signed))
    return ReadMail(message.seq, read_as(reading), tuple(heard), "" if heard else _for_operator(message.addressees))


def _for_operator(addressees: Iterable[Addressee]) -> str:
    return next((each.address for each in addressees if each.kind in _FOR_OPERATOR), "")


def _in_letter(letter: ReturnedLetter, signer: AddressSigner) -> int | None:
    token = verp_token(letter.reverse_path.rpartition("@")[0])
    by_path = signer.number(TokenKind.VERP, token) if token else None
    return by_path or signer.number(TokenKind.MESSAGE, letter.message_id.partition("@")[0])


def _news(reading: Reading, whose: Whose) -> tuple[JournalKind, Facts] | None:
    match reading.sort:
        case ReportSort.BOUNCE:
            return _late_bounce(reading, whose)
        case ReportSort.COMPLAINT:
            return _complaint(reading)
        case ReportSort.DELAY:
            return JournalKind.HEARD_DELAY, _notice_facts(_about(reading, whose))
        case ReportSort.SUCCESS:
            return JournalKind.HEARD_SUCCESS, _notice_facts(_about(reading, whose))
        case ReportSort.OTHER:
            return None
        case _:
            new = next((each.recipient.new_address for each in reading.told if each.recipient.new_address), "")
            return JournalKind.AUTO_REPLY, Facts(reason=reading.sort.value, words=new)


def _complaint(reading: Reading) -> tuple[JournalKind, Facts] | None:
    said = reading.complaint
    feedback_type = said.feedback_type.lower() if said is not None else "abuse"
    if feedback_type in _NO_COMPLAINT:
        return None
    agent = said.user_agent if said is not None else ""
    return JournalKind.COMPLAINT, Facts(category=feedback_type, remote=agent[:_MAX_TEXT])


def _late_bounce(reading: Reading, whose: Whose) -> tuple[JournalKind, Facts] | None:
    about = _about(reading, whose)
    if about is None or about.meaning is None:
        return None
    meaning, other = about.meaning, _forwarded_to(about, whose)
    facts = Facts(
        bounce_kind=BounceKind.SOFT if other else meaning.kind,
        category=meaning.category,
        blame=meaning.blame,
        rule=meaning.rule,
        words=meaning.words,
        code=about.recipient.code,
        enhanced=meaning.status or about.recipient.status,
        text=_decisive(about.recipient, meaning)[:_MAX_TEXT],
        dsn_action=about.recipient.action,
        remote=about.recipient.remote_mta[:_MAX_TEXT],
        recipient=other,
    )
    return JournalKind.LATE_BOUNCE, facts


def _notice_facts(about: Told | None) -> Facts:
    if about is None:
        return Facts()
    said = about.recipient
    return Facts(
        enhanced=said.status, code=said.code, text=said.diagnostic[:_MAX_TEXT], dsn_action=said.action,
        remote=said.remote_mta[:_MAX_TEXT],
    )  # fmt: skip


def _about(reading: Reading, whose: Whose) -> Told | None:
    """What it says of our recipient: under its own address, else of one without an address, else of the first."""
    failed = [each for each in reading.told if each.meaning is not None] or list(reading.told)
    ours = [each for each in failed if not _forwarded_to(each, whose)]
    named_ours = [each for each in ours if each.recipient.address]
    return next(iter([*named_ours, *ours, *failed]), None)


def _decisive(said: ReportedRecipient, meaning: Meaning) -> str:
    """The words that the meaning came from: it must be possible to judge them again."""
    words = meaning.words.lower()
    is_in_diagnostic = words in " ".join(said.diagnostic.lower().split())
    return said.words if said.words and not (said.diagnostic and is_in_diagnostic) else said.diagnostic


def _forwarded_to(told: Told, whose: Whose) -> str:
    """Whom it speaks about, when that is not the address that we wrote to; a name without a host may be ours."""
    said = told.recipient.final or told.recipient.address
    return said if "@" in said and not _is_same(same_mailbox(said), same_mailbox(whose.address)) else ""


def _is_same(one: str, other: str) -> bool:
    """Hosts often name the machine within the domain: bob@mail.example.com is bob@example.com."""
    (name, _, host), (other_name, _, other_host) = one.rpartition("@"), other.rpartition("@")
    return name == other_name and (f".{host}".endswith(f".{other_host}") or f".{other_host}".endswith(f".{host}"))
