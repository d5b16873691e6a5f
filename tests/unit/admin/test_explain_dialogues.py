"""What was said in an attempt, as it is shown: beneath the attempt, the last one or all, with the server down, too."""

import pytest
from fakes.explained import config_of, explained
from fakes.queue_room import QueueRoom, report
from youtong.admin.explain import document, gathering
from youtong.admin.explain.dialogues import all_of, last_only, text_of
from youtong.admin.explain.facts import Letter, Surroundings
from youtong.admin.explain.timeline import timeline
from youtong.mta.delivery.dialogue import Dialogue, Line
from youtong.mta.outcome import Deferred, Scope, Stage
from youtong.mta.reply import reply
from youtong.mta.smtp.exchange import Voice
from youtong.queue.protocol import Finished

pytestmark = pytest.mark.usefixtures("in_english")

LATER = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(450, "4.2.0", "later"))
ENVELOPE = (Line(700, Voice.CLIENT, "MAIL FROM:<a@example.org>"), Line(1712, Voice.SERVER, "450 4.2.0 later"))
FIRST = Dialogue((Line(0, Voice.CONNECTED, "mx.b.example [192.0.2.1]"), Line(90, Voice.SERVER, "220 hello"), *ENVELOPE))
SECOND = Dialogue((Line(0, Voice.EARLIER, "3"), *ENVELOPE))


async def attempted(room: QueueRoom, *dialogues: Dialogue) -> None:
    for dialogue in dialogues:
        (leased,) = await room.load()
        finished = Finished(leased.token, [LATER] * len(leased.ready.recipients), (), dialogue=1)
        await room.hear(report(finished=[finished], dialogues=[dialogue]))
        room.clock.advance(86_400)


def letters(room: QueueRoom, address: str) -> tuple[Letter, ...]:
    return gathering.to_address(config_of(room), {}, address, 10, room.clock).letters


async def test_the_last_dialogue_is_shown_from_its_envelope_on_and_all_are_shown_whole(room: QueueRoom) -> None:
    await room.accept("bob@b.example")
    await attempted(room, FIRST, SECOND)
    found = letters(room, "bob@b.example")
    assert list(last_only(found).values()) == [Dialogue(ENVELOPE)]
    assert list(all_of(found).values()) == [FIRST, SECOND]


async def test_recipients_of_one_transaction_are_shown_its_dialogue_once(room: QueueRoom) -> None:
    await room.accept("bob@b.example", "eve@b.example")
    await attempted(room, FIRST)
    found = gathering.of_message(config_of(room), {}, 1, 10, room.clock).letters
    table = timeline(found, room.clock.now_ms(), all_of(found))
    cells = [str(cell) for cell in table.columns[1].cells]
    assert sum("220 hello" in cell for cell in cells) == 1


async def test_programs_get_what_was_said_with_each_attempt(room: QueueRoom) -> None:
    await room.accept("bob@b.example")
    await attempted(room, FIRST)
    (explanation,) = explained(room, "bob@b.example", running=False)
    told = document.document(explanation, Surroundings(room.clock.now_ms(), None))["last"]["dialogue"]
    assert told[0] == {"at_ms": 0, "who": "connected", "words": "mx.b.example [192.0.2.1]"}
    assert told[-1] == {"at_ms": 1712, "who": "S", "words": "450 4.2.0 later"}


async def test_a_dialogue_that_was_forgotten_is_not_missed(room: QueueRoom) -> None:
    await room.accept("bob@b.example")
    await attempted(room, FIRST)
    await room.commits.submit(lambda db: db.execute("DELETE FROM dialogue"))
    (explanation,) = explained(room, "bob@b.example", running=False)
    assert all_of([explanation.letter]) == {}
    last = document.document(explanation, Surroundings(room.clock.now_ms(), None))["last"]
    assert "dialogue" not in last


@pytest.mark.parametrize("voice", Voice)
def test_every_line_has_words(voice: Voice) -> None:
    assert text_of(Dialogue((Line(61_005, voice, "7"),))).startswith("  61.005  ")
    assert "7" in text_of(Dialogue((Line(0, voice, "7"),)))


def test_a_letter_that_was_cut_off_has_no_length() -> None:
    assert text_of(Dialogue((Line(0, Voice.CONTENT, ""),))) == "   0.000  (a part of the message)"
