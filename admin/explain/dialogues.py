"""What was said in an attempt, line by line, with times.

Owns   the look of a dialogue (times in seconds from its first line, "C:" for us, "S:" for the receiver), the words for
       what is no speech, which dialogues of letters are shown, and their form for programs.
Knows  no reason. What both sides said is quoted as it was.
"""

from collections.abc import Sequence
from typing import Any, assert_never

from ...mta.delivery.dialogue import Dialogue, Line
from ...mta.smtp.exchange import Voice
from ..texts import _
from .facts import Letter


def last_only(letters: Sequence[Letter]) -> dict[int, Dialogue]:
    """By the journal row it belongs to: the newest dialogue that is kept, without how the session was opened."""
    kept = all_of(letters)
    return {seq: without_opening(kept[seq]) for seq in sorted(kept)[-1:]}


def all_of(letters: Sequence[Letter]) -> dict[int, Dialogue]:
    """The same, all that are kept, whole."""
    return {seq: dialogue for letter in letters for seq, dialogue in letter.dialogues.items()}


def without_opening(dialogue: Dialogue) -> Dialogue:
    """From the first command of the envelope on; whole where there is none, for then the opening is what matters."""
    for place, line in enumerate(dialogue.lines):
        if line.voice is Voice.CLIENT and line.words.startswith(("RSET", "MAIL")):
            return Dialogue(dialogue.lines[place:])
    return dialogue


def text_of(dialogue: Dialogue) -> str:
    """For a screen."""
    return "\n".join(f"{line.at_ms / 1000:8.3f}  {_words(line)}" for line in dialogue.lines)


def dialogue_document(dialogue: Dialogue) -> list[dict[str, Any]]:
    """For programs."""
    return [{"at_ms": line.at_ms, "who": line.voice, "words": line.words} for line in dialogue.lines]


def _words(line: Line) -> str:
    match line.voice:
        case Voice.CLIENT | Voice.SERVER:
            return f"{line.voice}: {line.words}"
        case Voice.CONNECTED:
            return _("(connected to {host})").format(host=line.words)
        case Voice.TLS:
            return _("(from here on with {tls})").format(tls=line.words)
        case Voice.EARLIER:
            return _("(on a connection that was used before, {n} times)").format(n=line.words)
        case Voice.CONTENT if line.words:
            return _("(the message, {n:,} octets)").format(n=int(line.words))
        case Voice.CONTENT:
            return _("(a part of the message)")
        case Voice.LEFT_OUT:
            return _("(… {n} lines …)").format(n=line.words)
        case Voice.END:
            return _("(end: {words})").format(words=line.words)
        case _:
            assert_never(line.voice)
