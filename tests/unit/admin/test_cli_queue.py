"""`youtong queue` and `youtong explain` as a person or a program runs them, beside a server and without one."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.explained import SeenDispatcher, config_of
from fakes.queue_room import QueueRoom
from fakes.terminal import Terminal, TerminalBeside
from youtong.admin.accounts.secrets import chosen_verifier
from youtong.admin.cli.account_frame import with_register
from youtong.admin.control import ControlServer, Refused, ask, socket_path
from youtong.admin.explain import listing
from youtong.admin.owner_control import OwnerControl
from youtong.admin.waits import MAX_ASKED
from youtong.mta.dns.route import Unroutable, UnroutableKind
from youtong.mta.outcome import Deferred, Peer, Scope, Stage
from youtong.mta.reply import reply
from youtong.queue.incarnation import OwnerLock
from youtong.queue.operators import operations
from youtong.queue.operators.operations import FLUSH, Operated, Selection
from youtong.queue.operators.orders import Order
from youtong.queue.operators.waking import Waking
from youtong.queue.reading import Wanted, reading
from youtong.queue.states import RecipientState

pytestmark = pytest.mark.usefixtures("at_home")

VERIFIER = chosen_verifier("correct horse")
ZOE = Selection(address="zoe@d.example")
LATER = Deferred(
    Stage.RCPT, Scope.RECIPIENT, reply(450, "4.2.0", "Greylisted"), peer=Peer("mx.b.example", "192.0.2.1", "TLSv1.3")
)


@pytest.fixture
def terminal(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> TerminalBeside:
    return TerminalBeside(Terminal(capfd, monkeypatch))


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[QueueRoom]:
    (tmp_path / "var").mkdir()
    made = await QueueRoom(tmp_path / "var").open()
    yield made
    if made.leasing.open:
        await made.close()


async def filled(room: QueueRoom) -> None:
    """One deferred, one held, one due letter."""
    await room.accept("bob@b.example")
    (leased,) = await room.load()
    await room.finish(leased, LATER)
    await room.accept("eve@c.example", hold="wrong attachment")
    await room.accept("zoe@d.example")


# -- looking ----------------------------------------------------------------------------------------------------------


async def test_a_listing_shows_who_waits_and_the_last_reply(room: QueueRoom, terminal: TerminalBeside) -> None:
    await filled(room)
    assert await terminal.type("queue list") == 0
    lines = terminal.out.splitlines()
    assert lines[0].split() == ["Message", "Recipient", "State", "Tries", "Age", "Next"]
    assert [line.split()[:3] for line in (lines[1], lines[3], lines[4])] == [
        ["q0000002", "eve@c.example", "held"],
        ["q0000003", "zoe@d.example", "waits"],
        ["q0000001", "bob@b.example", "waits"],
    ]
    assert lines[2] == "    wrong attachment"
    assert lines[5] == "    450 4.2.0 Greylisted"


async def test_a_listing_is_narrowed_and_cut_and_says_so(room: QueueRoom, terminal: TerminalBeside) -> None:
    await filled(room)
    assert await terminal.type("queue list --limit 1") == 0
    assert terminal.out.splitlines()[-1] == "There are more; --limit shows them."
    (held,) = await terminal.json("queue list --state held")  # type: ignore[misc]
    assert (held["recipient"], held["state"], held["queue_id"]) == ("eve@c.example", "held", "q0000002")
    (deferred,) = await terminal.json("queue list --domain B.example")  # type: ignore[misc]
    assert (deferred["attempts"], deferred["last"]["code"]) == (1, 450)
    assert await terminal.type("queue list --state expired") == 0
    assert terminal.out == "There is no such recipient.\n"


async def test_rows_of_one_letter_in_the_same_state_are_one_line_and_programs_get_each(
    room: QueueRoom, terminal: TerminalBeside
) -> None:
    await room.accept(*(f"reader{n}@c{n}.example" for n in range(301)), hold="look at it")
    await room.accept("bob@b.example", "amy@b.example", "eve@d.example")
    assert await terminal.type("queue list --limit 5") == 0
    lines = terminal.out.splitlines()
    assert [line.split("  ")[1].strip() for line in lines[1:] if not line.startswith("    ")] == [
        "reader0@c0.example and 300 more", "bob@b.example and 1 more", "eve@d.example",
    ]  # fmt: skip
    assert not lines[-1].startswith("There are more")
    assert len(await terminal.json("queue list --limit 400")) == 304  # type: ignore[arg-type]


async def test_a_listing_looks_at_few_recipients_and_says_when_it_did_not_count_all(
    room: QueueRoom, terminal: TerminalBeside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "LOOKED_AT", (4, 8))
    await room.accept(*(f"reader{n}@c.example" for n in range(12)))
    assert await terminal.type("queue list --limit 2") == 0
    assert "reader0@c.example and over 7 more" in terminal.out
    assert terminal.out.splitlines()[-1] == "There are more; --limit shows them."
    assert await terminal.type("queue list --limit 12") == 0
    assert "reader0@c.example and 11 more" in terminal.out
    assert "There are more" not in terminal.out


async def test_explaining_a_message_tells_each_fate_once_with_reason_count_and_next_step(
    room: QueueRoom, terminal: TerminalBeside
) -> None:
    await room.accept(*(f"reader{n}@c.example" for n in range(45)), "bob@b.example", hold="look at it")
    await room.commits.submit(
        lambda _: operations.operate(room.store, "release", Selection(address="bob@b.example"), "", "ann", 1)
    )
    assert await terminal.type("explain message q1") == 0
    assert "45 recipients  reader0@c.example, reader1@c.example, reader2@c.example and 42 more" in terminal.out
    assert terminal.out.count("held: look at it") == 2  # once of all, and once in the timeline
    assert terminal.out.count("youtong queue release q0000001") == 1
    assert "reader7@" not in terminal.out
    assert "Recipient  bob@b.example" in terminal.out


async def test_of_an_ended_letter_no_signature_is_told_that_only_todays_keys_would_make(
    room: QueueRoom, terminal: TerminalBeside
) -> None:
    await room.accept("bob@b.example")
    assert await terminal.type("explain recipient bob@b.example") == 0
    assert "Signature" in terminal.out
    await room.commits.submit(
        lambda _: operations.operate(room.store, "cancel", Selection(), "", "ann", room.clock.now_ms())
    )
    assert await terminal.type("explain recipient bob@b.example") == 0
    assert "Signature" not in terminal.out
    (told,) = await terminal.json("explain recipient bob@b.example")  # type: ignore[misc]
    assert told["signature"] is None


async def test_two_of_one_letter_whose_last_replies_differ_are_two_lines(
    room: QueueRoom, terminal: TerminalBeside
) -> None:
    await room.accept("bob@b.example", "amy@b.example")
    (leased,) = await room.load()
    full = Deferred(Stage.RCPT, Scope.RECIPIENT, reply(452, "4.2.2", "Mailbox full"))
    await room.finish(leased, LATER, full)
    assert await terminal.type("queue list") == 0
    assert len(terminal.out.splitlines()) == 5


async def test_one_letter_is_shown_with_envelope_headline_and_recipients(
    room: QueueRoom, terminal: TerminalBeside
) -> None:
    await filled(room)
    assert await terminal.type("queue show q2") == 0
    assert "a@example.org" in terminal.out
    assert "eve@c.example  held" in terminal.out
    shown = await terminal.json("queue show Q0000002")
    assert isinstance(shown, dict)
    assert (shown["subject"], shown["size_bytes"]) == ("hello", 45)
    assert [each["state"] for each in shown["recipients"]] == ["held"]


async def test_held_letters_are_listed_a_line_each_with_account_count_and_reason(
    room: QueueRoom, terminal: TerminalBeside
) -> None:
    await asyncio.to_thread(with_register, config_of(room), lambda register: register.add("a@a.example", VERIFIER))
    await filled(room)
    await room.accept("x@c.example", "y@c.example", hold="new-recipients:203:200")
    room.db.execute("UPDATE message SET account_id = 1")
    await room.commits.submit(lambda _: operations.operate(room.store, "hold", ZOE, "", "ann", room.clock.now_ms()))
    assert await terminal.type("queue list --held") == 0
    lines = terminal.out.splitlines()
    assert lines[0].split() == ["Message", "Account", "Recipients", "Held", "Subject"]
    rows = list(zip(lines[1:7:2], lines[2:8:2], strict=True))
    assert [(line.split()[:3], line.split()[-1], below) for line, below in rows] == [
        (["q0000002", "a@a.example", "1"], "hello", "    wrong attachment"),
        (["q0000003", "a@a.example", "1"], "hello", "    by ann"),
        (["q0000004", "a@a.example", "2"], "hello", "    new recipients: 203 within 24 hours, 200 allowed"),
    ]
    assert "youtong queue release" in lines[-1]
    shown = await terminal.json("queue list --held --limit 3")
    assert isinstance(shown, list)
    assert [(each["recipients"], each["held"]["reason"]) for each in shown if each["queue_id"] != "q0000003"] == [
        (1, "wrong attachment"),
        (2, "new-recipients:203:200"),
    ]


async def test_a_listing_of_held_letters_is_cut_narrowed_and_may_be_empty(
    room: QueueRoom, terminal: TerminalBeside
) -> None:
    await filled(room)
    assert await terminal.type("queue list --held --domain b.example") == 0
    assert terminal.out == "Nothing is held.\n"
    await room.accept("x@c.example", "y@e.example", hold="look at it")
    assert await terminal.type("queue list --held --limit 1") == 0
    assert "There are more; --limit shows them." in terminal.out
    (only,) = await terminal.json("queue list --held --domain e.example")  # type: ignore[misc]
    assert (only["first_recipient"], only["recipients"]) == ("y@e.example", 1)
    assert await terminal.type("queue list --held --state expired") == 2


@pytest.mark.parametrize(
    ("language", "short", "whole"),
    [
        ("C.UTF-8", "new recipients: 203 within 24 hours, 200 allowed", "if somebody stole the password"),
        ("zh_CN.UTF-8", "新收件人：24 小时内 203 个，限额 200 个", "若密码被盗"),
    ],
)
async def test_the_brakes_reason_is_told_by_show_and_explain_in_both_languages(
    room: QueueRoom, terminal: TerminalBeside, monkeypatch: pytest.MonkeyPatch, language: str, short: str, whole: str
) -> None:
    await room.accept("x@c.example", "y@c.example", hold="new-recipients:203:200")
    monkeypatch.setenv("LANG", language)
    assert await terminal.type("queue show q1") == 0
    assert terminal.out.count(short) == 2
    assert await terminal.type("explain recipient x@c.example") == 0
    assert whole in terminal.out.replace("\n", " ")
    assert "youtong queue release q0000001" in terminal.out


async def test_explaining_a_recipient_without_a_server_says_so_once(room: QueueRoom, terminal: TerminalBeside) -> None:
    await filled(room)
    assert await terminal.type("explain recipient bob@b.example") == 0
    assert terminal.out.count("The server is not running") == 1
    assert "450 4.2.0 Greylisted" in terminal.out
    assert "mx.b.example [192.0.2.1], TLSv1.3, attempt 1" in terminal.out
    assert "unsigned: example.org has no DKIM key" in terminal.out


async def test_an_address_without_letters_is_an_answer_and_no_failure(
    room: QueueRoom, terminal: TerminalBeside
) -> None:
    assert await terminal.type("explain recipient nobody@b.example") == 0
    assert terminal.out == "There is no message to nobody@b.example in the queue.\n"
    assert await terminal.json("explain recipient nobody@b.example") == []


async def test_explaining_a_message_tells_its_life_for_each_recipient(
    room: QueueRoom, terminal: TerminalBeside
) -> None:
    await room.accept("bob@b.example", "eve@b.example")
    (leased,) = await room.load()
    await room.finish(leased, LATER, LATER)
    assert await terminal.type("explain message q0000001") == 0
    assert "2 recipients  bob@b.example, eve@b.example" in terminal.out
    assert "bob@b.example and 1 more: deferred until" in terminal.out
    assert terminal.out.count("450 4.2.0 Greylisted") == 2  # said once of both, and once in the timeline
    told = await terminal.json("explain message q0000001")
    assert isinstance(told, dict)
    assert [event["recipient"] for event in told["events"]] == ["bob@b.example", "eve@b.example"]
    assert {each["wait"]["why"] for each in told["recipients"]} <= {"retry", "server-down"}


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        ("explain message q0000099", 1, "There is no message q0000099."),
        ("queue show q0000099", 1, "There is no message q0000099."),
        ("explain message u!", 2, "is not a queue id"),
        ("queue show nonsense", 2, "is not a queue id"),
        ("queue release q0000099", 0, ""),
        ("explain recipient bob", 2, "is no e-mail address"),
        ("queue hold", 2, "Say which messages"),
        ("queue cancel q1 --all", 2, "Say which messages"),
        ("queue list --account nobody@b.example", 1, "There is no account nobody@b.example."),
        ("queue suspend b.example", 2, "suspend"),
    ],
)
async def test_a_refusal_is_a_sentence_with_its_exit_code(
    room: QueueRoom, terminal: TerminalBeside, line: str, code: int, sentence: str
) -> None:
    assert await terminal.type(line) == code
    assert sentence in terminal.err


@pytest.mark.parametrize("line", ["queue list", "queue flush", "explain recipient bob@b.example", "queue show q1"])
async def test_where_no_server_ever_ran_that_is_said_and_nothing_is_made(terminal: TerminalBeside, line: str) -> None:
    assert await terminal.type(line) == 1
    assert "the server never ran here" in terminal.err
    assert not os.path.exists("var/queue.db")  # noqa: ASYNC240 - no server in this loop waits for it


# -- acting, without a server -----------------------------------------------------------------------------------------


def states(folder: Path) -> dict[str, RecipientState]:
    with reading(folder) as reader:
        every = [row for state in RecipientState for row in reader.listed(Wanted(state=state), 100)]
    return {row.address: row.state for row in every}


async def test_without_a_server_letters_are_held_released_and_cancelled_with_who_and_why(
    room: QueueRoom, terminal: TerminalBeside
) -> None:
    await filled(room)
    await room.close()
    assert await terminal.type("queue hold --domain d.example --reason typo") == 0
    assert terminal.out == "1 recipient is held.\n"
    assert states(room.folder)["zoe@d.example"] is RecipientState.HELD
    (told,) = await terminal.json("explain recipient zoe@d.example")  # type: ignore[misc]
    assert (told["wait"]["who"], told["wait"]["reason"]) == ("ann", "typo")
    assert await terminal.type("queue release --all") == 0
    assert terminal.out == "2 recipients are released.\n"
    assert await terminal.type("queue cancel q0000003") == 0
    assert states(room.folder)["zoe@d.example"] is RecipientState.CANCELLED
    assert states(room.folder)["bob@b.example"] is RecipientState.SCHEDULED


async def test_without_a_server_a_flush_makes_what_waits_due(room: QueueRoom, terminal: TerminalBeside) -> None:
    await filled(room)
    room.db.execute("UPDATE recipient SET next_ms = next_ms + 9000000000000 WHERE address = 'bob@b.example'")
    await room.close()
    assert await terminal.type("queue flush") == 0
    assert terminal.out == "1 recipient is due now.\n"
    assert await terminal.type("queue flush") == 0
    assert terminal.out == "Nothing had to be made due: whatever waits is due already, or held.\n"


async def test_without_a_server_leases_are_recovered_before_anything_is_changed(
    room: QueueRoom, terminal: TerminalBeside
) -> None:
    """A letter whose worker died with the server is no longer under way: it can be held."""
    await room.accept("bob@b.example")
    await room.load()
    await room.close()
    assert states(room.folder)["bob@b.example"] is RecipientState.LEASED
    assert await terminal.type("queue hold --all") == 0
    assert terminal.out == "1 recipient is held.\n"
    assert states(room.folder)["bob@b.example"] is RecipientState.HELD


async def test_what_was_under_way_when_the_server_ended_is_listed_as_interrupted(
    room: QueueRoom, terminal: TerminalBeside
) -> None:
    await room.accept("bob@b.example")
    await room.load()
    assert await terminal.type("queue list") == 0
    assert "interrupted" in terminal.out
    assert "being delivered" not in terminal.out


async def test_while_a_server_starts_or_stops_nothing_is_changed(room: QueueRoom, terminal: TerminalBeside) -> None:
    await filled(room)
    lock = OwnerLock(room.run_dir)
    try:
        assert await terminal.type("queue cancel --all") == 1
    finally:
        lock.release()
    assert "starting or stopping" in terminal.err
    assert RecipientState.CANCELLED not in states(room.folder).values()


# -- beside a server --------------------------------------------------------------------------------------------------


class OperatedDispatcher(SeenDispatcher):
    """Operates as the Dispatcher does."""

    def __init__(self, room: QueueRoom) -> None:
        super().__init__(room)
        self._room = room

    async def carry_out(self, order: Order) -> Operated:
        if order.operation != FLUSH:
            return await self._room.operating.carry_out(order)
        waking = Waking(self._room.sites, int, order)
        return waking.done(await self._room.operating.carry_out(order, waking.met))


@pytest.fixture
async def served(room: QueueRoom) -> AsyncIterator[QueueRoom]:
    """The room's owner answers on owner.sock, and holds the lock."""
    control = OwnerControl(OperatedDispatcher(room), lambda: 1, room.clock)  # type: ignore[arg-type]
    lock = OwnerLock(room.run_dir)
    server = ControlServer(socket_path(room.folder, "owner"), control.answer)
    await server.start()
    yield room
    await server.stop()
    lock.release()


