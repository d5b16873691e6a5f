"""The words of explanations: none is missing in either language, quotes stay as they came, and a case fits a screen."""

import os
import time
from collections.abc import Iterator
from itertools import product

import pytest
from rich.console import Console
from rich.table import Table
from youtong.admin import times
from youtong.admin.explain import attempts, document, endings, screen, sentences
from youtong.admin.explain.advice import advice_sentence
from youtong.admin.explain.explanation import Advice, Coming, Explanation, Next, Notice, Wait, Why
from youtong.admin.explain.facts import Headline, Letter, Signature, Surroundings, Unsigned, headline_of
from youtong.admin.explain.reasons import explain
from youtong.admin.explain.suspension_words import cancel_words, cause_words
from youtong.admin.explain.timeline import timeline
from youtong.admin.figures import CeilingSeen
from youtong.admin.waits import LaneSeen
from youtong.mta.message.notice import Action
from youtong.queue.holds import WorkerDeaths
from youtong.queue.ids import queue_id
from youtong.queue.journal import Facts, JournalKind, JournalRow
from youtong.queue.pace.ceiling import CeilingKind
from youtong.queue.pace.suspensions import Suspension, SuspensionScope
from youtong.queue.reading import MessageRow, RecipientRow
from youtong.queue.states import RecipientState
from youtong.queue.streams.render_faults import RENDER_FAULTS

NOW = 1_795_435_200_000  # 2026-11-23 12:00:00 UTC
LANGUAGES = ("en_US.UTF-8", "zh_CN.UTF-8")
STOP = Suspension(
    7, SuspensionScope.PROVIDER, "Gmail", rule="rate", reply="421 4.7.28 too fast", until_ms=1_795_435_800_000
)
LANE = LaneSeen(
    "Gmail", "default", 80, 80, 5, 10, 10, "default", CeilingSeen(CeilingKind.MESSAGE_RATE, 100, 1.0, "default", 3.0)
)
WORDS = "Recipient address rejected: Greylisted, see https://mail.example.org/greylisting?id=0815, and try again later"


def test_a_pause_of_ours_is_told_as_a_sentence_and_ended_by_the_streams_own_name() -> None:
    pause = Suspension(-9, SuspensionScope.STREAM, "9", reason=RENDER_FAULTS)
    assert cause_words(pause) == (
        "no message could be made for 20 recipients in a row: see the template and their fields"
    )
    assert cancel_words(pause) == f"youtong stream resume {queue_id(9)}"


@pytest.fixture(autouse=True)
def in_english_and_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    yield
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


def fact(kind: JournalKind, at_ms: int = NOW - 60_000, **facts: object) -> JournalRow:
    return JournalRow(1, at_ms, kind, 7, 1, 1, 0, Facts(**facts))  # type: ignore[arg-type]


DEFERRED = fact(
    JournalKind.DEFERRED, attempt=2, host="mx1.mail.example.org", address="192.0.2.1", tls="TLSv1.3", code=450,
    enhanced="4.2.0", text=WORDS, next_ms=NOW + 300_000,
)  # fmt: skip


def letter(state: RecipientState = RecipientState.SCHEDULED, *history: JournalRow, notice: int = 0) -> Letter:
    times_ms = (NOW - 3_600_000, NOW + 86_400_000)
    next_ms = NOW + 240_000 if state is RecipientState.SCHEDULED else None
    row = RecipientRow(
        1,
        1,
        1,
        "example.org",
        "bob@example.org",
        state,
        2,
        next_ms,
        None,
        notice,
        1,
        "",
        7,
        "shop@example.com",
        *times_ms,
    )
    message = MessageRow(
        1, 1, 0, 7, "people", "shop@example.com", "7BIT", False, 2048, *times_ms, "", False, b"Subject: x\r\n\r\n"
    )
    headline = Headline("Shop <shop@example.com>", "bob@example.org", "Your order 4711", "", "")
    signature = Signature("example.com", ("rsa2026", "ed2026"))
    return Letter(message, row, headline, history, signature, "shop@example.com")


def explained(*args: object, **options: object) -> Explanation:
    return explain(letter(*args, **options), Surroundings(NOW, None))  # type: ignore[arg-type]


