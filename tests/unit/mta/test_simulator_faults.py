"""The simulated MX when it misbehaves: connections that end or hang, pipelining that breaks, replies in bad form."""

import asyncio
import json

import pytest
from fakes.clock import FakeClock
from fakes.simulated import Talk, ask, one_provider, simulated

GROUP = ("MAIL FROM:<a@c.test>", "RCPT TO:<u@p.test>", "DATA")
STAGES = ["connect", "greeting", "ehlo", "mail", "rcpt", "data", "body", "dot"]


def rule(at: str, do: str, **more) -> str:
    keys = "".join(f"{key} = {json.dumps(value)}\n" for key, value in more.items())
    return f'[[provider.rule]]\nat = "{at}"\ndo = "{do}"\n{keys}'


async def try_all(talk: Talk) -> str:
    """The last reply to a whole message; "" when the connection ended before it."""
    try:
        return await talk.reply() and await talk.say("EHLO c.test") and await talk.message()
    except ConnectionError:
        return ""


@pytest.mark.parametrize("do", ["reset", "half-close"])
@pytest.mark.parametrize("stage", STAGES)
async def test_connection_ends_at_each_stage_and_only_so_often(stage, do):
    async with simulated(one_provider(rule(stage, do, times=1))) as simulator:
        talk = await Talk.to(simulator)
        assert await try_all(talk) == ""
        await talk.close()
        again = await Talk.to(simulator)
        assert (await try_all(again)).startswith("250")
        assert simulator.ledger.accepted == {"u@p.test": 1}
        await again.close()


async def test_reset_is_a_reset():
    async with simulated(one_provider(rule("mail", "reset"))) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        talk.send("MAIL FROM:<a@c.test>")
        with pytest.raises(ConnectionResetError):
            await talk.reader.read()
        await talk.close()


async def test_half_closed_connection_still_takes_octets_and_says_nothing():
    async with simulated(one_provider(rule("mail", "half-close"))) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        assert await talk.say("MAIL FROM:<a@c.test>") == ""
        talk.send("RSET")
        await talk.writer.drain()
        assert simulator.providers["p"].open_connections == 1
        await talk.close()


@pytest.mark.parametrize("do", ["reset", "half-close", "octets"])
async def test_message_may_be_taken_though_its_reply_never_comes(do):
    more = {"octets": "25\r\n"} if do == "octets" else {}
    async with simulated(one_provider(rule("dot", do, keep=True, times=1, **more))) as simulator:
        talk = await Talk.to(simulator)
        assert not (await try_all(talk)).startswith("250")
        assert simulator.ledger.accepted == {"u@p.test": 1}
        await talk.close()


async def test_octets_need_not_be_a_reply():
    async with simulated(one_provider('[[provider.rule]]\nat = "mail"\ndo = "octets"\noctets = "9\\u00ff\\n"')) as it:
        talk = await (await Talk.to(it)).greeted()
        talk.send("MAIL FROM:<a@c.test>")
        assert await talk.reader.readexactly(3) == b"9\xff\n"
        await talk.close()


@pytest.mark.parametrize(("stage", "command"), [("rset", "RSET"), ("quit", "QUIT")])
async def test_rset_and_quit_are_stages_too(stage, command):
    async with simulated(one_provider(rule(stage, "reply", reply="421 4.3.2 Going"))) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        assert await talk.say(command) == "421 4.3.2 Going"
        await talk.close()


async def test_rule_at_ehlo_leaves_helo_alone():
    async with simulated(one_provider(rule("ehlo", "reply", reply="550 5.7.1 no"))) as simulator:
        talk = await Talk.to(simulator)
        await talk.reply()
        assert (await talk.say("EHLO c.test")).startswith("550")
        assert (await talk.say("HELO c.test")).startswith("250")
        await talk.close()


