"""Notice: what the readers of styles look at in a message of a mail system.

Owns   the cut between what the notice says and our letter below it; the signs of a notice.
Knows  no style.

Invariants
    Bounded: MAX_TEXT characters in MAX_LINES lines of MAX_WIDTH are read, MAX_RECIPIENTS are found; linear time.
    Quoted lines ("> Failed") are nobody's statement, and are kept only where a style lists addresses so.
"""

import re

import msgspec

from .fields import Fields
from .notice_words import LETTER_BELOW, NOTICE_FROM, NOTICE_SUBJECT
from .report import ReturnedLetter
from .returned_letter import returned_letter
from .tree import MessageTree

MAX_TEXT = 48 * 1024
MAX_LINES = 1_000
MAX_WIDTH = 800
MAX_FIELD = 500
MAX_RECIPIENTS = 1_000
_SIGNATURE = 6_000  # characters of a notice in which its maker shows

_OWN_HEAD = re.compile(r"(?:Received|Return-Path|Message-ID|Delivered-To|DKIM-Signature|X-Received): \S", re.IGNORECASE)
_PASSED_ON = re.compile(
    r"\s*(?:re|fwd?|aw|wg|tr|rv|enc|sv|vs|antw|odp|答复|回复|转发|轉寄)\s*(?:\[\d+\])?[:：]", re.IGNORECASE
)
_NULL_PATH = re.compile(r"\s*(?:<>|<?mailer-daemon(?:@[^\s>]*)?>?)\s*", re.IGNORECASE)


class Notice(msgspec.Struct, frozen=True):
    """A message as a reader sees it: who wrote, what it is called, what it says, and what it returns."""

    fields: Fields
    sender: str
    subject: str
    lines: tuple[str, ...]  # what it says, without our letter
    letter: ReturnedLetter = ReturnedLetter()

    @property
    def text(self) -> str:
        """What it says, in one piece."""
        return "\n".join(self.lines)

    @property
    def signature(self) -> str:
        """Where its maker shows: sender, subject and program, then its first words."""
        head = f"from: {self.sender}\nsubject: {self.subject}\nx-mailer: {self.fields.first('x-mailer')}\n\n"
        return head + self.text[:_SIGNATURE]

    @property
    def is_passed_on(self) -> bool:
        """The subject says that somebody answers or forwards."""
        return _PASSED_ON.match(self.subject) is not None

    @property
    def by_machine(self) -> bool:
        """Its sender has the name of a mail system."""
        return NOTICE_FROM.search(self.sender) is not None

    @property
    def has_null_path(self) -> bool:
        """Its sender expects no answer, as those of notices must not (RFC 3464 §2)."""
        path = self.fields.first("return-path")  # the last host's: others may be anybody's
        return _NULL_PATH.fullmatch(path) is not None or self.sender.endswith("<>")

    @property
    def by_system(self) -> bool:
        """Its head has what only mail systems write."""
        return "x-failed-recipients" in self.fields or self.by_machine or self.has_null_path

    @property
    def signs(self) -> int:
        """How many of three signs of a notice it bears: its sender, a null reverse-path, its subject."""
        called = not self.is_passed_on and NOTICE_SUBJECT.search(self.subject) is not None
        return self.by_machine + self.has_null_path + called


def notice_of(tree: MessageTree) -> Notice:
    """The notice that a message would be, if it is one."""
    lines, fields = _cut(_words(tree)), tree.fields
    sender = fields.first("from") or fields.first("sender")
    return Notice(fields, sender[:MAX_FIELD], fields.first("subject")[:MAX_FIELD], lines, returned_letter(tree))


def _words(tree: MessageTree) -> str:
    """What it says to people; HTML too where the plain text names nobody."""
    plain = tree.human_text
    if "@" in plain:
        return plain
    return "\n".join([plain, *(part.text for part in tree.parts if part.type == "text/html")])


def _cut(text: str) -> tuple[str, ...]:
    """What the notice says, without our letter below."""
    lines = [line[:MAX_WIDTH].rstrip() for line in text[:MAX_TEXT].split("\n", MAX_LINES)[:MAX_LINES]]
    said = False
    for at, line in enumerate(lines):
        if said and (_OWN_HEAD.match(line) or (len(line) < 160 and LETTER_BELOW.match(line))):
            return tuple(lines[:at])
        said = said or bool(line.strip(" -=*#_|"))
    return tuple(lines)
