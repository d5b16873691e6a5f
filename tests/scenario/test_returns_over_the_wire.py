"""What a receiver sends back after it took a letter: over SMTP to our listener, read, counted, and acted upon.

Each case of returns.toml declares what must follow; one server and one simulated provider see all of them.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from fakes.came_back import came_back, cases_in, counters, followed, send_stream, send_to, sending_back, suppressed
from fakes.posting import Letter, post
from fakes.running import Running
from fakes.taking_mail import ANN, OURS, taking_mail, youtong
from youtong.mta.simulator.behaviours import Returned, ReturnStyle, ReturnTo
from youtong.mta.simulator.simulator import Simulator, start

pytestmark = pytest.mark.scenario

THEIRS, BOB = "theirs.test", "bob@theirs.test"
CASES = cases_in(Path(__file__).with_name("returns.toml"))


@pytest.fixture
async def internet() -> AsyncIterator[Simulator]:
    simulator = await start(sending_back(CASES, OURS, THEIRS, address="127.80.210.1"))
    yield simulator
    await simulator.stop()


@pytest.fixture
async def server(internet: Simulator, tmp_path: Path) -> AsyncIterator[Running]:
    async with taking_mail(tmp_path, internet, {ANN: (OURS,), BOB: (THEIRS,)}) as running:
        await running.jobs_answer()
        yield running


async def test_whatever_comes_back_has_the_declared_effect_and_the_next_mailing_skips_only_who_must_be_skipped(
    internet: Simulator, server: Running
) -> None:
    await send_to(server, CASES)
    messages, refused = sum(each.copies for case in CASES for each in case.late), sum(case.refused for case in CASES)
    await came_back(server, internet, messages - refused, refused)
    found = followed(server)
    assert {case.who: found[case.address] for case in CASES} == {case.who: case.expected for case in CASES}
    assert counters(server) == Counter(case.fate for case in CASES)

    p = internet.providers["p"]
    p.apply(msgspec.structs.replace(p.settings, late=()))
    await send_stream(server, *(case.address for case in CASES))
    await server.quiet()
    assert internet.ledger.accepted == {case.address: 1 if case.suppressed else 2 for case in CASES}
    await a_persons_letter_reaches_who_complained(internet, server)
    await explain_shows_the_chain(server)


async def a_persons_letter_reaches_who_complained(internet: Simulator, server: Running) -> None:
    before = internet.ledger.accepted["reader@p.test"]
    await post(server, [Letter("person", ("reader@p.test",))], connections=1)
    await server.quiet()
    assert internet.ledger.accepted["reader@p.test"] == before + 1
    assert suppressed(server)["reader@p.test"] == "complaint"


async def explain_shows_the_chain(server: Running) -> None:
    """Sent, taken, bounced late, suppressed, skipped: by the words that it was suppressed for."""
    skipped, bounced = json.loads(await youtong(server, "explain", "recipient", "postfix@p.test", "--json"))
    assert (skipped["state"], skipped["ending"]["reason"].rpartition(":")[0]) == ("skipped", "suppressed:hard-bounce")
    assert (bounced["state"], bounced["kind"], bounced["blame"]) == ("delivered", "hard", "recipient")
    late = bounced["late"]
    assert (late["text"], late["fate_before"], late["fate"]) == ("550 5.1.1 User unknown", "delivered", "hard-late")
    entry = skipped["ending"]["reason"].rpartition(":")[2]
    words = await youtong(server, "explain", "recipient", "postfix@p.test")
    assert f"youtong suppression show {entry}" in " ".join(words.split())
    assert late["text"] in await youtong(server, "suppression", "show", entry)


def test_the_cases_show_every_message_that_can_be_sent_back() -> None:
    late = [each for case in CASES for each in case.late]
    hostile = {Returned.HEAVY}  # test_hostile_returns
    assert {each.send for each in late} | hostile == set(Returned)
    assert {each.style for each in late} == set(ReturnStyle)
    assert {each.to for each in late} == set(ReturnTo)
