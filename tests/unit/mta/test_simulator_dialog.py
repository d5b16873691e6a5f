"""The simulated MX: each behaviour once, over a real socket."""

import asyncio

import pytest
from fakes.clock import FakeClock
from fakes.simulated import Talk, ask, one_provider, simulated


def rule(**keys) -> str:
    return "[[provider.rule]]\n" + "".join(
        f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}\n" for key, value in keys.items()
    )


async def answers(behaviour: str, *addresses: str) -> list[str]:
    """The replies to RCPT for these addresses."""
    async with simulated(one_provider(behaviour)) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        replies = [await talk.recipient(address) for address in addresses]
        await talk.close()
        return replies


async def test_friendly_host_takes_a_message_and_counts_it():
    async with simulated(one_provider()) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        assert (await talk.message()).startswith("250 2.0.0")
        assert simulator.ledger.accepted == {"u@p.test": 1}
        assert await talk.say("QUIT") == "221 2.0.0 Bye"
        await talk.close()


async def test_extensions_are_offered_as_told():
    async with simulated(one_provider("[provider.dialog]\npipelining = false\nsize_bytes = 0")) as simulator:
        talk = await Talk.to(simulator)
        await talk.reply()
        offered = await talk.say("EHLO client.test")
        assert "PIPELINING" not in offered
        assert "SIZE" not in offered
        assert "8BITMIME" in offered
        await talk.close()


async def test_pipelined_transactions_are_answered_in_order():
    async with simulated(one_provider()) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        group = ("MAIL FROM:<a@c>", "RCPT TO:<u@p.test>", "RCPT TO:<v@p.test>", "DATA")
        assert (await talk.say(*group)).startswith("354")
        talk.send("x: y", "", "one", ".", *group)
        replies = [await talk.reply() for _ in range(5)]
        assert [reply[:3] for reply in replies] == ["250", "250", "250", "250", "354"]
        assert (await talk.say(".")).startswith("250")
        assert [each.content for each in simulator.ledger.newest] == [b"x: y\r\n\r\none\r\n", b""]
        assert simulator.providers["p"].violations == {}
        await talk.close()


async def test_content_may_arrive_octet_by_octet():
    async with simulated(one_provider()) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        await talk.say("MAIL FROM:<a@c>", "RCPT TO:<u@p.test>", "DATA")
        for octet in b"a: b\r\n\r\n..\r\n.x\r\n.\r\n":
            talk.writer.write(bytes([octet]))
            await asyncio.sleep(0)
        assert (await talk.reply()).startswith("250")
        assert simulator.ledger.newest[0].content == b"a: b\r\n\r\n.\r\nx\r\n"
        await talk.close()


async def test_unknown_user_by_pattern():
    behaviour = rule(at="rcpt", recipients=["unknown*"], reply="550 5.1.1 User unknown")
    known, unknown = await answers(behaviour, "u@p.test", "unknown7@p.test")
    assert (known[:3], unknown) == ("250", "550 5.1.1 User unknown")


async def test_share_of_recipients_is_always_the_same():
    behaviour = rule(at="rcpt", share=0.5, reply="452 4.2.2 Mailbox full")
    names = [f"user{number}@p.test" for number in range(40)]
    first = await answers(behaviour, *names)
    assert {reply[:3] for reply in first} == {"250", "452"}
    assert first == list(reversed(await answers(behaviour, *reversed(names))))


async def test_stranger_domain_is_not_relayed():
    (reply,) = await answers("", "u@elsewhere.test")
    assert reply == "550 5.7.1 Relaying denied"


async def test_second_domain_in_a_transaction_is_refused_where_told():
    async with simulated(one_provider("[provider.dialog]\none_domain_per_transaction = true")) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        replies = [await talk.say(line) for line in ("MAIL FROM:<a@c>", "RCPT TO:<u@p.test>", "RCPT TO:<u@q.test>")]
        assert replies[2].startswith("451 4.3.0 Multiple destination domains")
        await talk.close()


async def test_greylister_accepts_the_same_triple_after_its_time():
    clock = FakeClock()
    async with simulated(one_provider("[provider.greylist]\nseconds = 60"), clock) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        assert (await talk.recipient("u@p.test")).startswith("450 4.7.1")
        clock.advance(59)
        assert (await talk.recipient("u@p.test")).startswith("450")
        clock.advance(1)
        assert (await talk.recipient("u@p.test")).startswith("250")
        assert (await talk.recipient("u@p.test", "other@client.test")).startswith("450")
        await talk.close()


