"""The simulator's control socket, its Maildir and its name server."""

import base64
import json

import pytest
from fakes.clock import FakeClock
from fakes.simulated import ANYWHERE, Talk, ask, one_provider, simulated
from youtong.mta.dns.answers import Family, Found, MxRecord, NoData, NoSuchName, Unavailable
from youtong.mta.dns.exchange import NetworkExchange
from youtong.mta.dns.resolver import CachingResolver
from youtong.mta.dns.servers import NameServer


async def delivered(simulator, *contents: str) -> None:
    talk = await (await Talk.to(simulator)).greeted()
    for content in contents:
        assert (await talk.message(content=content)).startswith("250")
    await talk.close()


async def test_counts_tell_messages_and_duplicates():
    async with simulated(one_provider()) as simulator:
        await delivered(
            simulator, "Message-ID: <1@c>\r\n\r\nx", "message-id:\r\n <1@c>\r\n\r\ny", "Message-ID: <2@c>\r\n\r\nx"
        )
        counts = await ask(simulator, ask="counts")
        assert (counts["messages"], counts["recipients"], counts["accepted"], counts["duplicates"]) == (3, 1, 3, 1)
        assert await ask(simulator, ask="duplicates") == {"ok": True, "duplicates": [["u@p.test", "<1@c>", 2]]}
        assert (await ask(simulator, ask="recipient", address="u@p.test"))["accepted"] == 3
        assert (await ask(simulator, ask="accepted"))["accepted"] == {"u@p.test": 3}


async def test_messages_without_an_id_are_told_apart_by_their_body():
    async with simulated(one_provider()) as simulator:
        await delivered(simulator, "A: 1\r\n\r\nsame", "A: 2\r\n\r\nsame", "A: 1\r\n\r\nother")
        assert (await ask(simulator, ask="counts"))["duplicates"] == 1


async def test_messages_are_shown_newest_first_with_their_octets():
    async with simulated(one_provider()) as simulator:
        await delivered(simulator, "A: 1\r\n\r\none", "A: 2\r\n\r\ntwo")
        shown = (await ask(simulator, ask="messages", recipient="u@p.test", last=1))["messages"]
        assert [base64.b64decode(each["content"]) for each in shown] == [b"A: 2\r\n\r\ntwo\r\n"]
        assert shown[0]["reverse_path"] == "a@client.test"


async def test_log_of_mail_commands_judges_rates():
    clock = FakeClock(monotonic=5.0)
    async with simulated(one_provider(), clock) as simulator:
        await delivered(simulator, "x", "y")
        log = (await ask(simulator, ask="mail_log", provider="p"))["mail_log"]
        assert log == [[5.0, "127.0.0.1", "a@client.test"]] * 2
        assert await ask(simulator, ask="peak", provider="p", seconds=1) == {"ok": True, "mail": 2, "connects": 1}


async def test_behaviour_changes_while_it_runs():
    async with simulated(one_provider()) as simulator:
        changed = {"limits.close_after_messages": 1, "rule": [{"at": "rcpt", "recipients": ["x*"], "reply": "550 no"}]}
        answer = await ask(simulator, do="set", provider="p", **changed)
        assert answer["settings"]["limits"]["close_after_messages"] == 1
        talk = await (await Talk.to(simulator)).greeted()
        assert await talk.recipient("x@p.test") == "550 no"
        await talk.say("RSET")
        await talk.message()
        assert await talk.reply() == ""
        await talk.close()


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ({"do": "set", "provider": "p", "limits.nothing": 1}, "nothing"),
        ({"do": "set", "provider": "p", "dns": "maybe"}, "maybe"),
        ({"do": "set", "provider": "p", "mx": []}, "cannot change"),
        ({"do": "set", "provider": "p", "rule": [{"at": "rcpt", "reply": "nonsense"}]}, "no reply"),
        ({"do": "set", "provider": "z"}, "no provider"),
        ({"ask": "weather"}, "ask one of"),
        ({"ask": "recipient"}, "address is missing"),
        ({"ask": "peak", "provider": "p", "seconds": -1}, "above 0"),
    ],
)
async def test_question_that_cannot_be_answered_says_why(question, told):
    async with simulated(one_provider()) as simulator:
        answer = await ask(simulator, **question)
        assert answer["ok"] is False
        assert told in answer["error"]