async def test_after_a_refusal_instead_of_the_greeting_only_quit_is_answered():
    async with simulated(one_provider(rule("greeting", "reply", reply="554 5.7.1 no service"))) as simulator:
        talk = await Talk.to(simulator)
        assert (await talk.reply()).startswith("554")
        assert (await talk.say("EHLO c.test")).startswith("503")
        assert simulator.providers["p"].violations == {"a bad sequence of commands": 1}
        assert (await talk.say("QUIT")).startswith("221")
        await talk.close()


async def test_reply_names_the_client_and_counts_as_written():
    words = "554 5.7.1 Client host [{client}] blocked"
    async with simulated(one_provider(rule("rcpt", "reply", reply=words))) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        assert await talk.recipient("u@p.test") == "554 5.7.1 Client host [127.0.0.1] blocked"
        assert simulator.providers["p"].refusals == {words: 1}
        await talk.close()


@pytest.mark.parametrize(
    ("family", "address", "answer"),
    [("ipv4", "127.0.0.1", "554"), ("ipv6", "127.0.0.1", "250"), ("ipv4", "::1", "250"), ("ipv6", "::1", "554")],
)
async def test_rule_may_be_for_one_address_family(family, address, answer):
    text = one_provider(rule("rcpt", "reply", reply="554 5.7.1 no", family=family), address=address)
    async with simulated(text) as simulator:
        talk = await (await Talk.to(simulator, address)).greeted()
        assert (await talk.recipient("u@p.test")).startswith(answer)
        await talk.close()


async def test_rule_may_be_for_one_host_of_several():
    hosts = 'mx = [{ host = "a.p.test", address = "127.0.0.1" }, { host = "b.p.test", address = "127.9.9.9" }]'
    text = one_provider(rule("greeting", "reply", reply="554 no", host="a.p.test"))
    text = text.replace('mx = [{ host = "mx.p.test", address = "127.0.0.1" }]', hosts)
    async with simulated(text) as simulator:
        for address, greeting in (("127.0.0.1", "554"), ("127.9.9.9", "220 b.p.test")):
            talk = await Talk.to(simulator, address)
            assert (await talk.reply()).startswith(greeting)
            await talk.close()


async def test_silent_host_answers_no_wish_to_connect():
    host = 'host = "mx.p.test", address = "127.0.0.1"'
    silent = '{ host = "b.p.test", address = "127.9.9.9", silent = true }'
    text = one_provider().replace(f"mx = [{{ {host} }}]", f"mx = [{{ {host} }}, {silent}]")
    async with simulated(text) as simulator:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(Talk.to(simulator, "127.9.9.9"), 0.1)


# -- pipelining ------------------------------------------------------------------------------------------------------


def pipelined(how: str) -> str:
    return one_provider(f'[provider.limits]\nidle_seconds = 0.05\n[provider.dialog]\npipelined = "{how}"')


@pytest.mark.parametrize(("how", "replies"), [("lost", 1), ("cut", 1), ("one-per-read", 1), ("one-short", 2)])
async def test_broken_pipelining_answers_part_of_a_group_and_nothing_more(how, replies):
    async with simulated(pipelined(how)) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        talk.send(*GROUP)
        answers = [await talk.reply() for _ in range(replies + 1)]
        assert [each[:3] for each in answers] == ["250"] * replies + [""]
        assert simulator.ledger.accepted == {}
        await talk.close()


@pytest.mark.parametrize("how", ["lost", "cut", "one-per-read", "one-short"])
async def test_broken_pipelining_does_not_show_to_whoever_goes_step_by_step(how):
    async with simulated(pipelined(how).replace("idle_seconds = 0.05", "")) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        assert (await talk.message()).startswith("250")
        assert simulator.providers["p"].violations == {}
        await talk.close()


async def test_late_host_answers_rcpt_together_with_data():
    async with simulated(one_provider("[provider.dialog]\nlate_rcpt = true")) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        assert (await talk.say("MAIL FROM:<a@c.test>")).startswith("250")
        talk.send("RCPT TO:<u@p.test>", "RCPT TO:<x@elsewhere.test>")
        talk.send("DATA")
        assert [(await talk.reply())[:3] for _ in range(3)] == ["250", "550", "354"]
        await talk.close()


