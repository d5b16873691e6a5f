"""Messages made to hurt: they give an answer of bounded size, and no noise."""

import base64
import logging

import msgspec
import pytest
from youtong.mta.reports import reading
from youtong.mta.reports.dsn_reader import MAX_RECIPIENTS
from youtong.mta.reports.reading import read_report
from youtong.mta.reports.report import Report, ReportSort
from youtong.mta.reports.tree import MessageTree

MIB = 1024 * 1024
STATUS = (
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
    b"--b\nContent-Type: message/delivery-status\n\n"
)
RECIPIENT = b"Final-Recipient: rfc822;a@b.example\nAction: failed\n"
BASE64 = b"Content-Transfer-Encoding: base64\n\n"
QUOTED = b"Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n"
HOSTILE = {
    "one line of 25 MiB": b"a" * 25 * MIB,
    "nothing but line ends": b"\r\n" * 2 * MIB,
    "nothing but NUL": b"\0" * MIB,
    "1,000 multiparts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (at, at) for at in range(1000)
    ),
    "1,000 letters": b"Content-Type: message/rfc822\n\n" * 1000,
    "1,000 letters in base64": b"Content-Type: message/rfc822\n"
    + BASE64
    + base64.encodebytes(b"Content-Type: message/rfc822\n\n" * 1000),
    "flood of boundaries": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * (MIB // 4),
    "flood of near boundaries": b"Content-Type: multipart/mixed; boundary=" + b"-" * 70 + b"\n\n" + b"-" * MIB,
    "quoted-printable of tags": QUOTED + b"=3C=\n" * (MIB // 5),
    "tags without end": b"Content-Type: text/html\n\n" + b"<style" * (MIB // 6),
    "entities of a million digits": b"Content-Type: text/html\n\n&#" + b"9" * MIB,
    "a million @": b"\n" + b"a@" * (MIB // 2),
    "angle brackets in a field": STATUS + b"Final-Recipient: rfc822;<" + b"@" * MIB,
    "one field many times": STATUS + RECIPIENT + b"X-A: b\n" * (MIB // 7),
    "codes many times": STATUS + RECIPIENT + b"Diagnostic-Code: " + b"550-5.1.1 " * (MIB // 10),
    "encoded words": b"Subject: " + b"=?x?q?a?= " * (MIB // 10),
    "fields": b"Subject: x\n" * (MIB // 11),
    "parameters": b"Content-Type: text/plain" + b';a="' * (MIB // 4),
    "heads among words": b"\n" + b"From: x\nTo: y\n\n" * (MIB // 16),
    "a codec of Python that is none": b"Content-Type: text/plain; charset=unicode_escape\n\n\\N{DIGIT ONE}\\x",
}


@pytest.mark.parametrize("octets", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_message_gives_a_bounded_answer(octets: bytes) -> None:
    report = read_report(octets)
    assert report.style != "fault"
    assert len(report.recipients) <= 1
    assert len(msgspec.json.encode(report)) < 20_000


def test_recipients_beyond_the_bound_are_left_out_and_that_is_said() -> None:
    blocks = b"".join(
        b"Final-Recipient: rfc822;u%d@b.example\nAction: failed\n\n" % at for at in range(MAX_RECIPIENTS + 500)
    )
    report = read_report(STATUS + blocks)
    assert len(report.recipients) == MAX_RECIPIENTS
    assert report.truncated


def test_what_comes_first_counts_however_much_follows() -> None:
    report = read_report(
        STATUS + RECIPIENT + b"\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <1@x>\n\n" + b"a" * 25 * MIB
    )
    assert (report.sort, report.letter.message_id, report.truncated) == (ReportSort.BOUNCE, "1@x", True)


def test_no_stranger_writes_into_our_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        read_report(b"Subject: failure notice\nReturn-Path: <>\nFrom: \n\nuser unknown\n")
    assert not caplog.records


def test_a_fault_of_ours_costs_one_message_and_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(tree: MessageTree) -> Report | None:
        raise ValueError(tree.type)

    monkeypatch.setattr(reading, "read_complaint", fail)
    assert read_report(b"\nx") == Report(ReportSort.OTHER, style="fault")
    assert len(caplog.records) == 1