async def test_rate_is_counted_in_a_sliding_window_and_by_sender_domain():
    clock = FakeClock()
    words = "550 Domain frequency limited"
    window = (
        f'[[provider.window]]\ncounts = "messages"\nper = "sender-domain"\nmost = 2\nseconds = 10\nreply = "{words}"'
    )
    async with simulated(one_provider(window), clock) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        first = [await talk.recipient("u@p.test") for _ in range(3)]
        assert [reply[:3] for reply in first] == ["250", "250", "550"]
        assert (await talk.recipient("u@p.test", "a@another.test")).startswith("250")
        clock.advance(10)
        assert (await talk.recipient("u@p.test")).startswith("250")
        assert simulator.providers["p"].refusals == {words: 1}
        await talk.close()


async def test_connections_at_once_are_counted_until_they_close():
    async with simulated(one_provider("[provider.limits]\nconnections_at_once = 1")) as simulator:
        first = await (await Talk.to(simulator)).greeted()
        second = await Talk.to(simulator)
        assert (await second.reply()).startswith("421")
        assert await second.reply() == ""
        await first.say("QUIT")
        assert await first.reply() == ""
        third = await Talk.to(simulator)
        assert (await third.reply()).startswith("220")
        assert simulator.providers["p"].most_open == 2
        for talk in (first, second, third):
            await talk.close()


async def test_messages_per_connection_are_counted():
    async with simulated(one_provider("[provider.limits]\nmessages_per_connection = 1")) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        assert (await talk.message()).startswith("250")
        assert (await talk.message()).startswith("421 4.7.0")
        assert await talk.reply() == ""
        await talk.close()


async def test_host_closes_after_so_many_messages():
    async with simulated(one_provider("[provider.limits]\nclose_after_messages = 2")) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        assert [(await talk.message())[:3] for _ in range(2)] == ["250", "250"]
        assert await talk.reply() == ""
        await talk.close()


async def test_too_many_recipients_in_a_transaction():
    async with simulated(one_provider("[provider.limits]\nrecipients_per_transaction = 1")) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        await talk.recipient("u@p.test")
        assert (await talk.say("RCPT TO:<v@p.test>")).startswith("452 4.5.3")
        await talk.close()


@pytest.mark.parametrize("stage", ["connect", "greeting", "ehlo", "mail", "rcpt", "data", "body", "dot"])
async def test_connection_is_dropped_at_each_stage_and_only_so_often(stage):
    async with simulated(one_provider(rule(at=stage, do="drop", times=1))) as simulator:
        talk = await Talk.to(simulator)
        await talk.reply()
        assert await attempt(talk) == ""
        await talk.close()
        again = await (await Talk.to(simulator)).greeted()
        assert (await again.message()).startswith("250")
        assert simulator.ledger.accepted == {"u@p.test": 1}
        await again.close()


async def attempt(talk: Talk) -> str:
    try:
        return await talk.say("EHLO c.test") and await talk.message()
    except ConnectionError:
        return ""


async def test_message_taken_and_then_dropped_makes_a_duplicate_of_the_next_try():
    async with simulated(one_provider(rule(at="dot", do="drop", keep=True, times=1))) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        assert await talk.message() == ""
        await talk.close()
        again = await (await Talk.to(simulator)).greeted()
        await again.message()
        assert simulator.ledger.duplicates() == [("u@p.test", "<1@c>", 2)]
        await again.close()


async def test_421_at_a_stage_hangs_up():
    async with simulated(one_provider(rule(at="data", reply="421 4.3.2 Shutting down"))) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        assert await talk.message() == "421 4.3.2 Shutting down"
        assert await talk.reply() == ""
        await talk.close()


async def test_refusal_at_the_dot_leaves_a_usable_connection():
    behaviour = rule(at="dot", recipients=["spam*"], reply="554 DT:SPM refused")
    async with simulated(one_provider(behaviour)) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        assert await talk.message("spam@p.test") == "554 DT:SPM refused"
        assert (await talk.message()).startswith("250")
        assert simulator.ledger.accepted == {"u@p.test": 1}
        await talk.close()


async def test_slow_dot_answers_after_its_time_and_reads_nothing_meanwhile():
    async with simulated(one_provider(rule(at="dot", do="wait", seconds=0.01))) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        await talk.say("MAIL FROM:<a@c>", "RCPT TO:<u@p.test>", "DATA")
        talk.send("x", ".", "MAIL FROM:<a@c>")
        assert (await talk.reply()).startswith("250 2.0.0")
        assert (await talk.reply()).startswith("250 2.1.0")
        await talk.close()