async def test_reset_forgets_what_was_counted():
    async with simulated(one_provider()) as simulator:
        await delivered(simulator, "x", "x")
        assert await ask(simulator, do="reset") == {"ok": True}
        counts = await ask(simulator, ask="counts")
        assert (counts["messages"], counts["duplicates"]) == (0, 0)
        await delivered(simulator, "x")
        assert (await ask(simulator, ask="counts"))["duplicates"] == 0


async def test_maildir_holds_the_octets_and_the_envelope(tmp_path):
    text = one_provider().replace("port = 0\n", f'port = 0\nmaildir = "{tmp_path}"\n', 1)
    async with simulated(text) as simulator:
        await delivered(simulator, "A: 1\r\n\r\n..dotted")
    (file,) = (tmp_path / "new").iterdir()
    assert file.read_bytes() == b"A: 1\r\n\r\n.dotted\r\n"
    envelope = json.loads((tmp_path / "envelopes.jsonl").read_text())
    assert (envelope["recipients"], envelope["helo"]) == (["u@p.test"], "client.test")
    assert (tmp_path / envelope["file"]) == file


async def test_control_may_be_a_socket_file(tmp_path):
    text = one_provider().replace('control = "127.0.0.1:0"', f'control = "unix:{tmp_path}/c.sock"')
    async with simulated(text) as simulator:
        assert simulator.control == f"{tmp_path}/c.sock"
        assert (tmp_path / "c.sock").exists()
    assert not (tmp_path / "c.sock").exists()


NAMES = (
    ANYWHERE
    + "".join(
        f'[[provider]]\nname = "{how}"\ndomains = ["{how}.test"]\ndns = "{how}"\n'
        f'mx = [{{ host = "mx.{how}.test", address = "127.80.0.{number}" }}]\n'
        for number, how in enumerate(["mx", "implicit", "null-mx", "nxdomain", "servfail", "silent", "truncated"], 1)
    )
    + '[[record]]\nname = "s1._domainkey.mx.test"\ntype = "TXT"\ntext = \'"v=DKIM1"\'\n'
)


async def test_name_system_answers_as_each_provider_is_told():
    async with simulated(NAMES) as simulator:
        exchange = NetworkExchange([NameServer(*simulator.dns_address)], (0.05,))
        asked = CachingResolver(exchange, FakeClock())
        assert (await asked.mx("mx.test")).records == (MxRecord(10, "mx.mx.test"),)
        assert (await asked.addresses("mx.mx.test", Family.IPV4)).records == ("127.80.0.1",)
        assert isinstance(await asked.mx("implicit.test"), NoData)
        assert isinstance(await asked.addresses("implicit.test", Family.IPV4), Found)
        assert (await asked.mx("null-mx.test")).records == (MxRecord(0, ""),)
        assert isinstance(await asked.mx("nxdomain.test"), NoSuchName)
        assert isinstance(await asked.mx("unheard-of.example"), NoSuchName)
        assert "SERVFAIL" in (await asked.mx("servfail.test")).why
        assert isinstance(await asked.mx("silent.test"), Unavailable)
        assert (await asked.mx("truncated.test")).records == (MxRecord(10, "mx.truncated.test"),)
        assert (await asked.txt("s1._domainkey.mx.test")).records == (b"v=DKIM1",)


async def test_name_server_changes_its_mind_when_told():
    async with simulated(NAMES) as simulator:
        await ask(simulator, do="set", provider="mx", dns="servfail")
        exchange = NetworkExchange([NameServer(*simulator.dns_address)], (0.05,))
        assert isinstance(await CachingResolver(exchange, FakeClock()).mx("mx.test"), Unavailable)
