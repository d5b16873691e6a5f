"""Notices that have the fields of RFC 3464, by the book and nearly."""

import base64

import pytest
from youtong.mta.reports.reading import read_report
from youtong.mta.reports.report import Report, ReportedRecipient, ReportSort

LETTER = (
    "Message-ID: <1.abc@shop.example>\nReturn-Path: <b7abc@shop.example>\nTo: Ann <ann@there.example>\n"
    "Subject: Hello\nFeedback-ID: 1:2:3:4\n"
)
BASIC = "Final-Recipient: rfc822; ann@there.example\nAction: failed\nStatus: 5.1.1\n"


def notice(
    status: str,
    words: str = "We could not deliver your mail.",
    *,
    kind: str = "message/delivery-status",
    letter: str = LETTER,
    letter_kind: str = "text/rfc822-headers",
    head: str = "From: Mail Delivery System <MAILER-DAEMON@there.example>\nSubject: Undelivered\n",
    top: str = 'multipart/report; report-type=delivery-status; boundary="=_b"',
) -> bytes:
    parts = [("text/plain; charset=utf-8", words), (kind, status), (letter_kind, letter)]
    body = "".join(f"--=_b\nContent-Type: {kind}\n\n{text}\n" for kind, text in parts)
    return f"{head}Content-Type: {top}\n\n{body}--=_b--\n".encode()


def only(report: Report) -> ReportedRecipient:
    (recipient,) = report.recipients
    return recipient


def read_one(status: str, words: str = "We could not deliver your mail.") -> ReportedRecipient:
    return only(read_report(notice(status, words)))


def test_every_field_is_read() -> None:
    report = read_report(
        notice(
            "Reporting-MTA: dns; mx.there.example (there)\nOriginal-Envelope-Id: e-1\nArrival-Date: today\n\n"
            "Original-Recipient: rfc822;ann+40news@there.example\nFinal-Recipient: RFC822; <ann@there.example>\n"
            "Action: Failed\nStatus: 5.1.1 (bad mailbox)\nRemote-MTA: dns; in.there.example (192.0.2.1)\n"
            "Diagnostic-Code: smtp; 550 5.1.1 no such user\n here\n",
            "<ann@there.example>: no such user",
        )
    )
    assert (report.sort, report.style, report.reporting_mta) == (ReportSort.BOUNCE, "rfc3464", "mx.there.example")
    assert only(report) == ReportedRecipient(
        address="ann+40news@there.example",
        original="ann+40news@there.example",
        final="ann@there.example",
        action="failed",
        status="5.1.1",
        remote_mta="in.there.example",
        diagnostic="550 5.1.1 no such user here",
        code=550,
        words="bad mailbox <ann@there.example>: no such user",
    )
    assert report.letter.message_id == "1.abc@shop.example"
    assert report.letter.reverse_path == "b7abc@shop.example"
    assert report.letter.feedback_id == "1:2:3:4"
    assert report.letter.to == ("ann@there.example",)
    assert report.letter.subject == "Hello"
    assert report.letter.original_to == "e-1"


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("rfc822;ann@there.example", "ann@there.example"),
        ("ann@there.example", "ann@there.example"),
        ("RFC822 ; ann@there.example (Ann)", "ann@there.example"),
        ("rfc822;<ann@there.example>", "ann@there.example"),
        ("rfc822; rfc822; ann@there.example", "ann@there.example"),
        ("rfc822:ann@there.example", "ann@there.example"),
        ("smtp;ann@there.example;", "ann@there.example"),
        ("rfc822;ann+40there.example", "ann@there.example"),
        ("rfc822;ann+40tag@there.example", "ann+40tag@there.example"),
        ("utf-8;\\x{5B89}@there.example", "安@there.example"),
        ("utf-8; 安@例子.example", "安@例子.example"),
        ("LOCAL; ann", "ann"),
        ("x400; /S=ann/C=GB/", "/S=ann/C=GB/"),
        ('rfc822; "ann lee"@there.example', '"ann lee"@there.example'),
        ("rfc822; ann\x07@there.example", "ann?@there.example"),
    ],
)
def test_a_final_recipient_is_read_whatever_its_form(value: str, address: str) -> None:
    assert read_one(f"Final-Recipient: {value}\nAction: failed\nStatus: 5.1.1\n").final == address


