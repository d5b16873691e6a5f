"""What is a notice and what is none, where words alone would mislead; and the guards around the last reader."""

import pytest
from youtong.mta.reports import last_reader
from youtong.mta.reports.answers import sort_of
from youtong.mta.reports.diagnostics import failure_in
from youtong.mta.reports.general import failed_addresses
from youtong.mta.reports.heuristics import read_unstandard
from youtong.mta.reports.notice import MAX_RECIPIENTS, notice_of
from youtong.mta.reports.plausible import Claims
from youtong.mta.reports.report import Report, ReportSort
from youtong.mta.reports.tree import MessageTree, read_tree


def _tree(text: str, *fields: str) -> MessageTree:
    return read_tree("\n".join([*fields, "", text]).encode())


def _read(text: str, *fields: str) -> Report | None:
    return read_unstandard(_tree(text, *fields))


_DAEMON = ("Return-Path: <>", "From: MAILER-DAEMON@mx.example.net", "To: news@sender.example")
_FAILED = "Your message could not be delivered to:\n\n  anna@example.org\n    550 5.1.1 no such user\n"


def test_the_same_words_are_a_bounce_of_a_mail_system_and_nothing_of_a_person() -> None:
    notice = _read(_FAILED, *_DAEMON, "Subject: Undelivered mail")
    assert notice is not None
    assert [(each.address, each.code, each.status) for each in notice.recipients] == [
        ("anna@example.org", 550, "5.1.1")
    ]

    assert _read(_FAILED, "From: Bert <bert@sender.example>", "Subject: Re: help", "In-Reply-To: <1@x.example>") is None


def test_addresses_to_ask_and_of_the_notice_itself_are_nobodys_failure() -> None:
    text = (
        "Your message could not be delivered to\nanna@example.org\n\nPlease contact postmaster@mx.example.net or "
        "help@example.net\nnews@sender.example was the sender\n"
    )
    notice = notice_of(_tree(text, *_DAEMON, "Subject: Undelivered mail"))
    found = failed_addresses(notice, Claims(notice))
    assert [each.address for each in found] == ["anna@example.org"]


def test_an_answer_that_quotes_words_of_failure_is_no_bounce() -> None:
    fields = ("Return-Path: <>", "From: Anna <anna@example.org>", "Subject: Automatic reply: Delivery failed?")
    assert sort_of(notice_of(_tree(_FAILED, *fields))) is ReportSort.AUTO_REPLY
    report = _read(_FAILED, *fields)
    assert report is not None
    assert (report.sort, report.recipients) == (ReportSort.AUTO_REPLY, ())


def test_a_notice_is_no_answer_though_it_says_auto_replied() -> None:
    tree = _tree(_FAILED, *_DAEMON, "Subject: Undelivered mail", "Auto-Submitted: auto-replied")
    assert sort_of(notice_of(tree)) is None


@pytest.mark.parametrize(
    ("words", "sort"),
    [
        ("It has not yet been delivered to\n<anna@example.org>\nWe will keep trying for 4 days.", ReportSort.DELAY),
        ("It was delayed, and has failed permanently for\n<anna@example.org>", ReportSort.BOUNCE),
        ("Your message was successfully delivered to\n<anna@example.org>", ReportSort.SUCCESS),
    ],
)
def test_delay_failure_and_success_are_told_by_words_that_end_hope(words: str, sort: ReportSort) -> None:
    report = _read(words, *_DAEMON, "Subject: Mail delivery status")
    assert report is not None
    assert (report.sort, [each.address for each in report.recipients]) == (sort, ["anna@example.org"])


def test_words_of_a_delay_that_gave_up_are_final_only_as_a_sentence_of_the_notice() -> None:
    report = _read(
        "Delivery attempts will continue. Eventually the mail software will give up.\n<anna@example.org>:\n 451 later",
        *_DAEMON, "Subject: Warning: message delayed",
    )  # fmt: skip
    assert report is not None
    assert report.sort is ReportSort.DELAY


def test_only_so_many_recipients_are_taken_from_one_notice() -> None:
    listed = "\n".join(f"<a{number}@example.org>: unknown user" for number in range(3 * MAX_RECIPIENTS))
    report = _read(f"This is the mail system at host mx.\n\n{listed}", *_DAEMON, "Subject: Undelivered mail")
    assert report is not None
    assert 100 < len(report.recipients) <= MAX_RECIPIENTS


def test_a_last_reader_that_raises_has_found_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(_: object) -> frozenset[bytes]:
        raise IndexError("pop from empty list")

    monkeypatch.setattr(last_reader, "scan_message", stumble)
    assert last_reader.addresses_by_flufl(_tree(_FAILED, *_DAEMON)) == []


@pytest.mark.parametrize(
    ("text", "code", "status"),
    [
        ("host said: 550 5.1.1 unknown", 550, "5.1.1"),
        ("(#5.2.2)", 0, "5.2.2"),
        ("192.0.2.550 is no code, and [4.3.2.1] no status", 0, ""),
        ("port 192.0.2.7:587", 0, ""),
    ],
)
def test_codes_are_found_in_running_text(text: str, code: int, status: str) -> None:
    assert failure_in(text)[:2] == (code, status)
