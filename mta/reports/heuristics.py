"""The world that follows no RFC: notices of any style, and answers that are none.

Owns   the order of judgement behind the readers by the book: is it an answer, may it be a notice, has it the fields of
       one among its words, whose style is it, what has it in common with notices; and the last reader, flufl.bounce.
Knows  no style (styles/), no words (notice_words, answer_words), no signs of a notice (evidence).

Invariants
    Bounded and total: any tree gives a report or None. What bears no sign of a mail system's notice is none, whatever
    it quotes. An answer of a person's machine is never called a bounce.
"""

from collections.abc import Sequence

import msgspec

from .answers import answer_to
from .diagnostics import failure_in
from .dsn_reader import read_loose_notice
from .evidence import is_certain, may_be_notice
from .general import failed_addresses, says_delivered
from .last_reader import addresses_by_flufl
from .notice import Notice, notice_of
from .notice_words import DELAYED, FAILED, FINAL
from .plausible import Claims
from .report import Report, ReportedRecipient, ReportSort
from .styles.all_styles import STYLES
from .styles.style import recipient, recipients_by
from .tree import MessageTree

_SENDMAIL_WARNING = "(warning-timeout)"
_ACTIONS = {ReportSort.BOUNCE: "failed", ReportSort.DELAY: "delayed", ReportSort.SUCCESS: "delivered"}


def read_unstandard(tree: MessageTree) -> Report | None:
    """What a message that follows no RFC says; None when it is neither a notice nor an answer."""
    notice = notice_of(tree)
    if (answer := answer_to(notice)) is not None:
        return answer
    if not may_be_notice(notice):
        return None
    return read_loose_notice(tree) or _by_styles(notice, tree)


def _by_styles(notice: Notice, tree: MessageTree) -> Report | None:
    claims, signs, signature = Claims(notice), notice.signs, notice.signature
    for style in STYLES:
        if signs < style.signs or not style.knows.search(signature):
            continue
        if found := recipients_by(style, notice, claims):
            return _report(notice, style.name, found, style.sort)
    return _by_common_signs(notice, claims, tree)


def _by_common_signs(notice: Notice, claims: Claims, tree: MessageTree) -> Report | None:
    speaks = any(words.search(text) for words in (FAILED, DELAYED) for text in (notice.subject, notice.text))
    certain = is_certain(notice)
    if certain and (speaks or says_delivered(notice.text)) and (found := failed_addresses(notice, claims)):
        return _report(notice, "general", found, None)
    by_flufl = (address for address in addresses_by_flufl(tree) if claims.allows(address))
    if found := [recipient(address, notice.text) for address in by_flufl]:
        return _report(notice, "flufl", found, None)
    return _report(notice, "general", [], None) if certain and speaks else None


def _report(notice: Notice, style: str, found: Sequence[ReportedRecipient], sort: ReportSort | None) -> Report:
    sort = sort or _sort_by_words(notice)
    recipients = tuple(_completed(each, notice, _ACTIONS[sort], alone=len(found) == 1) for each in found)
    return Report(sort, recipients, notice.letter, style=style)


def _sort_by_words(notice: Notice) -> ReportSort:
    text = f"{notice.subject}\n{notice.text}"
    is_warning = _SENDMAIL_WARNING in notice.fields.first("auto-submitted").casefold()
    if is_warning or (DELAYED.search(text) and not FINAL.search(text)):
        return ReportSort.DELAY
    return ReportSort.SUCCESS if says_delivered(text) else ReportSort.BOUNCE


def _completed(found: ReportedRecipient, notice: Notice, action: str, *, alone: bool) -> ReportedRecipient:
    """With the action that the words mean, and what the notice says elsewhere about its only recipient."""
    words, code, status, diagnostic = found.words, found.code, found.status, found.diagnostic
    if not code and not status:
        said = notice.text if alone else _said_elsewhere(found.address, notice)
        code, status, diagnostic = failure_in(said)
        words = " ".join(f"{words} {said}".split())[:1000] if alone else words or " ".join(said.split())
    return msgspec.structs.replace(
        found, action=action, words=words, code=code, status=status, diagnostic=" ".join(diagnostic.split())[:700],
    )  # fmt: skip


def _said_elsewhere(address: str, notice: Notice) -> str:
    folded = address.casefold()
    lines = notice.lines
    at = [n for n, line in enumerate(lines) if folded in line.casefold()]
    return " ".join(line for n in at[:8] for line in lines[n : n + 2])[:1500]
