"""What the simulated world sends back is what it says that it is, for a standard parser and for our own reader."""

from email import message_from_bytes
from email.message import Message
from importlib.resources import files

import msgspec
import pytest
from fakes.simulated import one_provider
from youtong.mta.reports.reading import read_report
from youtong.mta.reports.report import Report, ReportSort
from youtong.mta.simulator.behaviours import Returned, ReturnStyle, ReturnTo
from youtong.mta.simulator.reading import SettingsError, read_settings
from youtong.mta.simulator.received import Received
from youtong.mta.simulator.returns import hostile
from youtong.mta.simulator.returns.case import Case
from youtong.mta.simulator.returns.writing import written

BOB, PATH, FEEDBACK = "bob@p.test", "b7token@ours.test", "fbl@ours.test"
LETTER = (
    b"Message-ID: <m1@ours.test>\r\nFrom: <news@ours.test>\r\nTo: <bob@p.test>\r\nSubject: News\r\n"
    b"Feedback-ID: a:b:c:d\r\n\r\nNews.\r\n"
)
RECEIVED = Received(7, 1_790_000_000_000, "p", "127.0.0.2", "mta.test", "", PATH, "", (BOB,), ("",), LETTER)
CASE = Case(RECEIVED, "mx.p.test", BOB, "550 5.1.1 User unknown")
COMPLAINTS = (ReturnStyle.REDACTED, ReturnStyle.MICROSOFT)
STYLES = [each for each in ReturnStyle if each not in COMPLAINTS]
HARMFUL = (Returned.NESTED, Returned.BOMB, Returned.HEAVY, Returned.QUOTED)


def sent_back(
    what: Returned, style: ReturnStyle = ReturnStyle.POSTFIX, to: str = PATH, case: Case = CASE
) -> tuple[Message, Report]:
    """As the email package has it, and as our reader has it."""
    octets = written(case, what, style, to)
    return message_from_bytes(octets), read_report(octets)