async def test_a_running_server_does_it_at_once_or_when_what_is_under_way_has_ended(
    served: QueueRoom, terminal: TerminalBeside
) -> None:
    await filled(served)
    (leased,) = await served.load()
    assert await terminal.type("queue hold --recipient zoe@d.example") == 0
    assert terminal.err == "1 is being delivered this moment: it is held as soon as that ends without a delivery.\n"
    assert await terminal.type("queue cancel --all") == 0
    assert terminal.out == "2 recipients are cancelled.\n"
    assert terminal.err == (
        "1 is being delivered this moment: it is cancelled as soon as that ends without a delivery.\n"
    )
    assert served.states()["zoe@d.example"] is RecipientState.LEASED
    await served.give_back(leased)
    assert served.states()["zoe@d.example"] is RecipientState.CANCELLED


async def test_a_running_server_tells_what_is_under_way(served: QueueRoom, terminal: TerminalBeside) -> None:
    await filled(served)
    await served.load()
    assert await terminal.type("explain recipient zoe@d.example") == 0
    assert "The server is not running" not in terminal.out
    assert "being delivered: to mx.d.example, for" in terminal.out


@pytest.mark.parametrize("line", ["queue list", "queue show q1", "explain recipient bob@b.example"])
async def test_a_domain_that_nobody_can_tell_about_is_told_with_reason_and_time_wherever_it_is_looked_at(
    served: QueueRoom, terminal: TerminalBeside, line: str
) -> None:
    served.routes.fails("b.example")
    await served.accept("bob@b.example")
    await served.load()
    served.clock.advance(60)
    await served.load()
    assert await terminal.type(line) == 0
    assert "the domain's mail hosts cannot be found out" in terminal.out
    assert "asked 2 times" in terminal.out
    assert ("(in 2 min)" in terminal.out) is line.startswith(
        "queue"
    )  # to explain it is too old by this machine's clock