def test_an_original_recipient_that_is_no_address_gives_way_to_the_final_one() -> None:
    assert read_one("Original-Recipient: rfc822;undisclosed\n" + BASIC).address == "ann@there.example"


@pytest.mark.parametrize(
    ("actions", "sort"),
    [
        (["failed"], ReportSort.BOUNCE),
        (["delayed"], ReportSort.DELAY),
        (["Delayed (will be retried)"], ReportSort.DELAY),
        (["delivered"], ReportSort.SUCCESS),
        (["relayed (to there)", "expanded"], ReportSort.SUCCESS),
        (["delivered", "delayed"], ReportSort.DELAY),
        (["delivered", "failed", "delayed"], ReportSort.BOUNCE),
        (["failure"], ReportSort.BOUNCE),
    ],
)
def test_actions_make_the_sort(actions: list[str], sort: ReportSort) -> None:
    blocks = [
        f"Final-Recipient: rfc822;u{at}@there.example\nAction: {each}\nStatus: 4.0.0\n"
        for at, each in enumerate(actions)
    ]
    report = read_report(notice("\n".join(blocks)))
    assert report.sort is sort
    assert len(report.recipients) == len(actions)


def test_of_a_mix_only_the_failed_bear_failed() -> None:
    blocks = [
        f"Final-Recipient: rfc822;{each}@there.example\nAction: {each}\n" for each in ("failed", "delayed", "delivered")
    ]
    assert [each.action for each in read_report(notice("\n".join(blocks))).recipients] == [
        "failed",
        "delayed",
        "delivered",
    ]


@pytest.mark.parametrize(
    ("status", "sort"),
    [
        ("Status: 5.1.1", ReportSort.BOUNCE),
        ("Status: 4.4.7", ReportSort.BOUNCE),
        ("Status: 4.4.7\nWill-Retry-Until: Tue, 24 Nov 2026 10:00:00 +0000", ReportSort.DELAY),
        ("Status: 2.1.5", ReportSort.SUCCESS),
    ],
)
def test_without_an_action_the_status_makes_the_sort(status: str, sort: ReportSort) -> None:
    report = read_report(notice(f"Final-Recipient: rfc822;ann@there.example\n{status}\n"))
    assert (report.sort, only(report).action) == (sort, "")


THREE = ["a@there.example", "b@there.example", "c@there.example"]


@pytest.mark.parametrize(
    "status",
    [
        "".join(f"Final-Recipient: rfc822;{each}\nAction: failed\nStatus: 5.1.1\n" for each in THREE),
        "".join(
            f"Original-Recipient: rfc822;{each}\nFinal-Recipient: rfc822;x@y.example\nAction: failed\n"
            for each in THREE
        ),
        "\n".join(f"Action: failed\nStatus: 5.1.1\n\nFinal-Recipient: rfc822;{each}\n" for each in THREE),
        "\n\n\n".join(f"Final-Recipient: rfc822;{each}\n\n\nAction: failed\n" for each in THREE),
        "\n".join(f"  Final-Recipient: rfc822;{each}\n  Action: failed\n" for each in THREE),
        "\n".join(f"FINAL-RECIPIENT : rfc822;{each}\naction: FAILED\n" for each in THREE),
        "\n".join(f"Reporting-MTA: dns;x\nFinal-Recipient: rfc822;{each}\nAction: failed\n" for each in THREE),
        "\n".join(f"Reporting-MTA: dns;x\n\nFinal-Recipient: rfc822;{each}\nAction: failed\n" for each in THREE),
        "\n".join(f"Final Recipient: rfc822;\n {each}\nAction: failed\nX-Odd: 1\n" for each in THREE),
    ],
    ids=[
        "no blank line",
        "original first",
        "status first",
        "blank within",
        "indented",
        "case",
        "reporter each",
        "messages",
        "folded",
    ],
)
def test_recipients_are_told_apart_however_the_fields_stand(status: str) -> None:
    report = read_report(notice(status))
    assert [each.address for each in report.recipients] == THREE
    assert all(each.action == "failed" for each in report.recipients)