@pytest.mark.parametrize(("why", "language"), list(product(Why, LANGUAGES)))
def test_every_reason_to_wait_has_a_sentence(why: Why, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", language)
    wait = Wait(
        why,
        words="SERVFAIL",
        who="ann",
        reason="typo",
        provider="Gmail",
        hosts=("mx1", "mx2"),
        lane=LANE,
        suspension=STOP,
    )
    sentence = sentences.why_sentence(wait, DEFERRED, NOW)
    assert sentence
    assert "{" not in sentence
    assert sentence.isascii() is False if "zh" in language else True


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_advice_and_state_has_its_own_words(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", language)
    steps = [sentences.next_sentence(Coming(each, NOW + 1, 3), "q0000001", NOW) for each in Next]
    advice = [advice_sentence(each) for each in Advice]
    states = [sentences.state_words(each) for each in RecipientState]
    unsigned = [attempts.signature_words(Signature("a.example", unsigned=each, detail="x")) for each in Unsigned]
    for words in (steps, advice, states, unsigned):
        assert len(set(words)) == len(words)
        assert not any("{" in each or not each for each in words)


@pytest.mark.parametrize("kind", JournalKind)
def test_every_fact_of_the_journal_has_words(kind: JournalKind) -> None:
    assert attempts.event_words(fact(kind, who="ann", reason="typo"), NOW)


@pytest.mark.parametrize("state", [each for each in RecipientState if each.is_terminal])
def test_every_ending_has_a_sentence_with_and_without_its_fact(state: RecipientState) -> None:
    row = fact(JournalKind(state.name.lower()), attempt=1, host="mx", who="ann", reason="typo")
    sentences_of = {endings.ending_sentence(explained(state, *history)) for history in ((row,), ())}
    assert all(sentences_of)


def test_a_delivery_is_told_with_host_time_and_attempt() -> None:
    row = fact(JournalKind.DELIVERED, NOW - 3_540_000, attempt=2, host="mx1.example.org")
    told = endings.ending_sentence(explained(RecipientState.DELIVERED, row))
    assert told == "mx1.example.org accepted it at attempt 2, 1 min after submission"


def test_who_holds_and_why_are_told_as_far_as_they_are_known() -> None:
    told = [
        sentences.why_sentence(Wait(Why.HELD, who=who, reason=reason), None, NOW)
        for who, reason in (("ann", "typo"), ("ann", ""), ("", "typo"), ("", ""))
    ]
    assert told == ["by ann: typo", "by ann", "typo", "no reason is known"]


def test_a_reply_is_quoted_as_it_came_and_our_own_words_bear_no_code() -> None:
    assert attempts.reply_words(DEFERRED) == f"450 4.2.0 {WORDS}"
    assert attempts.reply_words(fact(JournalKind.DEFERRED, text="connection refused")) == "connection refused"


def test_an_attempt_is_placed_by_host_address_tls_number_and_time() -> None:
    placed = attempts.place_words(DEFERRED, NOW)
    assert placed == "mx1.mail.example.org [192.0.2.1], TLSv1.3, attempt 2, 11:59:00"
    plain = fact(JournalKind.DEFERRED, host="mx", address="192.0.2.1", code=450, attempt=1)
    assert attempts.place_words(plain, NOW) == "mx [192.0.2.1], without TLS, attempt 1, 11:59:00"


def test_our_own_words_name_the_host_so_the_place_does_not_again() -> None:
    refused = fact(
        JournalKind.DEFERRED, host="mx.a.example", address="192.0.2.1", text="refused (by mx.a.example)", attempt=1
    )
    assert attempts.place_words(refused, NOW) == "attempt 1, 11:59:00"


def test_a_resting_site_is_told_without_words_that_its_last_attempt_says_already() -> None:
    wait = Wait(Why.SITE_RESTS, words=WORDS, since_ms=NOW)
    told = sentences.why_sentence(wait, DEFERRED, NOW)
    assert told == "no mail host of the domain accepts a session since 12:00:00; they are paused"
    assert WORDS in sentences.why_sentence(wait, None, NOW)


def test_a_notice_is_owed_or_sent_or_had_no_usable_address() -> None:
    told = [
        endings.notice_sentence(Notice("a@a.example", is_queued, number), "q0000009")
        for is_queued, number in ((False, 0), (True, 9), (True, 0))
    ]
    assert told == [
        "a notice to a@a.example is about to be queued",
        "sent to a@a.example as q0000009",
        "none: a@a.example is no usable address",
    ]


def test_a_notice_says_what_it_is_of() -> None:
    of_delay = Notice("a@a.example", True, 9, Action.DELAYED)
    of_relay = Notice("a@a.example", True, 9, Action.RELAYED)
    assert endings.notice_sentence(of_delay, "q9") == "of the delay, sent to a@a.example as q9"
    assert endings.notice_sentence(of_relay, "q9") == "that it was handed on, sent to a@a.example as q9"


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (0, "0 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (3_600_000, "1 h"),
        (3_900_000, "1 h 5 min"),
        (86_400_000 * 4 + 3_600_000 * 23, "4 d 23 h"),
        (-5, "0 s"),
    ],
)
def test_a_span_is_said_in_its_largest_units(ms: int, said: str) -> None:
    assert times.span(ms) == said


@pytest.mark.parametrize(
    ("at_ms", "said"),
    [
        (NOW + 120_000, "12:02:00 (in 2 min)"),
        (NOW - 86_400_000, "11-22 12:00:00 (1 d ago)"),
        (NOW + 86_400_000 * 60, "2027-01-22 12:00 (in 60 d)"),
    ],
)
def test_a_time_is_exact_and_relative_with_no_more_date_than_needed(at_ms: int, said: str) -> None:
    assert times.both(at_ms, NOW) == said


# -- the screen -------------------------------------------------------------------------------------------------------


def lines(explanation: Explanation, width: int) -> list[str]:
    console = Console(width=width, record=True, file=open(os.devnull, "w"), markup=False, highlight=False)  # noqa: SIM115
    with console.file:
        grid = Table.grid(padding=(0, 2))
        for name, value in screen.block(explanation, Surroundings(NOW, None)):
            grid.add_row(name, value)
        console.print(grid)
    return console.export_text().splitlines()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_typical_case_with_nine_older_letters_fits_80_by_24(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", language)
    shown = lines(explained(RecipientState.SCHEDULED, DEFERRED), 80)
    headline_warning_and_blank_lines = 4
    assert len(shown) + headline_warning_and_blank_lines + 9 <= 24, "\n".join(shown)
    assert any("4.2.0" in line for line in shown)


def test_the_newest_letter_and_the_newest_that_waits_are_told_in_full() -> None:
    ended = explained(RecipientState.CANCELLED, fact(JournalKind.CANCELLED))
    waiting, older = explained(), explained()
    assert screen.in_full([ended, waiting, older]) == [ended, waiting]
    assert screen.in_full([waiting, ended]) == [waiting]


def test_a_letter_in_one_line_says_until_when_it_waits() -> None:
    assert screen.short(explained(RecipientState.SCHEDULED, DEFERRED), NOW) == "waits until 12:04:00"
    ended = explained(RecipientState.BOUNCED, fact(JournalKind.BOUNCED))
    assert screen.short(ended, NOW) == "failed 11:59:00"


def test_a_timeline_begins_with_acceptance_and_quotes_each_reply() -> None:
    console = Console(width=200, markup=False, highlight=False)
    with console.capture() as captured:
        console.print(timeline([letter(RecipientState.SCHEDULED, DEFERRED)], NOW))
    accepted, deferred, quoted = (line.strip() for line in captured.get().splitlines())
    assert accepted == "11:00:00  accepted"
    assert deferred.startswith("11:59:00  deferred until 12:05:00")
    assert quoted == f"450 4.2.0 {WORDS}"


def test_a_program_gets_values_and_no_sentence() -> None:
    told = document.document(explained(RecipientState.SCHEDULED, DEFERRED), Surroundings(NOW, None))
    assert told["queue_id"] == "q0000001"
    assert told["wait"] == {"why": "retry", "until_ms": NOW + 240_000}
    assert told["next"] == {"what": "start", "at_ms": NOW + 240_000, "attempt": 3}
    assert (told["last"]["code"], told["last"]["text"], told["ending"]) == (450, WORDS, None)


def test_a_headline_decodes_what_it_can_and_never_fails() -> None:
    head = "From: =?utf-8?b?5byg5LiJ?= <a@a.example>\r\nSubject: \xff\x07 =?nonsense?q?a?=\r\n\r\n".encode("latin-1")
    told = headline_of(head)
    assert told.author == "张三 <a@a.example>"
    assert "\x07" not in told.subject
    assert told.message_id == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_that_ended_its_workers_says_so_in_both_lengths(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", language)
    reason = str(WorkerDeaths(3))
    for words in (sentences.reason_text(reason), sentences.reason_words(reason)):
        assert "3" in words
        assert "worker-deaths" not in words


@pytest.mark.parametrize(
    ("kind", "said"),
    [(JournalKind.LATE_BOUNCE, "bounced 11:59:00"), (JournalKind.COMPLAINT, "complained about 11:59:00")],
)
def test_an_older_letter_that_came_back_is_not_called_delivered_in_its_line(kind: JournalKind, said: str) -> None:
    taken = fact(JournalKind.DELIVERED, NOW - 120_000, host="mx", attempt=1)
    explanation = explained(RecipientState.DELIVERED, taken, fact(kind, bounce_kind="soft"))
    assert screen.short(explanation, NOW) == said
    answered = explained(RecipientState.DELIVERED, taken, fact(JournalKind.AUTO_REPLY))
    assert screen.short(answered, NOW).startswith("delivered")
