"""Complaints: RFC 5965, and the forms without it."""

import pytest
from youtong.mta.reports.reading import read_report
from youtong.mta.reports.report import ReportSort

FIELDS = (
    "Feedback-Type: abuse\nUser-Agent: Feedback/1.0\nVersion: 1\nOriginal-Mail-From: <b7abc@shop.example>\n"
    "Original-Rcpt-To: <ann@there.example>\nArrival-Date: Mon, 23 Nov 2026 10:00:00 +0000\nSource-IP: 192.0.2.1\n"
    "Reported-Domain: Shop.example\n"
)
LETTER = "Message-ID: <1.abc@shop.example>\nTo: Ann <ann@there.example>\nSubject: Hello\nFeedback-ID: 1:2:3:4\n"


def complaint(
    fields: str = FIELDS,
    letter: str = LETTER,
    kind: str = "message/feedback-report",
    letter_kind: str = "message/rfc822",
) -> bytes:
    return (
        "From: feedback@there.example\nSubject: complaint\n"
        "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nThis is an abuse report.\n"
        f"--b\nContent-Type: {kind}\n\n{fields}\n--b\nContent-Type: {letter_kind}\n\n{letter}\nour words\n--b--\n"
    ).encode()


def test_a_feedback_report_is_read() -> None:
    report = read_report(complaint())
    assert (report.sort, report.style, report.recipients) == (ReportSort.COMPLAINT, "rfc5965", ())
    assert report.complaint is not None
    assert report.complaint.feedback_type == "abuse"
    assert report.complaint.user_agent == "Feedback/1.0"
    assert report.complaint.recipients == ("ann@there.example",)
    assert report.complaint.reported_domain == "shop.example"
    assert report.complaint.source_ip == "192.0.2.1"
    assert report.complaint.arrival == "Mon, 23 Nov 2026 10:00:00 +0000"
    assert report.letter.message_id == "1.abc@shop.example"
    assert report.letter.reverse_path == "b7abc@shop.example"
    assert report.letter.feedback_id == "1:2:3:4"


@pytest.mark.parametrize(
    "written", ["[redacted]", "redacted", "a***@there.example", "8f14e45fceea167a5a36dedd4bea2543"]
)
def test_a_redacted_recipient_is_kept_as_it_stands(written: str) -> None:
    report = read_report(complaint(FIELDS.replace("<ann@there.example>", written)))
    assert report.complaint is not None
    assert report.complaint.recipients == (written,)
    assert report.letter.message_id == "1.abc@shop.example"


@pytest.mark.parametrize("kind", ["abuse", "fraud", "not-spam", "opt-out", "auth-failure", "other"])
def test_the_type_of_feedback_is_the_reports_own(kind: str) -> None:
    report = read_report(complaint(FIELDS.replace("abuse", kind.upper())))
    assert report.complaint is not None
    assert report.complaint.feedback_type == kind


def test_several_recipients_are_kept_once_each() -> None:
    report = read_report(
        complaint(FIELDS + "Original-Rcpt-To: bob@there.example\nOriginal-Rcpt-To: ann@there.example\n")
    )
    assert report.complaint is not None
    assert report.complaint.recipients == ("ann@there.example", "bob@there.example")


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream"])
def test_the_fields_are_found_in_a_part_of_another_type(kind: str) -> None:
    assert read_report(complaint(kind=kind)).sort is ReportSort.COMPLAINT


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/global", "message/rfc822"])
def test_the_letter_is_named_whatever_comes_back_of_it(kind: str) -> None:
    assert read_report(complaint(letter_kind=kind)).letter.message_id == "1.abc@shop.example"


def test_one_field_in_a_persons_words_is_no_complaint() -> None:
    assert (
        read_report(b"From: bob@there.example\n\nYour field\nFeedback-Type: abuse\nis wrong.\n").sort
        is ReportSort.OTHER
    )


MARKED = f"X-HmXmrOriginalRecipient: ann@outlook.example\n{LETTER}"


@pytest.mark.parametrize(
    "body",
    [
        f"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n{MARKED}\nwords\n--b--\n",
        f"Content-Type: message/rfc822\n\n{MARKED}\nwords\n",
        f"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/rfc822-headers\n\n{MARKED}\n--b--\n",
        f"\n{MARKED}\nwords\n",
    ],
    ids=["attached", "alone", "head only", "inline"],
)
def test_microsofts_form_is_a_complaint(body: str) -> None:
    report = read_report(f"From: staff@hotmail.com\nSubject: complaint about message from 192.0.2.1\n{body}".encode())
    assert (report.sort, report.style) == (ReportSort.COMPLAINT, "jmrp")
    assert report.complaint is not None
    assert (report.complaint.feedback_type, report.complaint.recipients) == ("abuse", ("ann@outlook.example",))
    assert (report.letter.message_id, report.letter.feedback_id) == ("1.abc@shop.example", "1:2:3:4")


def test_a_letter_that_merely_comes_back_is_no_complaint() -> None:
    octets = complaint(fields="", kind="text/plain").replace(b"report-type=feedback-report; ", b"")
    assert read_report(octets).sort is not ReportSort.COMPLAINT


@pytest.mark.parametrize("line_end", [b"\r\n", b"\r"])
def test_line_ends_do_not_matter(line_end: bytes) -> None:
    assert read_report(complaint().replace(b"\n", line_end)) == read_report(complaint())