async def test_a_resting_site_is_listed_with_its_rounds_and_the_end_of_its_rest(
    served: QueueRoom, terminal: TerminalBeside
) -> None:
    await served.accept("bob@b.example")
    (leased,) = await served.load()
    await served.give_back(leased)
    for _ in range(11):
        served.sites.site_failed("mx.b.example", "connection refused by mx.b.example [192.0.2.1]")
        served.clock.advance(3600)
    served.sites.site_failed("mx.b.example", "connection refused by mx.b.example [192.0.2.1]")
    await served.load()
    (told,) = await terminal.json("queue list")  # type: ignore[misc]
    assert (told["wait"]["why"], told["wait"]["rounds"], told["attempts"]) == ("site-rests", 12, 0)
    assert await terminal.type("queue list") == 0
    assert "tried 12 times; they are paused: connection refused by mx.b.example" in terminal.out
    assert "due" not in terminal.out.splitlines()[1]


async def test_more_domains_than_one_question_holds_are_all_asked_about(
    served: QueueRoom, terminal: TerminalBeside
) -> None:
    domains = [f"d{n}.example" for n in range(MAX_ASKED + 3)]
    for domain in domains:
        served.routes.fails(domain)
    await served.accept(*(f"bob@{domain}" for domain in domains))
    await served.load()
    told = await terminal.json("queue list --limit 500")
    assert isinstance(told, list)
    assert {each["wait"]["why"] for each in told} == {"look-up-fails"}


