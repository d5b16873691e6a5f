"""Explanations on a screen: the letter that matters most in full, the others a line each.

Owns   the layout, so that a typical case fits 80 × 24.
Knows  no reason (reasons) and no words beyond labels (sentences, endings, attempts).
"""

from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from ...mta.delivery.dialogue import Dialogue
from ...queue.ids import queue_id
from ...queue.states import RecipientState
from .. import times
from ..return_path_words import kept_words
from ..texts import _
from . import attempts, endings, sentences, why_not
from .dialogues import text_of
from .explanation import Explanation, Why
from .facts import Letter, Surroundings
from .fates import Fate
from .late_words import came_back_words
from .set_off import set_off_sentence

Fact = tuple[str, str | Text]
_NAMED = 3  # addresses of those that share a fate
_COLOURS = {
    RecipientState.SCHEDULED: "yellow",
    RecipientState.LEASED: "cyan",
    RecipientState.HELD: "magenta",
    RecipientState.DELIVERED: "green",
    RecipientState.BOUNCED: "red",
    RecipientState.EXPIRED: "red",
    RecipientState.UNCONFIRMED: "red",
}


def in_full(explanations: Sequence[Explanation]) -> list[Explanation]:
    """Which are shown whole: the newest, and the newest that waits."""
    waiting = next((each for each in explanations if each.wait is not None), None)
    chosen = {id(each): each for each in (explanations[0], waiting) if each is not None}
    return [each for each in explanations if id(each) in chosen]


def block(explanation: Explanation, around: Surroundings, *, recipient: bool = False) -> list[Fact]:
    """One letter, as names and values. `recipient`: say to whom, too."""
    now_ms = around.now_ms
    return [
        *letter_facts(explanation.letter, now_ms),
        *([(_("Recipient"), explanation.letter.recipient.address)] if recipient else []),
        *fate_facts(explanation, now_ms),
        *_signature_facts(explanation),
    ]


def _signature_facts(explanation: Explanation) -> list[Fact]:
    """Of a letter that waits: keys may have changed since an older one was signed, and no fact says which signed it."""
    if explanation.wait is None:
        return []
    return [(_("Signature"), attempts.signature_words(explanation.letter.signature))]


def dialogue_facts(dialogues: Mapping[int, Dialogue]) -> list[Fact]:
    """What was said, oldest first."""
    return [
        (_("Said") if not at else "", Text(text_of(dialogues[seq]), "dim")) for at, seq in enumerate(sorted(dialogues))
    ]


def fate_block(fate: Fate, now_ms: int) -> list[Fact]:
    """Recipients of one letter that share a fate: how many, the first few, and what there is to say of them."""
    n, named = len(fate.addresses), ", ".join(fate.addresses[:_NAMED])
    if n > _NAMED:
        named = _("{addresses} and {n:,} more").format(addresses=named, n=n - _NAMED)
    label = _("Recipient") if n == 1 else _("{n:,} recipients").format(n=n)
    return [(label, named), *fate_facts(fate.told, now_ms)]


def letter_facts(letter: Letter, now_ms: int) -> list[Fact]:
    """Which letter it is."""
    number = Text(letter.queue_id, "bold")
    accepted = _("accepted {time}").format(time=times.both(letter.message.received_ms, now_ms))
    return [
        (_("Message"), Text.assemble(number, "  ", accepted)),
        (_("From"), _author(letter)),
        (_("Subject"), letter.headline.subject or "–"),
        *_bounces_facts(letter),
    ]


def _bounces_facts(letter: Letter) -> list[Fact]:
    """Where bounces of a program's or stream's letter go; a person's come back to that person."""
    message = letter.message
    if letter.verp:
        return [(_("Bounces"), _("come here, to {address}").format(address=letter.verp))]
    if not message.path_kept:
        return []
    domain = letter.headline.author.rpartition("@")[2].strip("> ")
    why = kept_words(message.path_kept, domain)
    if not message.reverse_path:
        return [(_("Bounces"), _("go to nobody: {why}").format(why=why))]
    return [(_("Bounces"), _("go to {address}: {why}").format(address=message.reverse_path, why=why))]


def _author(letter: Letter) -> str:
    """The author, and the envelope's reverse-path where it is another one."""
    author = letter.headline.author or "–"
    if letter.message.is_notice:
        return _("{author} (a notice of this system)").format(author=author)
    reverse_path = letter.message.reverse_path
    if letter.verp or not reverse_path:
        return author
    return author if reverse_path.lower() in author.lower() else f"{author} <{reverse_path}>"


