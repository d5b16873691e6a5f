"""Invariant: any octets give a report, bounded, the same whatever the line ends are, and nothing is ever raised.

The readers of notices, complaints and answers, and the tree below them.
"""

import msgspec
from youtong.mta.reports.addresses import addresses_in
from youtong.mta.reports.html_text import text_of_html
from youtong.mta.reports.reading import report_of
from youtong.mta.reports.report import Report, ReportSort
from youtong.mta.reports.tree import MAX_PARTS, read_tree

TOKENS = [
    *(
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b" ",
        b"\t",
        b":",
        b";",
        b"--b\n",
        b"--b--\n",
        b"--c\n",
        b"\0",
        b"=\n",
        b"=3D",
        b"\x1b$B",
    ),
    *(
        b"From: MAILER-DAEMON@x.example\n",
        b"Subject: failure notice\n",
        b"Return-Path: <>\n",
        b"Auto-Submitted: auto-replied\n",
    ),
    *(b"Content-Type: multipart/report; boundary=b\n", b"Content-Type: multipart/mixed; boundary=c\n\n--c\n"),
    *(b"Content-Type: message/delivery-status\n\n", b"Content-Type: message/feedback-report\n\n"),
    *(
        b"Content-Type: message/rfc822\n\n",
        b"Content-Type: text/html; charset=gb2312\n\n",
        b"Content-Type: text/plain\n\n",
    ),
    *(b"Content-Type: message/disposition-notification\n\n", b"Content-Type: text/rfc822-headers\n\n"),
    *(
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Transfer-Encoding: quoted-printable\n",
        b"RmluYWwtUmVjaXBpZW50OiBhQGIuY2M=",
    ),
    *(
        b"Reporting-MTA: dns; mx\n",
        b"Original-Recipient: rfc822;o+40x.example\n",
        b"Final-Recipient: rfc822;<a@b.cc>\n",
    ),
    *(
        b"Action: failed\n",
        b"Action: delayed\n",
        b"Status: 5.1.1\n",
        b"Diagnostic-Code: smtp;550-5.1.1 no\n 550 5.1.1 user\n",
    ),
    *(
        b"Feedback-Type: abuse\n",
        b"User-Agent: x\nVersion: 1\n",
        b"Original-Rcpt-To: <a@b.cc>\n",
        b"X-HmXmrOriginalRecipient: a@b.cc\n",
    ),
    *(
        b"Message-ID: <1@x>\nTo: a@b.cc\nReceived: x\n",
        b"=?utf-8?B?6YKu?=",
        b"=?x?q?=41?=",
        b"<a@b.cc>",
        b"a@b.cc",
        b"\\x{5B89}",
    ),
    *(
        b"<br>",
        b"<style",
        b"&#60;",
        b"&amp",
        b"<!--",
        "退信".encode("gb18030"),
        "無".encode(),
        b"\xff",
        b"> ",
        b"Hi. This is the qmail-send",
    ),
    *(b"boundary*0*=%62;", b"charset=utf-16\n\n", b"charset=hz\n\n", b'name="', b"host said: 550 5.1.1 user unknown\n"),
]
_LARGEST = 400_000  # octets of a report, whatever came in


def check(octets: bytes) -> None:
    lines = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    tree = read_tree(octets)
    assert 0 < len(tree.parts) <= MAX_PARTS
    report = report_of(tree)
    for line_end in (b"\n", b"\r\n", b"\r"):
        assert report_of(read_tree(lines.replace(b"\n", line_end))) == report
    encoded = msgspec.json.encode(report)
    assert len(encoded) < _LARGEST
    assert msgspec.json.decode(encoded, type=Report) == report
    assert report.sort is not ReportSort.COMPLAINT or report.complaint is not None
    assert all(
        "\n" not in each for found in report.recipients for each in (found.address, found.diagnostic, found.words)
    )
    text = octets.decode("utf-8", "replace")
    text_of_html(text)
    assert all("@" in address for address in addresses_in(text))
