"""Failure notices as programs and people read them."""

import email
import email.policy
from email.message import Message

import pytest
from flufl.bounce import scan_message
from hypothesis import given, settings, strategies as st
from msgspec.structs import replace
from youtong.mta.message.compose import is_safe
from youtong.mta.message.dsn import (
    MAX_RETURNED_HEAD_OCTETS,
    FailedRecipient,
    FailureNotice,
    compose_failure_notice,
    status_of,
)
from youtong.mta.reply import reply

UNKNOWN = FailedRecipient(
    "bob@example.net",
    1_700_000_100_000,
    reply(550, "5.1.1", "No such user here,", "really"),
    kind="no-such-user",
    host="mx1.example.net",
)
NOTICE = FailureNotice(
    hostname="mail.example.org",
    unique="k3v9x2m7",
    to="anna@example.org",
    now_ms=1_700_000_200_000,
    arrival_ms=1_700_000_000_000,
    head=b"From: anna@example.org\r\nSubject: Hello\r\nMessage-ID: <one@example.org>\r\n\r\n",
    body=b"Dear Bob\r\n",
    recipients=(UNKNOWN,),
    queue_id="7F3A",
)


def parsed(notice: FailureNotice) -> Message:
    head, body = compose_failure_notice(notice)
    assert head.endswith(b"\r\n\r\n")
    assert is_safe(head + body)
    return email.message_from_bytes(head + body, policy=email.policy.default)


def parts(notice: FailureNotice) -> list[Message]:
    found = parsed(notice).get_payload()
    assert isinstance(found, list)
    return found


def status_groups(notice: FailureNotice) -> list[Message]:
    groups = parts(notice)[1].get_payload()
    assert isinstance(groups, list)
    return groups


def words(notice: FailureNotice) -> str:
    return parts(notice)[0].get_payload(decode=True).decode("utf-8")


def test_the_head_marks_an_automatic_report_about_the_original() -> None:
    message = parsed(NOTICE)
    assert message["From"] == "Mail Delivery System <MAILER-DAEMON@mail.example.org>"
    assert message["To"] == "anna@example.org"
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["Message-ID"] == "<k3v9x2m7@mail.example.org>"
    assert message["In-Reply-To"] == message["References"] == "<one@example.org>"
    assert message["Date"] == "Tue, 14 Nov 2023 22:16:40 -0000"
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"


def test_its_parts_are_words_fields_and_the_original_header() -> None:
    assert [part.get_content_type() for part in parts(NOTICE)] == [
        "text/plain",
        "message/delivery-status",
        "text/rfc822-headers",
    ]


def test_the_fields_tell_programs_what_happened() -> None:
    about_message, about_bob = status_groups(NOTICE)
    assert about_message["Reporting-MTA"] == "dns; mail.example.org"
    assert about_message["Arrival-Date"] == "Tue, 14 Nov 2023 22:13:20 -0000"
    assert dict(about_bob.items()) == {
        "Final-Recipient": "rfc822;bob@example.net",
        "Action": "failed",
        "Status": "5.1.1",
        "Remote-MTA": "dns; mx1.example.net",
        "Diagnostic-Code": "smtp; 550 5.1.1 No such user here, really",
        "Last-Attempt-Date": "Tue, 14 Nov 2023 22:15:00 -0000",
    }


def test_the_words_explain_in_english_and_chinese_and_quote_the_receiver() -> None:
    text = words(NOTICE)
    assert "The receiving system says that this address does not exist." in text
    assert "对方系统表示该地址不存在。" in text
    assert text.count("<bob@example.net>") == 2
    assert text.count("550 5.1.1 No such user here, really") == 2
    assert "mx1.example.net said:" in text
    assert "7F3A" in text


def test_english_stays_readable_in_the_raw_message() -> None:
    _, body = compose_failure_notice(NOTICE)
    assert b"This is the mail system at mail.example.org." in body


def test_flufl_bounce_finds_the_recipient() -> None:
    head, body = compose_failure_notice(NOTICE)
    assert scan_message(email.message_from_bytes(head + body)) == {b"bob@example.net"}


def test_every_recipient_has_its_group() -> None:
    carol = replace(UNKNOWN, address="carol@example.net", kind="", reply=reply(554, "", "no"))
    notice = replace(NOTICE, recipients=(UNKNOWN, carol))
    assert [group["Final-Recipient"] for group in status_groups(notice)[1:]] == [
        "rfc822;bob@example.net",
        "rfc822;carol@example.net",
    ]
    assert status_groups(notice)[2]["Status"] == "5.0.0"