async def test_what_is_pipelined_behind_a_refused_mail_is_no_fault_of_the_client():
    async with simulated(one_provider(rule("mail", "reply", reply="550 5.1.8 no"))) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        talk.send(*GROUP)
        assert [(await talk.reply())[:3] for _ in range(3)] == ["550", "503", "554"]
        assert simulator.providers["p"].violations == {}
        await talk.close()


# -- limits, idleness, greylisting -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("words", "told"), [("", ""), ("421 4.4.2 Idle", "421 4.4.2 Idle")])
async def test_idle_client_is_shown_out(words, told):
    async with simulated(one_provider(f'[provider.limits]\nidle_seconds = 0.01\nidle_reply = "{words}"')) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        assert await talk.reply() == told
        assert await talk.reader.read() == b""
        await talk.close()


async def test_host_says_why_it_closes_after_so_many_messages():
    limits = '[provider.limits]\nclose_after_messages = 1\nclose_reply = "421 4.7.0 Enough"'
    async with simulated(one_provider(limits)) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        assert (await talk.message()).startswith("250")
        assert await talk.reply() == "421 4.7.0 Enough"
        assert await talk.reply() == ""
        await talk.close()


async def test_content_is_refused_for_its_size_after_it_was_sent():
    async with simulated(one_provider("[provider.limits]\ncontent_bytes = 40")) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        assert (await talk.message(content="x" * 40)).startswith("552 5.3.4")
        assert (await talk.message(content="x")).startswith("250")
        await talk.close()


async def test_greylister_forgets_who_comes_back_too_late():
    clock = FakeClock()
    async with simulated(one_provider("[provider.greylist]\nseconds = 60\nuntil_seconds = 600"), clock) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        answers: list[str] = []
        for wait in (0, 600, 599):
            clock.advance(wait)
            answers.append((await talk.recipient("u@p.test"))[:3])
        assert answers == ["450", "450", "250"]
        await talk.close()


async def test_mail_in_the_clear_is_refused_where_tls_is_required():
    async with simulated(one_provider('[provider.dialog]\nstarttls = "good"\nstarttls_required = true')) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        assert (await talk.say("MAIL FROM:<a@c.test>")).startswith("530 5.7.0")
        await talk.close()


# -- how replies are written -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "greeting"),
    [
        ("plain", b"220 mx.p.test ESMTP\r\n"),
        ("octets", b"220 mx.p.test ESMTP\r\n"),
        ("multiline", b"220-mx.p.test ESMTP\r\n220-second line\r\n220 last line\r\n"),
        ("bare-lf", b"220 mx.p.test ESMTP\n"),
        ("code-only", b"220\r\n"),
        ("no-space", b"220mx.p.test ESMTP\r\n"),
        ("eight-bit", b"220 mx.p.test ESMTP \xfcber \xe9t\xe9\r\n"),
        ("long", b"220 mx.p.test ESMTP " + b"x" * 5000 + b"\r\n"),
    ],
)
async def test_replies_are_written_in_their_style(style, greeting):
    async with simulated(one_provider(f'[provider.dialog]\nreplies = "{style}"')) as simulator:
        talk = await Talk.to(simulator)
        assert await talk.reader.readexactly(len(greeting)) == greeting
        talk.send("QUIT")
        assert (await talk.reader.read()).startswith(b"221")
        await talk.close()


async def test_what_a_provider_saw_is_told_by_the_control_socket():
    async with simulated(one_provider(rule("rcpt", "reply", recipients=["no"], reply="550 no"))) as simulator:
        for count in (2, 0):
            talk = await (await Talk.to(simulator)).greeted()
            for _ in range(count):
                await talk.message()
            await talk.recipient("no@p.test")
            await talk.say("QUIT")
            await talk.reply()
            await talk.close()
        told = await ask(simulator, ask="provider", name="p")
        assert (told["accepted"], told["refused"]) == (2, 2)
        assert told["transactions"] == {"0": 1, "2": 1}
        assert told["duplicates"] == [["u@p.test", "<1@c>", 2]]