def test_what_is_repeated_counts_once() -> None:
    assert len(read_report(notice("\n".join([BASIC] * 3))).recipients) == 1


def test_original_before_the_next_final_belongs_to_the_next() -> None:
    first, second = (
        "Final-Recipient: rfc822;a@x.example\nAction: failed\nStatus: 5.1.1\n",
        "Final-Recipient: rfc822;b@x.example\nAction: failed\n",
    )
    report = read_report(notice(f"{first}Original-Recipient: rfc822;o@x.example\n{second}"))
    assert [(each.original, each.final) for each in report.recipients] == [
        ("", "a@x.example"),
        ("o@x.example", "b@x.example"),
    ]


@pytest.mark.parametrize(
    ("value", "code", "status", "text"),
    [
        ("smtp; 550 5.1.1 unknown", 550, "5.1.1", "550 5.1.1 unknown"),
        ("550 5.1.1 unknown", 550, "5.1.1", "550 5.1.1 unknown"),
        ("X-Postfix; mx[192.0.2.250] said: 552 5.2.2 full", 552, "5.2.2", "mx[192.0.2.250] said: 552 5.2.2 full"),
        ("smtp;550-5.1.1 It does\n 550-5.1.1 not\n 550 5.1.1 exist", 550, "5.1.1", "550 5.1.1 It does not exist"),
        ("smtp;550-one\n 550-two\n 550 three", 550, "5.0.0", "550 one two three"),
        ("smtp; #<#5.7.1 smtp;554 5.7.1 blocked> #SMTP#", 554, "5.7.1", "#<#5.7.1 smtp;554 5.7.1 blocked> #SMTP#"),
        ("smtp; no code at 192.0.2.1 in 2026", 0, "5.0.0", "no code at 192.0.2.1 in 2026"),
        ("x-unix; over quota", 0, "5.0.0", "over quota"),
        ("smtp; 450 4.2.2.1 odd", 450, "5.0.0", "450 4.2.2.1 odd"),
    ],
)  # fmt: skip
def test_diagnostics_are_one_line_with_their_codes(value: str, code: int, status: str, text: str) -> None:
    found = read_one(
        f"Final-Recipient: rfc822;ann@there.example\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: {value}\n"
    )
    assert (found.code, found.status, found.diagnostic) == (code, status, text)


def test_a_status_that_says_something_is_kept_against_the_diagnostic() -> None:
    assert read_one(BASIC + "Diagnostic-Code: smtp; 550 5.7.1 no\n").status == "5.1.1"


def test_a_diagnostic_goes_on_without_a_fold() -> None:
    found = read_one(
        BASIC
        + "Diagnostic-Code: smtp; 550 5.1.1 no such user\nsee https://there.example/help: more\nRemote-MTA: dns;mx\n"
    )
    assert found.diagnostic == "550 5.1.1 no such user see https://there.example/help: more"
    assert found.remote_mta == "mx"


@pytest.mark.parametrize(
    "kind", ["message/global-delivery-status", "text/plain", "application/octet-stream", "Message/Delivery-Status"]
)
def test_the_fields_are_found_in_a_part_of_another_type(kind: str) -> None:
    assert only(read_report(notice(BASIC, kind=kind))).final == "ann@there.example"


def test_the_fields_are_found_below_words_in_one_text() -> None:
    head = "From: postmaster@there.example\nSubject: failure notice\n\n"
    octets = f"{head}Sorry.\n\nReporting-MTA: dns;x\n\n{BASIC}\n".encode()
    assert only(read_report(octets)).address == "ann@there.example"


def test_a_status_in_base64_is_read() -> None:
    encoded = base64.encodebytes(BASIC.encode())
    octets = notice("@@").replace(b"\n\n@@", b"\nContent-Transfer-Encoding: base64\n\n" + encoded)
    assert only(read_report(octets)).final == "ann@there.example"