async def test_a_flush_goes_through_the_running_server(served: QueueRoom, terminal: TerminalBeside) -> None:
    await filled(served)
    assert await terminal.type("queue flush --recipient BOB@b.example") == 0
    assert terminal.out == "1 recipient is due now.\n"
    assert served.journal("bob@b.example")[-1].facts.who == "ann"


async def test_a_flush_that_only_ends_rests_says_so(served: QueueRoom, terminal: TerminalBeside) -> None:
    served.routes.fails("b.example")
    await served.accept("bob@b.example")
    await served.load()
    assert await terminal.type("queue flush") == 0
    assert terminal.out.splitlines()[-1] == "1 receiver that did not answer is tried again at once."
    assert "0 recipients" not in terminal.out


async def test_a_flush_of_one_domain_leaves_the_rests_of_others_alone(
    served: QueueRoom, terminal: TerminalBeside
) -> None:
    served.routes.fails("b.example")
    served.routes.fails("c.example")
    await served.accept("bob@b.example", "eve@c.example")
    await served.load()
    assert await terminal.type("queue flush --domain nowhere.example") == 0
    assert "Nothing had to be made due" in terminal.out
    assert await terminal.type("queue flush --domain b.example") == 0
    assert "1 receiver that did not answer is tried again at once." in terminal.out
    assert served.sites.domain_rest("b.example") is None
    assert served.sites.domain_rest("c.example") is not None


