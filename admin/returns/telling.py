"""Telling: what a message that was read means for recipients of ours.

Owns   whom it speaks about (the signed address it was written to, else what our letter in it says; of a complaint that
       names nobody, the stream), and the facts that follow. Pure.
Knows  no database: what numbers stand for is given. Whether it may speak about them, the owner decides.

Invariants
    A token that we did not sign names nobody.
    A failure of another address than the one we wrote to is soft: that letter had been forwarded (DECISIONS, "What a
    failure means").
RFC 5965 §3.1 and §7.3 (feedback types), RFC 6430 §2 (not-spam), RFC 6591 §3.1 (auth-failure).
"""

from collections.abc import Iterable, Mapping

import msgspec

from ...mta.reports.report import ReportedRecipient, ReportSort, ReturnedLetter
from ...policy.bounces.meaning import BounceKind, Meaning
from ...policy.suppression import same_mailbox
from ...queue.inbound.inbound_mail import SIGNED, Addressee, InboundKind, InboundMessage, ReadAs
from ...queue.journal import Facts, JournalKind
from ...queue.returns.heard import Heard, HeardOfStream, ReadMail
from ...queue.returns.whose import Whose
from ...queue.signed_address import AddressSigner, TokenKind, verp_token
from ...queue.streams.feedback_ids import stream_in
from .read_mail import Reading, Told

_FOR_OPERATOR = frozenset({InboundKind.POSTMASTER, InboundKind.ABUSE})
_NO_COMPLAINT = frozenset({"not-spam", "auth-failure"})
"""Feedback types that tell of no reader's displeasure."""
_MAX_TEXT = 500


class Names(msgspec.Struct, frozen=True):
    """What a message names."""

    recipients: dict[Addressee, int]  # by the address of ours that it was written to
    stream_id: int | None = None  # of a complaint


class Known(msgspec.Struct, frozen=True):
    """What numbers stand for."""

    recipients: Mapping[int, Whose]
    streams: Mapping[int, int]  # the account of a stream
    masters: Mapping[int, int]  # of an account: in whose tree it is


def read_as(reading: Reading | None) -> ReadAs:
    if reading is None:
        return ReadAs.UNREADABLE
    return ReadAs.LETTER if reading.sort is ReportSort.OTHER else ReadAs(reading.sort.value)


def named(message: InboundMessage, reading: Reading | None, signer: AddressSigner) -> Names:
    """The recipient that each address of ours, or our letter in the message, names; and the stream."""
    if reading is None or reading.sort is ReportSort.OTHER:
        return Names({})
    in_letter = _in_letter(reading.letter, signer)
    numbers = {each: each.number if each.kind is InboundKind.VERP else in_letter for each in message.addressees}
    stream_id = stream_in(reading.letter.feedback_id, signer) if _is_complaint(reading) else None
    return Names({addressee: number for addressee, number in numbers.items() if number}, stream_id)


def told(message: InboundMessage, reading: Reading | None, names: Names, known: Known) -> ReadMail:
    """What the owner is to write down."""
    heard: list[Heard] = []
    for addressee, number in names.recipients.items():
        whose = known.recipients.get(number)
        news = _news(reading, whose) if reading is not None and whose is not None else None
        if whose is not None and news is not None:
            domain = addressee.address.rpartition("@")[2].lower()
            account_id, signed = _on_behalf_of(addressee, whose.account_id, known), addressee.kind is InboundKind.VERP
            heard.append(Heard(number, *news, domain, account_id, is_signed=signed))
    of_stream = _of_stream(message, reading, names, known) if reading is not None and not heard else None
    for_operator = "" if heard else _for_operator(message.addressees)
    return ReadMail(message.seq, read_as(reading), tuple(heard), of_stream, for_operator)


def _on_behalf_of(addressee: Addressee, account_id: int, known: Known) -> int:
    """That account, when the address is one of its tree's: a domain is its master's (DECISIONS); else the domain's."""
    return account_id if known.masters.get(account_id) == addressee.account_id else addressee.account_id


def _of_stream(message: InboundMessage, reading: Reading, names: Names, known: Known) -> HeardOfStream | None:
    account_id = known.streams.get(names.stream_id) if names.stream_id is not None else None
    if names.stream_id is None or account_id is None:
        return None
    open_to_all = {each for each in message.addressees if each.kind not in SIGNED}
    behalf = {_on_behalf_of(each, account_id, known) for each in open_to_all}
    if not behalf:
        return None
    speaks_for = account_id if account_id in behalf else min(behalf)
    return HeardOfStream(names.stream_id, speaks_for, *_feedback(reading))


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


def _is_complaint(reading: Reading) -> bool:
    return reading.sort is ReportSort.COMPLAINT and _feedback(reading)[0] not in _NO_COMPLAINT


def _feedback(reading: Reading) -> tuple[str, str]:
    """Its type, and the software that reports."""
    said = reading.complaint
    return (said.feedback_type.lower(), said.user_agent[:_MAX_TEXT]) if said is not None else ("abuse", "")


def _complaint(reading: Reading) -> tuple[JournalKind, Facts] | None:
    feedback_type, agent = _feedback(reading)
    if not _is_complaint(reading):
        return None
    return JournalKind.COMPLAINT, Facts(category=feedback_type, remote=agent)


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
