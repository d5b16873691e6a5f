"""What explain says of look-ups that fail: the kind in words, and the server that said it."""

import pytest
from fakes.explained import explained
from fakes.queue_room import QueueRoom
from youtong.admin.explain import endings, name_troubles, sentences
from youtong.admin.explain.explanation import Wait, Why
from youtong.mta.dns.answers import Trouble
from youtong.mta.dns.route import RouteUnavailable, Unroutable, UnroutableKind

LANGUAGES = ("en_US.UTF-8", "zh_CN.UTF-8")
BOB = "bob@b.example"
BOGUS = "the MX records of b.example cannot be looked up: 192.0.2.53:53 says SERVFAIL (signature expired)"


async def wait_sentence(room: QueueRoom) -> str:
    (told,) = explained(room, BOB)
    assert told.wait is not None
    return sentences.why_sentence(told.wait, None, room.clock.now_ms())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_trouble_has_its_own_words(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", language)
    words = [name_troubles.trouble_words(each) for each in Trouble]
    words += [name_troubles.unroutable_words(each) for each in UnroutableKind]
    assert all(words)
    assert len(set(words)) == len(words)
    assert not any(each.isascii() for each in words) or not language.startswith("zh")


async def test_a_bogus_answer_is_told_by_kind_reason_and_server(
    room: QueueRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.routes.answers["b.example"] = RouteUnavailable(BOGUS, Trouble.BOGUS)
    await room.accept(BOB)
    await room.load()
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    assert f"DNSSEC signatures are wrong (bogus), so its records are not believed ({BOGUS})" in await wait_sentence(
        room
    )
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "DNSSEC 签名有误（bogus），其记录不可信（the MX" in await wait_sentence(room)


async def test_a_domain_that_does_not_exist_is_told_so_before_and_after_its_letter_fails(room: QueueRoom) -> None:
    why = "the domain b.example does not exist (NXDOMAIN from 192.0.2.53:53)"
    room.routes.answers["b.example"] = Unroutable("5.1.2", UnroutableKind.NO_SUCH_DOMAIN, why)
    await room.accept(BOB)
    await room.round()
    assert (await wait_sentence(room)).endswith(f"the domain does not exist (NXDOMAIN) ({why})")
    await room.load()
    (told,) = explained(room, BOB)
    assert endings.ending_sentence(told) == "it cannot be delivered: the domain b.example does not exist"


def test_a_fault_of_no_known_kind_is_told_in_its_own_words() -> None:
    assert name_troubles.with_particulars(Wait(Why.LOOK_UP_FAILS, "internal fault, see the log")) == (
        "internal fault, see the log"
    )