@pytest.mark.parametrize(
    ("what", "style"),
    [
        *((what, style) for what in (Returned.BOUNCE, Returned.COMPLAINT) for style in ReturnStyle),
        *((what, ReturnStyle.POSTFIX) for what in Returned),
    ],
)
def test_everything_that_is_sent_back_is_a_letter_whose_lines_end_with_crlf(what: Returned, style: ReturnStyle) -> None:
    octets = written(CASE, what, style, PATH)
    head = message_from_bytes(octets.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    assert {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version"} <= set(head.keys())
    assert head["To"] == f"<{PATH}>"
    assert octets.endswith(b"\r\n")
    assert octets.replace(b"\r\n", b"").count(b"\n") == octets.replace(b"\r\n", b"").count(b"\r") == 0


@pytest.mark.parametrize("style", STYLES)
def test_a_bounce_names_the_recipient_and_the_hosts_words_in_every_style(style: ReturnStyle) -> None:
    message, report = sent_back(Returned.BOUNCE, style)
    assert message.defects == []
    assert report.sort is ReportSort.BOUNCE
    [said] = report.recipients
    assert said.address == BOB
    assert "User unknown" in f"{said.diagnostic} {said.words}"


@pytest.mark.parametrize("style", [each for each in STYLES if each is not ReturnStyle.QQ])
def test_a_bounce_brings_the_letter_or_its_head_back(style: ReturnStyle) -> None:
    _, report = sent_back(Returned.BOUNCE, style)
    assert report.letter.message_id == "m1@ours.test"


@pytest.mark.parametrize(
    "style", [ReturnStyle.POSTFIX, ReturnStyle.EXCHANGE, ReturnStyle.GMAIL, ReturnStyle.SENDMAIL, ReturnStyle.NETEASE]
)
def test_a_notice_by_the_book_has_the_fields_of_rfc_3464(style: ReturnStyle) -> None:
    message, _ = sent_back(Returned.BOUNCE, style)
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    [status] = [part for part in message.walk() if part.get_content_type() == "message/delivery-status"]
    about_all, about_bob = status.get_payload()
    assert isinstance(about_all, Message)
    assert isinstance(about_bob, Message)
    assert about_all["Reporting-MTA"] == "dns; mx.p.test"
    assert (about_bob["Final-Recipient"], about_bob["Action"]) == (f"rfc822; {BOB}", "failed")
    assert (about_bob["Status"], about_bob["Diagnostic-Code"]) == ("5.1.1", "smtp; 550 5.1.1 User unknown")


@pytest.mark.parametrize("style", STYLES)
def test_a_notice_about_a_forwarded_letter_speaks_of_the_other_address(style: ReturnStyle) -> None:
    case = msgspec.structs.replace(CASE, about="new@elsewhere.test")
    _, report = sent_back(Returned.BOUNCE, style, case=case)
    assert [each.address for each in report.recipients] == ["new@elsewhere.test"]


@pytest.mark.parametrize(
    ("what", "sort", "action"),
    [
        (Returned.DELAY, ReportSort.DELAY, "delayed"),
        (Returned.SUCCESS, ReportSort.SUCCESS, "delivered"),
    ],
)
def test_notices_of_delay_and_success_say_so(what: Returned, sort: ReportSort, action: str) -> None:
    message, report = sent_back(what)
    assert (report.sort, report.recipients[0].action) == (sort, action)
    assert f"\nAction: {action}" in str(message)


@pytest.mark.parametrize("style", [ReturnStyle.POSTFIX, ReturnStyle.REDACTED])
def test_a_complaint_has_the_fields_of_rfc_5965_and_goes_to_the_feedback_address(style: ReturnStyle) -> None:
    message, report = sent_back(Returned.COMPLAINT, style, FEEDBACK)
    assert message["To"] == f"<{FEEDBACK}>"
    assert message.get_param("report-type") == "feedback-report"
    assert report.sort is ReportSort.COMPLAINT
    assert report.complaint is not None
    assert (report.complaint.feedback_type, report.complaint.source_ip) == ("abuse", "127.0.0.2")
    assert report.letter.message_id == "m1@ours.test"


def test_a_redacted_complaint_tells_neither_the_reader_nor_the_reverse_path() -> None:
    octets = written(CASE, Returned.COMPLAINT, ReturnStyle.REDACTED, FEEDBACK)
    assert BOB.encode() not in octets
    assert PATH.encode() not in octets
    assert b"Feedback-ID: a:b:c:d\r\n" in octets


def test_microsofts_complaint_is_the_letter_with_its_mark() -> None:
    message, report = sent_back(Returned.COMPLAINT, ReturnStyle.MICROSOFT, FEEDBACK)
    [letter] = [part for part in message.walk() if part["X-HmXmrOriginalRecipient"]]
    assert letter["X-HmXmrOriginalRecipient"] == BOB
    assert report.sort is ReportSort.COMPLAINT


@pytest.mark.parametrize(
    ("what", "sort", "new_address"),
    [
        (Returned.VACATION, ReportSort.VACATION, ""),
        (Returned.QUOTING_VACATION, ReportSort.VACATION, ""),
        (Returned.MOVED, ReportSort.MOVED, "bob.new@p.test"),
        (Returned.CHALLENGE, ReportSort.CHALLENGE, ""),
    ],
)
def test_answers_of_machines_bear_the_mark_of_rfc_3834_and_are_no_bounces(
    what: Returned, sort: ReportSort, new_address: str
) -> None:
    message, report = sent_back(what)
    assert message["Auto-Submitted"] == "auto-replied"
    assert report.sort is sort
    assert "".join(each.new_address for each in report.recipients) == new_address


def test_a_vacation_that_quotes_quotes_words_of_failure() -> None:
    message, _ = sent_back(Returned.QUOTING_VACATION)
    assert "550 5.1.1 User unknown" in message.get_payload()


@pytest.mark.parametrize("what", HARMFUL)
def test_what_is_made_to_harm_says_nothing_of_anybody_to_our_reader(what: Returned) -> None:
    report = read_report(written(CASE, what, ReturnStyle.POSTFIX, PATH))
    assert [each.address for each in report.recipients if each.address == BOB] == []


def test_what_is_made_to_harm_is_as_large_as_a_listener_takes() -> None:
    sizes = {what: len(written(CASE, what, ReturnStyle.POSTFIX, PATH)) for what in HARMFUL}
    assert 24_000_000 < sizes[Returned.HEAVY] < 25 * 1024 * 1024
    assert sizes[Returned.QUOTED] > 4_000_000
    nested = written(CASE, Returned.NESTED, ReturnStyle.POSTFIX, PATH)
    assert nested.count(b"message/rfc822") == 1_000
    assert hostile.bomb(CASE).count(b"message/delivery-status") == 8_000


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ('style = "qq"', 'style = "qmale"', "qmale"),
        ('style = "qq"', 'send = "bounced"', "bounced"),
        ('style = "qq"', 'to = "nobody"', "nobody"),
        ('style = "qq"', 'stile = "qq"', "stile"),
        ("copies = 2", 'copies = "two"', "Expected `int`"),
    ],
)
def test_a_fault_in_what_is_sent_back_is_told_with_its_line(right: str, wrong: str, told: str) -> None:
    text = one_provider('[[provider.late]]\nrecipients = ["a"]\n[[provider.late]]\nstyle = "qq"\ncopies = 2\n')
    faulty = text.replace(right, wrong)
    with pytest.raises(SettingsError) as caught:
        read_settings(faulty)
    ((line, what),) = caught.value.faults
    assert told in what
    assert faulty.splitlines()[line - 1] == wrong


@pytest.mark.parametrize(
    ("late", "told"),
    [
        ('says = "No such user"', "is no reply"),
        ("copies = 0", "copies"),
        ("after_seconds = -1.0", "after_seconds"),
    ],
)
def test_what_cannot_be_sent_back_is_refused(late: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        read_settings(one_provider(f"[[provider.late]]\n{late}"))


def test_the_shipped_file_names_every_word() -> None:
    text = files("youtong.conf").joinpath("simulator.toml").read_text("utf-8")
    explained = text[text.index("[[provider.late]]") : text.index("[[provider.change]]")]
    missing = [word.value for words in (Returned, ReturnStyle, ReturnTo) for word in words if word not in explained]
    assert missing == []