async def test_a_flush_says_that_failed_look_ups_are_forgotten(served: QueueRoom, terminal: TerminalBeside) -> None:
    served.routes.answers["b.example"] = Unroutable("5.1.2", UnroutableKind.NO_SUCH_DOMAIN, "no such domain")
    await served.accept("bob@b.example")
    await served.load()
    assert await terminal.type("queue flush") == 0
    assert terminal.out == "Names that could not be looked up are asked for again.\n"


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ({"verb": "nonsense"}, "there is no verb 'nonsense'"),
        ({"verb": "operate", "operation": "hold"}, "selection"),
        ({"verb": "operate", "operation": "explode", "selection": {}}, "explode"),
        ({"verb": "waits", "domains": "b.example"}, "domains"),
    ],
)
async def test_a_question_that_is_not_understood_is_refused(
    served: QueueRoom, question: dict[str, object], sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        await asyncio.to_thread(ask, served.folder, "owner", question)


async def test_the_owner_says_how_it_is(served: QueueRoom) -> None:
    await filled(served)
    served.clock.advance(5)
    status = await asyncio.to_thread(ask, served.folder, "owner", {"verb": "status"})
    assert (status["pid"], status["workers"], status["delivers"]) == (os.getpid(), [4000], True)
    assert status["uptime_seconds"] == 5.0