def test_without_a_named_recipient_the_letters_only_one_counts() -> None:
    assert read_one("Action: failed\nStatus: 5.1.1\n").address == "ann@there.example"
    assert read_one("Final-Recipient: LOCAL; ann\nAction: failed\nStatus: 5.1.1\n").address == "ann@there.example"


def test_a_returned_notice_speaks_of_the_outer_recipients_only() -> None:
    inner = notice(BASIC.replace("ann", "inner")).decode().replace("=_b", "=_inner")
    report = read_report(notice(BASIC, letter=inner, letter_kind="message/rfc822"))
    assert [each.address for each in report.recipients] == ["ann@there.example"]


def test_a_notice_wrapped_by_a_machine_is_read() -> None:
    wrapper = (
        "From: {}\nSubject: {}\nContent-Type: multipart/mixed; boundary=w\n\n"
        "--w\n\n{}\n--w\nContent-Type: message/rfc822\n\n{}\n--w--\n"
    )
    inner = notice(BASIC).decode()
    machine = wrapper.format("postmaster@gw.example", "report", "See the attachment.", inner)
    person = wrapper.format("bob@there.example", "Fwd: Undelivered", "What is this?", inner)
    assert read_report(machine.encode()).sort is ReportSort.BOUNCE
    assert read_report(person.encode()).sort is ReportSort.OTHER


def test_a_person_who_passes_a_notice_on_sends_none() -> None:
    head = "From: bob@there.example\nSubject: Fwd: failure notice\n\n"
    octets = f"{head}What is this?\n\nReporting-MTA: dns;x\n\n{BASIC}\n".encode()
    assert read_report(octets).sort is ReportSort.OTHER


@pytest.mark.parametrize("kind", ["tlsrpt", "something-new"])
def test_a_report_of_another_type_is_no_bounce(kind: str) -> None:
    octets = notice("policy", kind="application/tlsrpt+json", top=f"multipart/report; report-type={kind}; boundary==_b")
    assert read_report(octets).sort is ReportSort.OTHER


@pytest.mark.parametrize("disposition", ["displayed", "deleted", "failed", "processed/error"])
def test_a_read_receipt_is_neither_a_bounce_nor_an_answer(disposition: str) -> None:
    fields = f"Final-Recipient: rfc822;ann@there.example\nDisposition: manual-action/MDN-sent-manually; {disposition}\n"
    octets = notice(
        fields,
        kind="message/disposition-notification",
        top="multipart/report; report-type=disposition-notification; boundary==_b",
    )
    assert read_report(octets).sort is ReportSort.RECEIPT


def test_the_words_about_a_recipient_are_those_that_name_it() -> None:
    words = "Sorry.\n\n<a@there.example>: mailbox full\n\n<b@there.example>:\n\nno such user\n\nGood bye."
    blocks = "\n".join(f"Final-Recipient: rfc822;{each}@there.example\nAction: failed\n" for each in "ab")
    assert [each.words for each in read_report(notice(blocks, words)).recipients] == [
        "<a@there.example>: mailbox full",
        "<b@there.example>: no such user",
    ]


def test_a_recipient_alone_without_a_diagnostic_has_all_the_words() -> None:
    assert read_one(BASIC, "Sorry.\n\nThe mailbox\nis full.").words == "Sorry. The mailbox is full."


@pytest.mark.parametrize("line_end", [b"\r\n", b"\r"])
def test_line_ends_do_not_matter(line_end: bytes) -> None:
    octets = notice(BASIC + "Diagnostic-Code: smtp;550-a\n 550 b\n")
    assert read_report(octets.replace(b"\n", line_end)) == read_report(octets)


def test_every_beginning_of_a_notice_gives_an_answer() -> None:
    octets = notice(f"Reporting-MTA: dns;x\n\n{BASIC}")
    for length in range(0, len(octets), 7):
        assert read_report(octets[:length]).style != "fault"