def fate_facts(explanation: Explanation, now_ms: int) -> list[Fact]:
    """State and the whole sentence; beneath, the last words as they came."""
    facts: list[Fact] = [(_("State"), Text(_state_line(explanation, now_ms), _colour(explanation)))]
    if explanation.wait is not None and (stop := explanation.wait.suspension) is not None and stop.reply:
        facts.append((_("Stopped by"), stop.reply))
    if explanation.last is not None:
        label = _("Last reply") if explanation.last.facts.code else _("Last attempt")
        facts.append((label, attempts.reply_words(explanation.last) or "–"))
        facts.append(("", Text(attempts.place_words(explanation.last, now_ms), "dim")))
        if explanation.last.facts.ambiguous:
            facts.append(("", _("the message had been sent: the receiver may have it already")))
        if (set_off := explanation.letter.set_off.get(explanation.last.seq)) is not None:
            facts.append(("", set_off_sentence(set_off, now_ms)))
    return [
        *facts,
        *_late_facts(explanation, now_ms),
        *_wish_facts(explanation),
        *_coming_facts(explanation, now_ms),
        *_after_facts(explanation),
    ]


def _late_facts(explanation: Explanation, now_ms: int) -> list[Fact]:
    """What came back, in its own words."""
    row = explanation.late
    if row is None:
        return []
    facts: list[Fact] = [(_("Later"), attempts.reply_words(row) or attempts.event_words(row, now_ms))]
    return [*facts, ("", Text(attempts.place_words(row, now_ms), "dim"))]


def _wish_facts(explanation: Explanation) -> list[Fact]:
    wish = explanation.letter.wish
    return [] if wish is None else [(_("Asked for"), sentences.wish_sentence(wish))]


def state_of(explanation: Explanation) -> str:
    """The state's name; what came back says more than that it was taken, and what the server's end cut off is not
    under way."""
    if (late := came_back_words(explanation)) is not None:
        return late
    is_cut_off = explanation.wait is not None and explanation.wait.why is Why.CUT_OFF
    return sentences.state_words(explanation.letter.recipient.state, is_running=not is_cut_off)


def _state_line(explanation: Explanation, now_ms: int) -> str:
    words = state_of(explanation)
    return _("{state}: {sentence}").format(state=words, sentence=why_not.sentence(explanation, now_ms))


def _coming_facts(explanation: Explanation, now_ms: int) -> list[Fact]:
    if explanation.wait is None:
        return []
    return [(_("Given up"), _given_up_words(explanation.letter, now_ms))]


def _given_up_words(letter: Letter, now_ms: int) -> str:
    time = times.both(letter.message.expires_ms, now_ms)
    return _("{time}, as its sender asked").format(time=time) if letter.has_own_deadline else time


def _after_facts(explanation: Explanation) -> list[Fact]:
    facts: list[Fact] = []
    if (notice := explanation.notice) is not None:
        facts.append((_("Notice"), endings.notice_sentence(notice, queue_id(notice.message_id))))
    return facts


def others(explanations: Sequence[Explanation], now_ms: int) -> Table:
    """A line for each letter; too long subjects are cut."""
    table = Table.grid(padding=(0, 2))
    for ratio in (None, None, 1, None):
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=ratio)
    for each in explanations:
        accepted = times.exact(each.letter.message.received_ms, now_ms)
        table.add_row(each.letter.queue_id, accepted, each.letter.headline.subject or "–", coloured(each, now_ms))
    return table


def coloured(explanation: Explanation, now_ms: int) -> Text:
    """Its state in short, in its colour."""
    return Text(short(explanation, now_ms), _colour(explanation))


def _colour(explanation: Explanation) -> str:
    bad = came_back_words(explanation) is not None
    return "red" if bad else _COLOURS.get(explanation.letter.recipient.state, "")


def short(explanation: Explanation, now_ms: int) -> str:
    """Its state with the time that matters, in a few words."""
    words = state_of(explanation)
    if explanation.late is not None and came_back_words(explanation) is not None:
        return f"{words} {times.exact(explanation.late.at_ms, now_ms)}"
    if explanation.ending is not None:
        return f"{words} {times.exact(explanation.ending.at_ms, now_ms)}"
    if explanation.coming.at_ms > now_ms:
        return _("{state} until {time}").format(state=words, time=times.exact(explanation.coming.at_ms, now_ms))
    return words
