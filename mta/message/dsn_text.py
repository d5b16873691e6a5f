"""The part of a notice for people: what happened to which recipient, first in English, then in Chinese.

Owns   the subject, the order of the text, its headings, and times as the sender's clock shows them.
Knows  nothing of fields for programs; what happened to one recipient is in dsn_words.

Invariant  a stranger's words stand in it as one indented, bounded line; MAX_RECIPIENTS_IN_WORDS are told at length.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime

import msgspec

from .dsn_status import one_line
from .dsn_words import Words, explanation, is_explained
from .headers import displayed, values_of
from .notice import Action, Notice, Reported

MAX_RECIPIENTS_IN_WORDS = 20
_MAX_SUBJECT = 150
_RULE = "-" * 60
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class _Language(msgspec.Struct, frozen=True):
    """The headings in one language; what happened to one recipient is in dsn_words."""

    is_english: bool
    opening: str
    about: str
    subject: str
    headings: dict[Action, str]
    until: str
    said: str
    someone_said: str
    details: str
    more: str


_ENGLISH = _Language(
    is_english=True,
    opening="This is the mail system at {hostname}.",
    about="It is about your message of {sent}",
    subject="with the subject: {subject}",
    headings={
        Action.FAILED: "It was NOT delivered to:",
        Action.DELAYED: "It is NOT delivered yet, and we keep trying. You need not send it again. It waits for:",
        Action.RELAYED: "It was handed on to the receiving system for:",
    },
    until="We try until {time}.",
    said="{host} said:",
    someone_said="The receiving system said:",
    details="Details:",
    more="… and {more} more, listed in the part for programs.",
)
_CHINESE = _Language(
    is_english=False,
    opening="这里是 {hostname} 的邮件系统。",
    about="本通知关于您于 {sent} 发出的邮件",
    subject="主题：{subject}",
    headings={
        Action.FAILED: "邮件【未能送达】以下收件人：",
        Action.DELAYED: "邮件【尚未送达】以下收件人，系统会继续尝试，您无需重新发送：",
        Action.RELAYED: "邮件已转交给以下收件人的邮件系统：",
    },
    until="系统会一直尝试到 {time}。",
    said="{host} 的原话：",
    someone_said="对方系统的原话：",
    details="详情：",
    more="……另有 {more} 个收件人，见供程序读取的部分。",
)
_SUBJECTS: dict[tuple[Action, ...], str] = {
    (Action.FAILED,): "Not delivered / 邮件未能送达",
    (Action.DELAYED,): "Delayed, we keep trying / 邮件延迟，仍在尝试投递",
    (Action.RELAYED,): "Handed on / 邮件已转交对方系统",
    (Action.DELAYED, Action.RELAYED): "In part delayed, we keep trying / 邮件部分延迟，仍在尝试投递",
}


def subject(actions: tuple[Action, ...]) -> str:
    """Both languages; the worst is named first."""
    return _SUBJECTS.get(actions, "In part not delivered / 邮件部分未能送达")


def text(notice: Notice) -> str:
    """Lines that end with CRLF."""
    zone = _zone_of(notice.head)
    lines = [
        *_told(notice, _ENGLISH, zone),
        "",
        _RULE,
        "",
        *_told(notice, _CHINESE, zone),
        *(["", f"Queue ID / 队列编号：{notice.queue_id}"] if notice.queue_id else []),
    ]
    return "\r\n".join(lines) + "\r\n"


def _told(notice: Notice, language: _Language, zone: tzinfo) -> list[str]:
    lines = [language.opening.format(hostname=notice.hostname), *_about(notice, language, zone)]
    room = MAX_RECIPIENTS_IN_WORDS
    for action in notice.actions():
        group = [each for each in notice.recipients if each.action is action]
        lines += ["", language.headings[action], *_paragraphs(group[:room], language, zone)]
        room = max(0, room - len(group))
    more = len(notice.recipients) - MAX_RECIPIENTS_IN_WORDS
    return [*lines, *(["", language.more.format(more=more)] if more > 0 else [])]


def _about(notice: Notice, language: _Language, zone: tzinfo) -> list[str]:
    sent = language.about.format(sent=_time(notice.arrival_ms, zone, language))
    values = values_of(notice.head, b"subject")
    shown = one_line(displayed(values[0]), _MAX_SUBJECT) if values else ""
    return [sent, language.subject.format(subject=shown)] if shown else [sent]


def _paragraphs(group: Sequence[Reported], language: _Language, zone: tzinfo) -> list[str]:
    return [line for each in group for line in _paragraph(each, language, zone)]


def _paragraph(recipient: Reported, language: _Language, zone: tzinfo) -> list[str]:
    found = explanation(recipient)
    words: Words = found.english if language.is_english else found.chinese
    until = language.until.format(time=_time(recipient.retry_until_ms, zone, language))
    advice = until if recipient.action is Action.DELAYED else words.advice
    told = [f"  {line}" for line in (words.what, advice) if line]
    return ["", f"<{one_line(recipient.address)}>", *told, *_quoted(recipient, language)]


def _quoted(recipient: Reported, language: _Language) -> list[str]:
    if recipient.reply is not None:
        heading = language.said.format(host=recipient.host) if recipient.host else language.someone_said
        return [f"  {heading}", f"    {one_line(str(recipient.reply))}"]
    if not recipient.why or (not language.is_english and is_explained(recipient)):
        return []  # our own words are English; where they have a kind, the sentence above says the same in Chinese
    return [f"  {language.details}", f"    {one_line(recipient.why)}"]


def _zone_of(head: bytes) -> tzinfo:
    """The sender's, as the Date of the message has it; UTC when it has none that can be read."""
    values = values_of(head, b"date")
    try:
        return parsedate_to_datetime(values[0].decode("ascii")).tzinfo or UTC
    except (ValueError, IndexError, TypeError, OverflowError):
        return UTC


def _time(epoch_ms: int, zone: tzinfo, language: _Language) -> str:
    at = datetime.fromtimestamp(epoch_ms / 1000, zone)
    offset = at.strftime("%z")
    if language.is_english:
        return f"{_DAYS[at.weekday()]}, {at.day} {_MONTHS[at.month - 1]} {at.year} {at:%H:%M} ({offset})"
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}（{offset}）"
