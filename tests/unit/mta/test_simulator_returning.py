"""To whom the simulated world sends back, and how often: over loopback, to a second provider of the same internet."""

import asyncio
import json

import pytest
from fakes.running import until
from fakes.simulated import Talk, one_provider, simulated
from youtong.mta.simulator.simulator import Simulator

HOME = """
[[provider]]
name = "home"
domains = ["client.test", "other.test"]
mx = [{ host = "mx.client.test", address = "127.0.0.2" }]
[[provider.rule]]
at = "rcpt"
recipients = ["nobody*"]
reply = "550 5.1.1 User unknown"
"""


def late(**keys: object) -> str:
    lines = (f"{key} = {json.dumps(value)}" for key, value in keys.items())
    return "[[provider.late]]\nafter_seconds = 0.0\n" + "\n".join(lines) + "\n"


async def letter(simulator: Simulator, reverse_path: str, to: str = "u@p.test") -> None:
    talk = await Talk.to(simulator)
    await talk.greeted()
    await talk.say(f"MAIL FROM:<{reverse_path}>")
    await talk.say(f"RCPT TO:<{to}>")
    await talk.say("DATA")
    assert (await talk.say("Message-ID: <1@c>\r\n\r\nhello\r\n.")).startswith("250")
    await talk.close()


async def came_home(simulator: Simulator, count: int) -> list[tuple[str, str]]:
    """Once so many were sent back or refused: from and to of what home took."""

    async def have() -> bool:
        counted = simulator.providers["p"].count
        return counted["sent back"] + counted["not sent back"] >= count

    await until(have, "nothing is sent back")
    return [(each.reverse_path, each.recipients[0]) for each in simulator.ledger.newest if each.provider == "home"]


@pytest.mark.parametrize(
    ("keys", "came"),
    [
        ({}, ("", "ann@client.test")),
        ({"to": "fbl"}, ("", "fbl@client.test")),
        ({"to": "forged"}, ("", "ana@client.test")),
        ({"domain": "other.test"}, ("", "ann@other.test")),
        ({"to": "fbl", "domain": "other.test"}, ("", "fbl@other.test")),
        ({"sender": "MAILER-DAEMON"}, ("MAILER-DAEMON@p.test", "ann@client.test")),
    ],
)
async def test_it_is_sent_to_whom_the_file_says(keys: dict[str, object], came: tuple[str, str]) -> None:
    async with simulated(one_provider(late(**keys)) + HOME) as simulator:
        await letter(simulator, "ann@client.test")
        assert await came_home(simulator, 1) == [came]


async def test_other_is_the_reverse_path_of_the_letter_before_and_the_first_has_none() -> None:
    async with simulated(one_provider(late(to="other")) + HOME) as simulator:
        await letter(simulator, "first@client.test")
        await letter(simulator, "second@client.test")
        assert await came_home(simulator, 1) == [("", "first@client.test")]


async def test_nothing_is_ever_sent_back_for_the_null_reverse_path() -> None:
    async with simulated(one_provider(late() + late(to="fbl") + late(to="forged")) + HOME) as simulator:
        await letter(simulator, "")
        await letter(simulator, "ann@client.test")
        assert {to for _, to in await came_home(simulator, 3)} == {
            "ann@client.test",
            "fbl@client.test",
            "ana@client.test",
        }


async def test_copies_are_sent_and_what_is_refused_for_good_is_counted() -> None:
    async with simulated(one_provider(late(copies=30)) + HOME) as simulator:
        await letter(simulator, "ann@client.test")
        assert len(await came_home(simulator, 30)) == 30
        await letter(simulator, "nobody@client.test")
        await came_home(simulator, 60)
        assert simulator.providers["p"].count["not sent back"] == 30


async def test_only_the_recipients_that_match_are_told_of() -> None:
    async with simulated(one_provider(late(recipients=["dead*"])) + HOME) as simulator:
        await letter(simulator, "ann@client.test", "fine@p.test")
        await letter(simulator, "ann@client.test", "dead.bob@p.test")
        await came_home(simulator, 1)
        [notice] = [each for each in simulator.ledger.newest if each.provider == "home"]
        assert b"dead.bob@p.test" in notice.content
        assert b"fine@p.test" not in notice.content


async def test_what_was_not_yet_sent_ends_with_the_simulator() -> None:
    async with simulated(one_provider(late().replace("0.0", "60.0")) + HOME) as simulator:
        await letter(simulator, "ann@client.test")
    assert simulator.providers["p"].count["sent back"] == 0
    assert [task for task in asyncio.all_tasks() if "_send" in repr(task)] == []