async def test_hanging_host_accepts_and_never_speaks():
    async with simulated(one_provider(rule(at="connect", do="hang"))) as simulator:
        talk = await Talk.to(simulator)
        talk.send("EHLO impatient.test")
        provider = (await ask(simulator, ask="provider", name="p"))["counters"]
        assert provider["hung"] == 1
        talk.writer.write_eof()  # the only octets that may ever come are those of the end
        assert await talk.reply() == ""
        await talk.close()


async def test_host_that_knows_helo_only():
    async with simulated(one_provider("[provider.dialog]\nehlo = false")) as simulator:
        talk = await Talk.to(simulator)
        await talk.reply()
        assert (await talk.say("EHLO c.test")).startswith("502")
        assert (await talk.say("HELO c.test")).startswith("250")
        assert (await talk.message()).startswith("250")
        await talk.close()


async def test_talkative_host_answers_in_several_lines():
    async with simulated(one_provider('[provider.dialog]\nreplies = "multiline"')) as simulator:
        talk = await Talk.to(simulator)
        assert (await talk.reply()).count("\n") == 2
        await talk.say("EHLO c.test")
        assert (await talk.message()).count("\n250") == 2
        await talk.close()


async def test_starttls_may_be_refused_though_offered():
    async with simulated(one_provider('[provider.dialog]\nstarttls = "refused"')) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        assert (await talk.say("STARTTLS")).startswith("454")
        assert (await talk.message()).startswith("250")
        await talk.close()


async def test_message_larger_than_declared_limit_is_refused_at_mail():
    async with simulated(one_provider("[provider.dialog]\nsize_bytes = 1000")) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        assert (await talk.say("MAIL FROM:<a@c> SIZE=1001")).startswith("552 5.3.4")
        assert (await talk.say("MAIL FROM:<a@c> SIZE=1000")).startswith("250")
        await talk.close()


@pytest.mark.parametrize(
    ("dialog", "lines", "violation"),
    [
        (
            "pipelining = false",
            ["MAIL FROM:<a@c>", "RCPT TO:<u@p.test>"],
            "a command before the reply to the one before",
        ),
        ("", ["NOOP", "NOOP"], "octets after a command that must be the last of its group"),
        ("dsn = false", ["MAIL FROM:<a@c> RET=HDRS"], "a parameter that was not offered"),
        ("", ["RCPT TO:<u@p.test>"], "a bad sequence of commands"),
        ("", ["MAIL FROM: a@c"], "a syntax error in a command"),
        ('starttls = "good"', ["STARTTLS", "EHLO early.test"], "octets between STARTTLS and its reply"),
    ],
)
async def test_protocol_fault_of_the_sender_is_counted(dialog, lines, violation):
    async with simulated(one_provider(f"[provider.dialog]\n{dialog}")) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        talk.send(*lines)
        await talk.reply()
        assert violation in simulator.providers["p"].violations
        answer = await ask(simulator, ask="violations")
        assert violation in answer["violations"]["p"]
        await talk.close()


@pytest.mark.parametrize(
    ("content", "violation"),
    [
        (b"a\nb", "bare CR or LF in the content"),
        (b"a\rb", "bare CR or LF in the content"),
        (b"x" * 999, "a line of more than 1000 octets"),
        (b"\xc3\xa4", "8-bit content without 8BITMIME"),
    ],
)
async def test_fault_in_the_content_is_counted_and_its_absence_is_not(content, violation):
    async with simulated(one_provider("[provider.dialog]\neight_bit_mime = false")) as simulator:
        talk = await (await Talk.to(simulator)).greeted()
        await talk.message(content="x" * 998)
        assert simulator.providers["p"].violations == {}
        await talk.say("MAIL FROM:<a@c>", "RCPT TO:<u@p.test>", "DATA")
        talk.writer.write(content + b"\r\n.\r\n")
        await talk.reply()
        assert simulator.providers["p"].violations == {violation: 1}
        await talk.close()


async def test_dead_host_refuses_the_connection():
    hosts = (
        'mx = [{ host = "a.p.test", address = "127.0.0.1" }, { host = "b.p.test", address = "127.9.9.9", dead = true }]'
    )
    text = one_provider().replace('mx = [{ host = "mx.p.test", address = "127.0.0.1" }]', hosts)
    async with simulated(text) as simulator:
        with pytest.raises(ConnectionRefusedError):
            await Talk.to(simulator, "127.9.9.9")
        talk = await Talk.to(simulator)
        assert (await talk.reply()).startswith("220 a.p.test")
        await talk.close()
