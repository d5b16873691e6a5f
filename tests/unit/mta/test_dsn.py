"""Notices as programs and people read them."""

import email
import email.policy
from email.message import Message

import pytest
from flufl.bounce import all_failures, scan_message
from hypothesis import given, settings, strategies as st
from msgspec.structs import replace
from youtong.mta.message.compose import has_safe_lines, is_safe
from youtong.mta.message.dsn import compose_notice
from youtong.mta.message.dsn_returned import MAX_RETURNED_HEAD_OCTETS, MAX_RETURNED_OCTETS, MAX_UNASKED_OCTETS
from youtong.mta.message.dsn_status import MAX_WORDS, status_of
from youtong.mta.message.notice import Action, Notice, Reported
from youtong.mta.reply import Reply, reply

UNKNOWN = Reported(
    "bob@example.net",
    Action.FAILED,
    1_700_000_100_000,
    reply(550, "5.1.1", "No such user here,", "really"),
    kind="no-such-user",
    host="mx1.example.net",
)
NOTICE = Notice(
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


def parsed(notice: Notice) -> Message:
    head, body = compose_notice(notice)
    assert head.endswith(b"\r\n\r\n")
    assert has_safe_lines(head + body)
    assert is_safe(head + body) or not notice.to.isascii()
    return email.message_from_bytes(head + body, policy=email.policy.default)


def parts(notice: Notice) -> list[Message]:
    found = parsed(notice).get_payload()
    assert isinstance(found, list)
    return found


def status_groups(notice: Notice) -> list[Message]:
    groups = parts(notice)[1].get_payload()
    assert isinstance(groups, list)
    return groups


def words(notice: Notice) -> str:
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


def test_its_parts_are_words_fields_and_the_original() -> None:
    assert [part.get_content_type() for part in parts(NOTICE)] == [
        "text/plain",
        "message/delivery-status",
        "message/rfc822",
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
    _, body = compose_notice(NOTICE)
    assert b"This is the mail system at mail.example.org." in body


def test_flufl_bounce_finds_the_recipient() -> None:
    head, body = compose_notice(NOTICE)
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
    assert "and 30 more" in words(notice)


def test_an_expired_message_says_so_and_quotes_the_last_reply() -> None:
    last = replace(UNKNOWN, expired=True, reply=reply(451, "4.2.0", "later"), kind="greylisted")
    notice = replace(NOTICE, recipients=(last,))
    assert status_groups(notice)[1]["Status"] == "4.4.7"
    assert "we have stopped trying" in words(notice)
    assert "451 4.2.0 later" in words(notice)


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [(900, "15 minutes", "15 分钟"), (1, "1 second", "1 秒"), (7200, "2 hours", "2 小时"), (86_400, "1 day", "1 天")],
)
def test_a_message_that_missed_its_senders_deadline_says_which_it_was(seconds: int, english: str, chinese: str) -> None:
    last = replace(UNKNOWN, expired=True, deadline_seconds=seconds, reply=reply(451, "4.2.0", "later"))
    notice = replace(NOTICE, recipients=(last,), deliver_by_ms=NOTICE.arrival_ms + seconds * 1000)
    about, recipient = status_groups(notice)
    assert recipient["Status"] == "5.4.7"
    assert about["Deliver-By-Date"].startswith(("Tue, 14 Nov 2023 22:", "Wed, 15 Nov 2023 "))
    assert f"within {english} or not at all" in " ".join(words(notice).split())
    assert f"在 {chinese}内送达" in words(notice)


def test_without_a_deadline_none_is_named() -> None:
    assert status_groups(NOTICE)[0]["Deliver-By-Date"] is None


def test_without_a_reply_our_own_words_give_status_and_diagnosis() -> None:
    route = Reported("b@nowhere.example", why="5.1.2 the domain does not exist", kind="no-such-domain")
    group = status_groups(replace(NOTICE, recipients=(route,)))[1]
    assert group["Status"] == "5.1.2"
    assert group["Diagnostic-Code"] == "x-youtong; 5.1.2 the domain does not exist"
    assert group["Remote-MTA"] is None
    assert status_of(Reported("b@x.example", why="something else")) == "5.0.0"


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
        ("", b"Dear Bob\r\n", "message/rfc822"),
        ("", b"x" * 70 + b"\r\n" * (MAX_UNASKED_OCTETS // 2), "text/rfc822-headers"),
        ("FULL", b"x" * 70 + b"\r\n" * (MAX_UNASKED_OCTETS // 2), "message/rfc822"),
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
    _, body = compose_notice(replace(NOTICE, head=head * 1000 + b"\r\n"))
    assert len(body) < MAX_RETURNED_HEAD_OCTETS + 4096


def test_an_address_beyond_ascii_is_given_in_its_escaped_form() -> None:
    person = replace(UNKNOWN, address="张三@例子.example", orcpt="utf-8;张@例.example")
    group = status_groups(replace(NOTICE, recipients=(person,)))[1]
    assert group["Final-Recipient"] == r"utf-8;\x{5F20}\x{4E09}@\x{4F8B}\x{5B50}.example"
    assert group["Original-Recipient"] == r"utf-8;\x{5F20}@\x{4F8B}.example"


def test_a_receivers_words_cannot_forge_a_field() -> None:
    evil = replace(UNKNOWN, reply=reply(550, "", "no\r\nAction: delivered\r\n\r\nFinal-Recipient: rfc822;x@y.example"))
    groups = status_groups(replace(NOTICE, recipients=(evil,)))
    assert len(groups) == 2
    assert groups[1].get_all("Action") == ["failed"]


def test_each_action_has_its_group_status_and_words() -> None:
    delayed = Reported("carol@slow.example", Action.DELAYED, why="refused", retry_until_ms=1_700_400_000_000)
    relayed = replace(UNKNOWN, address="dave@old.example", action=Action.RELAYED, reply=reply(250, "2.6.0", "queued"))
    notice = replace(NOTICE, recipients=(relayed, delayed, UNKNOWN))
    groups = {str(group["Action"]): group for group in status_groups(notice)[1:]}
    assert {action: group["Status"] for action, group in groups.items()} == {
        "relayed": "2.6.0",
        "delayed": "4.4.1",
        "failed": "5.1.1",
    }
    assert groups["delayed"]["Will-Retry-Until"] == "Sun, 19 Nov 2023 13:20:00 -0000"
    assert groups["delayed"]["Last-Attempt-Date"] is None, "there was no attempt"
    assert groups["failed"]["Will-Retry-Until"] is groups["relayed"]["Will-Retry-Until"] is None
    text = words(notice)
    order = [text.index(f"<{who}>") for who in ("bob@example.net", "carol@slow.example", "dave@old.example")]
    assert order == sorted(order), "the worst comes first"
    assert "We try until Sun, 19 Nov 2023 13:20 (+0000)." in text
    assert "系统会一直尝试到 2023年11月19日 13:20（+0000）。" in text
    assert "sends no confirmation" in text
    assert parsed(notice)["Subject"].startswith("In part not delivered / 邮件部分未能送达")


@pytest.mark.parametrize(
    ("actions", "subject"),
    [
        ((Action.FAILED,), "Not delivered / 邮件未能送达"),
        ((Action.DELAYED,), "Delayed, we keep trying / 邮件延迟，仍在尝试投递"),
        ((Action.RELAYED,), "Handed on / 邮件已转交对方系统"),
        ((Action.RELAYED, Action.DELAYED), "In part delayed, we keep trying / 邮件部分延迟，仍在尝试投递"),
    ],
)
def test_the_subject_says_in_both_languages_what_it_is_about(actions: tuple[Action, ...], subject: str) -> None:
    recipients = tuple(replace(UNKNOWN, action=action) for action in actions)
    assert parsed(replace(NOTICE, recipients=recipients))["Subject"] == subject


@pytest.mark.parametrize("action", [Action.DELAYED, Action.RELAYED])
def test_only_a_failure_returns_the_whole_message(action: Action) -> None:
    notice = replace(NOTICE, ret="FULL", recipients=(replace(UNKNOWN, action=action),))
    assert parts(notice)[2].get_content_type() == "text/rfc822-headers"


@pytest.mark.parametrize(
    ("action", "said", "status"),
    [
        (Action.DELAYED, reply(550, "5.7.1", "not today"), "4.7.1"),
        (Action.DELAYED, reply(450, "", "later"), "4.0.0"),
        (Action.FAILED, reply(451, "4.7.1", "judged final"), "5.7.1"),
        (Action.RELAYED, reply(250, "", "ok"), "2.0.0"),
    ],
)
def test_the_class_of_a_status_agrees_with_the_action(action: Action, said: Reply, status: str) -> None:
    assert status_of(replace(UNKNOWN, action=action, reply=said)) == status


def test_times_are_shown_in_the_senders_zone_and_programs_get_utc() -> None:
    head = NOTICE.head.replace(b"Subject", b"Date: Wed, 15 Nov 2023 06:13:20 +0800\r\nSubject")
    notice = replace(NOTICE, head=head)
    assert "Wed, 15 Nov 2023 06:13 (+0800)" in words(notice)
    assert "2023年11月15日 06:13（+0800）" in words(notice)
    assert status_groups(notice)[0]["Arrival-Date"] == "Tue, 14 Nov 2023 22:13:20 -0000"


def test_the_subject_of_the_original_is_shown_in_one_line() -> None:
    head = b"Subject: =?utf-8?b?5L2g5aW9?=\r\n and\x1b more\r\n\r\n"
    assert "with the subject: 你好 and" in words(replace(NOTICE, head=head))
    assert "\x1b" not in words(replace(NOTICE, head=head))


# -- beyond ASCII -----------------------------------------------------------------------------------------------------

UNICODE = replace(NOTICE, to="李四@例子.example", head=NOTICE.head.replace(b"Hello", "你好".encode()))


def test_a_sender_beyond_ascii_gets_the_global_form_with_addresses_as_they_are() -> None:
    person = replace(UNKNOWN, address="张三@例子.example", orcpt=r"utf-8;\x{5F20}\x{4E09}@x.example")
    notice = replace(UNICODE, recipients=(person,), envid="+E4+BD+A0")
    head, body = compose_notice(notice)
    assert "To: <李四@例子.example>\r\n".encode() in head
    assert b"report-type=global-delivery-status" in head
    assert b"Content-Transfer-Encoding: 8bit\r\n" in head
    assert "Final-Recipient: utf-8;张三@例子.example\r\n".encode() in body
    assert "Original-Recipient: utf-8;张三@x.example\r\n".encode() in body
    assert "Original-Envelope-Id: 你\r\n".encode() in body
    assert [part.get_content_type() for part in parts(notice)] == [
        "text/plain",
        "message/global-delivery-status",
        "message/global",
    ]


def test_in_the_global_form_header_fields_come_back_as_message_global_headers() -> None:
    assert parts(replace(UNICODE, ret="HDRS"))[2].get_content_type() == "message/global-headers"
    assert parts(replace(UNICODE, ret="HDRS", head=b"X: \xff\r\n\r\n"))[2].get_content_type() == "text/rfc822-headers"


def test_an_address_with_an_ascii_form_is_given_in_it() -> None:
    person = replace(UNKNOWN, address="bob@例子.example")
    group = status_groups(replace(NOTICE, recipients=(person,)))[1]
    assert group["Final-Recipient"] == "rfc822;bob@xn--fsqu00a.example"


# -- whatever strangers say -------------------------------------------------------------------------------------------


def test_ten_kilobytes_of_words_become_one_bounded_line() -> None:
    loud = replace(UNKNOWN, reply=reply(550, "", "x" * 10_000, "y " * 5_000))
    (_, group) = status_groups(replace(NOTICE, recipients=(loud,)))
    assert len(group["Diagnostic-Code"]) <= MAX_WORDS + 10


def test_a_boundary_in_a_receivers_words_or_in_the_original_ends_no_part() -> None:
    boundary = f"--youtong-report-{NOTICE.unique}"
    evil = replace(
        UNKNOWN, reply=reply(550, "", f"\r\n{boundary}--\r\n{boundary}"), address=f"\r\n{boundary}@x.example"
    )
    assert len(parts(replace(NOTICE, recipients=(evil,), queue_id=""))) == 3


def test_a_notice_about_many_with_the_longest_words_stays_below_its_bound() -> None:
    worst = replace(
        UNKNOWN,
        address="张" * 60 + "@" + "例" * 20 + ".example",
        orcpt="rfc822;" + "a" * 490,
        reply=reply(550, "", "错 " * 5000),
    )
    notice = replace(NOTICE, ret="FULL", body=b"x" * 60 + b"\r\n" * 30_000, recipients=(worst,) * 500)
    head, body = compose_notice(notice)
    assert len(head) + len(body) < 500 * 2048 + MAX_RETURNED_OCTETS + 300_000


TEXT = st.text(max_size=300)


ADDRESSES = st.one_of(TEXT, st.from_regex(r"[a-zA-Z0-9.+=-]{1,20}@[a-z0-9]{1,9}\.example", fullmatch=True))
REPLIES = st.builds(
    lambda code, enhanced, lines: reply(code, enhanced, *lines),
    st.integers(200, 599),
    st.sampled_from(["", "2.0.0", "4.7.1", "5.1.1", "5.7.606"]),
    st.lists(
        st.one_of(TEXT, st.just("x" * 10_000), st.just("\r\n--youtong-report-k3v9x2m7--\r\n")), min_size=1, max_size=3
    ),
)
REPORTED = st.builds(
    Reported,
    address=ADDRESSES,
    action=st.sampled_from(Action),
    last_attempt_ms=st.sampled_from([0, 1_700_000_000_000]),
    reply=st.none() | REPLIES,
    why=TEXT,
    kind=st.sampled_from(["", "no-such-user", "mailbox-full", "strange"]),
    host=st.sampled_from(["", "mx.example.net"]),
    orcpt=st.one_of(
        st.just(""), TEXT, st.just("rfc822;b+0D+0AAction: delivered"), st.just(r"utf-8;\x{0A}\x{D800}\x{FFFFFF}x")
    ),
    expired=st.booleans(),
    retry_until_ms=st.just(1_700_400_000_000),
)


@settings(max_examples=60, deadline=None)
@given(
    recipients=st.lists(REPORTED, min_size=1, max_size=4),
    to=st.sampled_from(["anna@example.org", "李四@例子.example"]),
    envid=TEXT,
    head=st.binary(max_size=400),
    body=st.none() | st.binary(max_size=400),
    ret=st.sampled_from(["", "FULL", "HDRS"]),
)
def test_whatever_strangers_say_a_notice_has_its_parts_and_a_group_for_each_recipient(
    recipients: list[Reported], to: str, envid: str, head: bytes, body: bytes | None, ret: str
) -> None:
    notice = Notice(
        "mail.example.org", "k3v9x2m7", to, 0, 0, head + b"\r\n\r\n", tuple(recipients), body, ret=ret, envid=envid
    )
    assert len(parts(notice)) == 3
    groups = groups_of(notice)
    assert [group.get_all("Action") for group in groups] == [[each.action] for each in recipients]
    assert all(len(group.get_all("Status")) == len(group.get_all("Final-Recipient")) == 1 for group in groups)


def groups_of(notice: Notice) -> list[Message]:
    """The groups about recipients; Python's parser knows them in message/delivery-status only."""
    _, body = compose_notice(notice)
    part = body.split(f"--youtong-report-{notice.unique}\r\n".encode())[2].split(b"\r\n\r\n")
    return [email.message_from_bytes(group, policy=email.policy.default) for group in part[2:] if group.strip()]


def test_flufl_bounce_finds_failed_and_delayed_recipients_and_no_relayed_one() -> None:
    people = [replace(UNKNOWN, address=f"{action}@example.net", action=action) for action in Action]
    head, body = compose_notice(replace(NOTICE, recipients=tuple(people)))
    delayed, failed = all_failures(email.message_from_bytes(head + body))
    assert (set(delayed), set(failed)) == ({b"delayed@example.net"}, {b"failed@example.net"})


@settings(max_examples=40)
@given(words=st.lists(TEXT, min_size=1, max_size=3), address=TEXT, orcpt=TEXT, envid=TEXT, head=st.binary(max_size=400))
def test_no_input_makes_an_unsafe_notice_or_another_number_of_groups(
    words: list[str], address: str, orcpt: str, envid: str, head: bytes
) -> None:
    recipient = replace(UNKNOWN, address=address, orcpt=orcpt, reply=reply(550, "", *words))
    notice = replace(NOTICE, recipients=(recipient,), envid=envid, head=head + b"\r\n\r\n")
    assert len(status_groups(notice)) == 2
