"""What came back is written down: once, for its own recipient, and bounded."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
from fakes.clock import FakeClock
from fakes.ended_mail import DAY_MS, NOW_MS, EndedMail
from fakes.inbound_house import OURS, OWNER, InboundHouse, submission
from fakes.queue_ports import FixedSchedule
from hypothesis import given, strategies as st
from msgspec.structs import replace
from youtong.mta.message.sent_on import LOOP_FIELD
from youtong.mta.submission.ports import InlineBody
from youtong.queue.archive.archiving import Archiving, KeepTimes
from youtong.queue.inbound.inbound_mail import Addressee, Effect, InboundKind, InboundMessage, ReadAs
from youtong.queue.inbound.inbound_store import InboundStore
from youtong.queue.journal import Facts, JournalKind, JournalRow
from youtong.queue.reading import reading
from youtong.queue.returns.fates import Fate, fate_after, open_fate
from youtong.queue.returns.heard import Heard, HeardOfStream, Noted, ReadMail
from youtong.queue.returns.recording import MAX_ROWS, Recording
from youtong.queue.returns.sending_on import PER_HOUR, SendingOn
from youtong.queue.returns.whose import accounts_of_streams
from youtong.queue.short_steps import ShortSteps
from youtong.queue.states import RecipientState
from youtong.queue.storage import reads

ENDED_MS = 5_000
OTHERS = 8


class Room:
    """A store with delivered recipients, and whoever writes down what came back about them."""

    def __init__(self, house: InboundHouse) -> None:
        self.house = house
        self.due: list[str] = []
        self.sending_on = SendingOn(
            house.commits, house.queue, house.spool, FixedSchedule(), lambda _, domain: self.due.append(domain),
            house.clock, hostname="mx.house.example", operator="",
        )  # fmt: skip
        self.recording = Recording(house.commits, house.queue, house.folder, self.sending_on, house.clock)

    async def delivered(self, number: int) -> None:
        await self.house.sent(number, ENDED_MS)
        self.house.queue.counters.__init__(self.house.connection)

    async def came(self, body: bytes = b"Hello\r\n") -> int:
        """An inbound message; its number."""
        await self.house.sink.accept(submission(f"postmaster@{OURS}", body=InlineBody(body)))
        return self.house.stored()[-1].seq

    async def told(self, *heard: Heard) -> tuple[Noted, str]:
        """One more message that says so: the answer, and what followed."""
        seq = await self.came()
        [noted] = await self.recording.record([ReadMail(seq, ReadAs.BOUNCE, heard)])
        return noted, self.house.stored()[-1].effect

    def history(self, number: int) -> list[JournalRow]:
        [(newest,)] = self.house.connection.execute("SELECT journal_seq FROM recipient WHERE id = ?", (number,))
        return reads.chain(self.house.connection, newest, 100)

    def state(self, number: int) -> int:
        return self.house.connection.execute("SELECT state FROM recipient WHERE id = ?", (number,)).fetchone()[0]

    def rows(self, table: str) -> int:
        return self.house.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    house = await InboundHouse(tmp_path).open()
    yield Room(house)
    await house.close()


def late(number: int, bounce_kind: str = "hard", *, account: int = OWNER, domain: str = OURS) -> Heard:
    return Heard(number, JournalKind.LATE_BOUNCE, Facts(bounce_kind=bounce_kind), domain, account)


def complaint(number: int) -> Heard:
    return Heard(number, JournalKind.COMPLAINT, Facts(), OURS, OWNER)


# -- fates


NEWS = st.sampled_from(
    [
        (JournalKind.LATE_BOUNCE, "hard"),
        (JournalKind.LATE_BOUNCE, "soft"),
        (JournalKind.COMPLAINT, ""),
        (JournalKind.AUTO_REPLY, ""),
        (JournalKind.HEARD_DELAY, ""),
        (JournalKind.HEARD_SUCCESS, ""),
    ]
)


@given(st.lists(NEWS), st.randoms())
def test_the_order_of_news_and_repetition_change_no_fate(news: list[tuple[JournalKind, str]], random: Random) -> None:
    def fold(order: list[tuple[JournalKind, str]]) -> Fate:
        fate = open_fate(RecipientState.DELIVERED)
        assert fate is not None
        for kind, bounce_kind in order:
            fate = fate_after(fate, kind, bounce_kind)
        return fate

    shuffled = [*news, *news]
    random.shuffle(shuffled)
    assert fold(news) is fold(shuffled)


@pytest.mark.parametrize("state", list(RecipientState))
def test_only_who_may_have_the_letter_has_a_fate_that_news_can_change(state: RecipientState) -> None:
    is_open = state in (RecipientState.DELIVERED, RecipientState.UNCONFIRMED)
    assert (open_fate(state) is not None) == is_open


# -- writing down


async def test_a_late_bounce_changes_the_fate_and_not_the_state(room: Room) -> None:
    await room.delivered(5)
    assert await room.told(late(5)) == (Noted.DONE, Effect.RECORDED)
    assert room.state(5) == RecipientState.DELIVERED
    ending, heard = room.history(5)
    assert (ending.kind, heard.kind) == (JournalKind.DELIVERED, JournalKind.LATE_BOUNCE)
    facts = heard.facts
    assert (facts.fate_before, facts.fate, facts.ended_ms, facts.inbound) == ("delivered", "hard-late", ENDED_MS, 1)


async def test_only_what_makes_a_fate_worse_changes_it(room: Room) -> None:
    await room.delivered(5)
    for heard in (late(5, "soft"), late(5, "hard"), late(5, "soft"), complaint(5), late(5)):
        await room.told(heard)
    changes = [(row.facts.fate_before, row.facts.fate) for row in room.history(5)[1:]]
    assert changes == [("delivered", "soft-late"), ("soft-late", "hard-late"), ("", ""), ("hard-late", "complaint"),
                       ("", "")]  # fmt: skip


async def test_a_message_is_read_once(room: Room) -> None:
    await room.delivered(5)
    seq = await room.came()
    mail = ReadMail(seq, ReadAs.BOUNCE, (late(5),))
    assert await room.recording.record([mail, mail]) == [Noted.DONE, Noted.KNOWN]
    assert await room.recording.record([mail]) == [Noted.KNOWN]
    assert len(room.history(5)) == 2


async def test_a_replayed_message_writes_a_few_rows_however_often_it_comes(room: Room) -> None:
    await room.delivered(5)
    seqs = [await room.came() for _ in range(100)]
    mails = [ReadMail(seq, ReadAs.BOUNCE, (late(5), complaint(5))) for seq in seqs]
    for first in range(0, len(mails), 50):
        await room.recording.record(mails[first : first + 50])
    assert len(room.history(5)) == 1 + 2 * MAX_ROWS
    assert {message.effect for message in room.house.stored()} == {Effect.RECORDED, Effect.REPEATED}
    assert [row.facts.fate for row in room.history(5) if row.facts.fate] == ["hard-late", "complaint"]


async def test_a_flood_of_one_sort_leaves_room_for_another(room: Room) -> None:
    await room.delivered(5)
    for _ in range(MAX_ROWS + 1):
        await room.told(late(5, "soft"))
    assert await room.told(late(5, "hard")) == (Noted.DONE, Effect.RECORDED)


async def test_who_wrote_to_another_account_changes_nothing(room: Room) -> None:
    await room.delivered(5)
    foreign = late(5, account=OTHERS, domain="others.example")
    assert await room.told(foreign) == (Noted.DONE, Effect.UNRELATED)
    assert await room.told(late(5, account=0, domain="mx.house.example")) == (Noted.DONE, Effect.UNRELATED)
    assert len(room.history(5)) == 1


async def test_a_recipient_of_another_account_in_the_same_verp_domain_is_theirs(room: Room) -> None:
    """The operator's program sends as a customer's domain."""
    await room.delivered(5)
    room.house.connection.execute("UPDATE message SET verp_domain = 'others.example'")
    assert await room.told(late(5, account=OTHERS, domain="others.example")) == (Noted.DONE, Effect.RECORDED)


async def test_our_hostname_stands_for_all_when_the_letter_itself_names_the_recipient(room: Room) -> None:
    """A complaint to fbl@ with our Message-ID in it."""
    await room.delivered(5)
    heard = Heard(5, JournalKind.COMPLAINT, Facts(), "mx.house.example", 0, is_signed=False)
    assert await room.told(heard) == (Noted.DONE, Effect.RECORDED)


async def test_a_number_that_nobody_has_changes_nothing(room: Room) -> None:
    assert await room.told(late(77)) == (Noted.DONE, Effect.UNRELATED)


async def test_nothing_is_written_while_a_recipient_is_attempted(room: Room) -> None:
    await room.delivered(5)
    room.house.connection.execute("UPDATE recipient SET state = 1, lease = 9 WHERE id = 5")
    noted, effect = await room.told(late(5))
    assert (noted, effect) == (Noted.BUSY, "")
    assert room.house.stored()[-1].read_as == "", "it stays unread"
    room.house.connection.execute("UPDATE recipient SET state = 10, lease = NULL WHERE id = 5")
    assert await room.recording.record([ReadMail(1, ReadAs.BOUNCE, (late(5),))]) == [Noted.DONE]


async def test_of_one_that_still_waits_no_state_and_no_fate_changes(room: Room) -> None:
    await room.delivered(5)
    room.house.connection.execute("UPDATE recipient SET state = 0, next_ms = 9 WHERE id = 5")
    assert await room.told(late(5)) == (Noted.DONE, Effect.RECORDED)
    assert room.state(5) == RecipientState.SCHEDULED
    assert room.history(5)[-1].facts.fate == ""


async def test_what_comes_back_keeps_no_address_open(room: Room) -> None:
    await room.delivered(5)
    await room.told(late(5))
    assert await room.house.store.attempted_ms(5) == ENDED_MS


async def test_two_news_of_one_recipient_in_one_message_are_chained(room: Room) -> None:
    await room.delivered(5)
    await room.told(late(5, "soft"), complaint(5))
    assert [row.kind for row in room.history(5)[1:]] == [JournalKind.LATE_BOUNCE, JournalKind.COMPLAINT]


async def test_what_was_heard_is_forgotten_in_the_end(room: Room) -> None:
    await room.delivered(5)
    await room.told(late(5))
    room.house.clock.advance(401 * 86_400)
    assert await room.recording.sweep() == 1
    assert room.rows("returned") == 0


# -- to the operator


def forwarded(seq: int, address: str = f"postmaster@{OURS}") -> ReadMail:
    return ReadMail(seq, ReadAs.LETTER, for_operator=address)


async def test_mail_to_postmaster_is_sent_on_whole_from_the_null_reverse_path(room: Room) -> None:
    room.sending_on.operator = "ops@home.example"
    seq = await room.came(b"Help us.\r\n")
    assert await room.recording.record([forwarded(seq)]) == [Noted.DONE]
    assert room.house.stored()[-1].effect == Effect.SENT_ON
    [(reverse_path, is_notice, head, body)] = room.house.connection.execute(
        "SELECT reverse_path, is_notice, head, body FROM message JOIN content ON content.id = message.content_id"
    )
    assert (reverse_path, is_notice) == ("", 1)
    assert f"{LOOP_FIELD}: mx.house.example\r\n".encode() in head
    assert b"Subject: [postmaster] Hi\r\n" in head
    assert b"From: <ann@elsewhere.example>\r\nSubject: Hi\r\n\r\nHelp us.\r\n" in body
    assert room.due == ["home.example"]


async def test_a_large_letter_is_sent_on_from_a_file_of_its_own(room: Room) -> None:
    room.sending_on.operator = "ops@home.example"
    seq = await room.came(b"x" * 70 + b"\r\n" + b"y" * 900_000)
    await room.recording.record([forwarded(seq)])
    [(name,)] = room.house.connection.execute("SELECT spool FROM content")
    assert (room.house.spool / name).stat().st_size > 900_000
    assert await room.recording.record([forwarded(seq)]) == [Noted.KNOWN]
    assert [path.name for path in room.house.spool.iterdir()] == [name], "nothing is left of the second try"


async def test_what_we_sent_on_is_not_sent_on_again(room: Room) -> None:
    room.sending_on.operator = f"postmaster@{OURS}"
    await room.came()
    await room.recording.record([forwarded(1)])
    [(head, body)] = room.house.connection.execute("SELECT head, body FROM content")
    again = submission(f"postmaster@{OURS}", body=InlineBody(body))
    await room.house.sink.accept(type(again)(again.origin, again.client, again.envelope, head, again.body))
    await room.recording.record([forwarded(2)])
    assert [message.effect for message in room.house.stored()] == [Effect.SENT_ON, Effect.KEPT]


async def test_without_an_address_of_the_operator_and_beyond_the_hours_number_it_is_kept(room: Room) -> None:
    seq = await room.came()
    await room.recording.record([forwarded(seq)])
    assert room.house.stored()[-1].effect == Effect.KEPT
    room.sending_on.operator = "ops@home.example"
    seqs = [await room.came() for _ in range(PER_HOUR + 1)]
    await asyncio.gather(*(room.recording.record([forwarded(each)]) for each in seqs))
    effects = [message.effect for message in room.house.stored()[1:]]
    assert (effects.count(Effect.SENT_ON), effects.count(Effect.KEPT)) == (PER_HOUR, 1)
    room.house.clock.advance(3600)
    await room.recording.record([forwarded(await room.came())])
    assert room.house.stored()[-1].effect == Effect.SENT_ON


async def test_news_of_an_archived_recipient_is_told_with_its_history(tmp_path: Path) -> None:
    mail = EndedMail(tmp_path)
    _message, [number] = await mail.ended("ann@far.example")
    clock = FakeClock(NOW_MS)

    async def followed() -> int:
        return 1 << 60

    await Archiving(tmp_path, ShortSteps(mail.commits), followed, KeepTimes(), clock).round()
    assert mail.number("SELECT count(*) FROM recipient") == 0
    store = InboundStore(mail.commits, tmp_path, clock, keep_days=30, keep_octets=10_000_000)
    new = InboundMessage(
        0, NOW_MS, "", "192.0.2.1", "far.example", "", 10, (Addressee("x@y.example", InboundKind.VERP),)
    )
    seqs = [await store.put(new, b"h", InlineBody(b"b")) for _ in range(2)]
    sending_on = SendingOn(
        mail.commits, mail.store, tmp_path, FixedSchedule(), lambda _, __: None, clock, hostname="h", operator=""
    )
    recording = Recording(mail.commits, mail.store, tmp_path, sending_on, clock)
    for seq in seqs:
        heard = Heard(number, JournalKind.COMPLAINT, Facts(), "y.example", 1)
        assert await recording.record([ReadMail(seq, ReadAs.COMPLAINT, (heard,))]) == [Noted.DONE]
    with reading(tmp_path) as reader:
        [row] = reader.at_address("ann@far.example", 10)
        kinds = [each.kind for each in reader.history(row)]
        assert kinds[-4:] == [JournalKind.HELD, JournalKind.CANCELLED, JournalKind.COMPLAINT, JournalKind.COMPLAINT]
        assert reader.history(row)[-1].facts.ended_ms == NOW_MS - 10 * DAY_MS
    clock.advance(401 * 86_400)
    assert await recording.sweep() == 1
    assert mail.number("SELECT count(*) FROM journal WHERE kind = 'complaint'") == 0
    await mail.close()


async def test_a_complaint_about_a_stream_is_written_down_for_it_alone(room: Room) -> None:
    room.house.connection.execute(
        "INSERT INTO stream (id, account_id, name, run_state, message_id, created_ms)"
        " VALUES (3, 7, 'x', 'running', 1, 0)"
    )
    assert accounts_of_streams(room.house.folder, [3, 4]) == {3: 7}
    about = HeardOfStream(3, 7, "abuse", "SomeFBL/1.0")
    await room.recording.record([ReadMail(await room.came(), ReadAs.COMPLAINT, of_stream=about)])
    await room.recording.record([ReadMail(await room.came(), ReadAs.COMPLAINT, of_stream=replace(about, account_id=8))])
    assert [message.effect for message in room.house.stored()] == [Effect.RECORDED, Effect.UNRELATED]
    rows = room.house.connection.execute("SELECT count FROM stream_complaint WHERE stream_id = 3").fetchall()
    assert rows == [(1,)]