def test_many_recipients_are_explained_in_part_and_listed_in_full() -> None:
    many = tuple(replace(UNKNOWN, address=f"r{n}@example.net") for n in range(50))
    notice = replace(NOTICE, recipients=many)
    assert len(status_groups(notice)) == 51
    assert "and to 30 more" in words(notice)


def test_an_expired_message_says_so_and_quotes_the_last_reply() -> None:
    last = replace(UNKNOWN, expired=True, reply=reply(451, "4.2.0", "later"), kind="greylisted")
    notice = replace(NOTICE, recipients=(last,))
    assert status_groups(notice)[1]["Status"] == "4.4.7"
    assert "we have stopped trying" in words(notice)
    assert "451 4.2.0 later" in words(notice)


def test_without_a_reply_our_own_words_give_status_and_diagnosis() -> None:
    route = FailedRecipient("b@nowhere.example", 0, why="5.1.2 the domain does not exist", kind="no-such-domain")
    group = status_groups(replace(NOTICE, recipients=(route,)))[1]
    assert group["Status"] == "5.1.2"
    assert group["Diagnostic-Code"] == "x-youtong; 5.1.2 the domain does not exist"
    assert group["Remote-MTA"] is None
    assert status_of(FailedRecipient("b@x.example", 0, why="something else")) == "5.0.0"


def test_envid_and_orcpt_are_returned_decoded_with_their_case() -> None:
    asked = replace(UNKNOWN, orcpt="rfc822;Bob+2BNews@Example.Net")
    about_message, about_bob = status_groups(replace(NOTICE, envid="QQ+3D314", recipients=(asked,)))
    assert about_message["Original-Envelope-Id"] == "QQ=314"
    assert about_bob["Original-Recipient"] == "rfc822;Bob+News@Example.Net"


@pytest.mark.parametrize(
    ("ret", "body", "kind"),
    [
        ("FULL", b"Dear Bob\r\n", "message/rfc822"),
        ("FULL", "Grüße\r\n".encode(), "text/rfc822-headers"),
        ("FULL", b"x" * 70 + b"\r\n" * 50_000, "text/rfc822-headers"),
        ("FULL", None, "text/rfc822-headers"),
        ("HDRS", b"Dear Bob\r\n", "text/rfc822-headers"),
        ("", b"Dear Bob\r\n", "text/rfc822-headers"),
    ],
)
def test_the_original_is_returned_as_asked_while_it_is_small_and_7_bit(ret: str, body: bytes | None, kind: str) -> None:
    assert parts(replace(NOTICE, ret=ret, body=body))[2].get_content_type() == kind


def test_a_returned_header_beyond_ascii_comes_back_whole() -> None:
    head = "From: anna@example.org\r\nSubject: 你好\r\n\r\n".encode()
    returned = parts(replace(NOTICE, head=head))[2]
    assert returned["Content-Transfer-Encoding"] == "quoted-printable"
    assert head.rstrip() in returned.as_bytes() or "=E4=BD=A0" in returned.as_string()


def test_a_huge_header_is_cut_at_a_line_end() -> None:
    head = b"X-Long: " + b"a" * 60 + b"\r\n"
    _, body = compose_failure_notice(replace(NOTICE, head=head * 1000 + b"\r\n"))
    assert len(body) < MAX_RETURNED_HEAD_OCTETS + 4096


def test_an_address_beyond_ascii_is_given_in_its_escaped_form() -> None:
    person = replace(UNKNOWN, address="张三@例子.example", orcpt="utf-8;张@例.example")
    group = status_groups(replace(NOTICE, to="李四@例子.example", recipients=(person,)))[1]
    assert group["Final-Recipient"] == r"utf-8;\x{5F20}\x{4E09}@\x{4F8B}\x{5B50}.example"


def test_a_receivers_words_cannot_forge_a_field() -> None:
    evil = replace(UNKNOWN, reply=reply(550, "", "no\r\nAction: delivered\r\n\r\nFinal-Recipient: rfc822;x@y.example"))
    groups = status_groups(replace(NOTICE, recipients=(evil,)))
    assert len(groups) == 2
    assert groups[1].get_all("Action") == ["failed"]


TEXT = st.text(max_size=300)


@settings(max_examples=40)
@given(words=st.lists(TEXT, min_size=1, max_size=3), address=TEXT, orcpt=TEXT, envid=TEXT, head=st.binary(max_size=400))
def test_no_input_makes_an_unsafe_notice_or_another_number_of_groups(
    words: list[str], address: str, orcpt: str, envid: str, head: bytes
) -> None:
    recipient = replace(UNKNOWN, address=address, orcpt=orcpt, reply=reply(550, "", *words))
    notice = replace(NOTICE, recipients=(recipient,), envid=envid, head=head + b"\r\n\r\n")
    assert len(status_groups(notice)) == 2
