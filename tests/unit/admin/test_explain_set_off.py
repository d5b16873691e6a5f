"""What an answer set off is said beneath it, with how to cancel it; and that it is over, once it is."""

import pytest
from fakes.explained import config_of, explained
from fakes.queue_room import QueueRoom
from rich.console import Console
from youtong.admin.explain import gathering, screen
from youtong.admin.explain.timeline import timeline
from youtong.mta.outcome import Deferred, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue.reactions import Reaction, ReactionScope
from youtong.queue.storage import suspension_rows

pytestmark = pytest.mark.usefixtures("in_english")

SLOW_DOWN = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(421, "4.7.28", "slow down"))
BOB = "bob@b.example"


async def refused(room: QueueRoom, *, stop: bool) -> None:
    room.watch.rules["slow down"] = Reaction(
        "pace", "shaping.toml:7", ReactionScope.SOURCE, 600, stop=stop, share=1.0 if stop else 0.5
    )
    await room.accept(BOB)
    (leased,) = await room.load()
    await room.finish(leased, SLOW_DOWN)


def told(room: QueueRoom) -> tuple[str, str]:
    """What `explain recipient` and `explain message` say."""
    config, now_ms = config_of(room), room.clock.now_ms()
    (explanation,) = explained(room, BOB)
    facts = " ".join(str(value) for _name, value in screen.fate_facts(explanation, now_ms))
    console = Console(width=400)
    with console.capture() as captured:
        console.print(timeline(gathering.of_message(config, {}, 1, 10, room.clock).letters, now_ms))
    return facts, captured.get()


@pytest.mark.parametrize(("stop", "what"), [(True, "is paused"), (False, "is slowed")])
async def test_what_an_answer_set_off_is_said_beneath_it_with_the_command_that_cancels_it(
    room: QueueRoom, stop: bool, what: str
) -> None:
    await refused(room, stop=stop)
    for words in told(room):
        assert f"this reply caused suspension 1: mx.b.example from default {what} until" in words
        assert "to end it: youtong queue resume 1" in words


async def test_what_an_answer_set_off_is_said_to_be_over_by_time_or_by_somebody(room: QueueRoom) -> None:
    await refused(room, stop=True)
    now_ms = room.clock.now_ms()
    room.clock.advance(601)
    assert all("suspension 1, which is over" in words for words in told(room))
    await room.commits.submit(lambda db: suspension_rows.end(db, 1, now_ms, "ann"))
    assert all("suspension 1, which ann cancelled" in words for words in told(room))
