import pytest
from hypothesis import given, strategies as st
from youtong.mta.address import split_address
from youtong.mta.envelope import Body, ByMode, DeliverBy
from youtong.mta.reply import Reply
from youtong.mta.smtp.params import CommandError, MailCommand, decode_xtext, encode_xtext, parse_mail, parse_rcpt

ATEXT = "abcxyzABC019!#$%&'*+-/=?^_`{|}~"
DOT_STRINGS = st.lists(st.text(ATEXT, min_size=1, max_size=8), min_size=1, max_size=4).map(".".join)
QUOTED = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"\\'), max_size=20).map(
    lambda text: f'"{text}"'
)
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True).filter(lambda label: label[2:4] != "--")
DOMAINS = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
ADDRESSES = st.tuples(st.one_of(DOT_STRINGS, QUOTED), DOMAINS).map("@".join)


@given(ADDRESSES, st.sampled_from(["", " ", "  "]), st.sampled_from(["", "@a.example,@b.example:"]))
def test_every_mailbox_is_read_from_its_path(address: str, spaces: str, route: str) -> None:
    assert parse_mail(f"from:{spaces}<{route}{address}>").reverse_path == address
    path = parse_rcpt(f"To:{spaces}<{route}{address}>", smtputf8=False, hostname="mx.example.org")
    assert (path.address, path.domain) == (address, address.rpartition("@")[2])


def refusal_of(argument: str) -> Reply | None:
    try:
        parse_mail(argument, dsn=True)
    except CommandError as error:
        return error.reply
    return None


@given(st.text())
def test_any_argument_is_read_or_refused_with_a_reply(argument: str) -> None:
    for text in (argument, f"FROM:{argument}", f"FROM:<a@example.org> {argument}", f"FROM:<{argument}>"):
        refusal = refusal_of(text)
        assert refusal is None or (refusal.is_permanent and refusal.enhanced.startswith("5."))


@given(st.text())
def test_what_is_taken_as_a_path_is_an_address(text: str) -> None:
    try:
        path = parse_rcpt(f"TO:<{text}>", smtputf8=True, hostname="mx.example.org")
    except CommandError:
        return
    assert split_address(path.address, smtputf8=True)[1] == path.domain
    assert not {"\r", "\n", "\0"} & set(path.address)


@given(st.text(st.characters(min_codepoint=0, max_codepoint=127)))
def test_xtext_decodes_to_what_was_encoded(text: str) -> None:
    assert decode_xtext(encode_xtext(text)) == text


def test_all_parameters_together() -> None:
    command = parse_mail("FROM:<a@example.org> SIZE=10 BODY=8BITMIME RET=hdrs ENVID=aB+3Dc AUTH=<> SMTPUTF8", dsn=True)
    assert command == MailCommand("a@example.org", 10, Body.EIGHT_BIT, True, "HDRS", "aB+3Dc")


def test_notify_and_orcpt_keep_what_the_client_wrote() -> None:
    path = parse_rcpt(
        "TO:<b@example.net> NOTIFY=success,DELAY ORCPT=rfc822;Bob+40Example.net", smtputf8=False, hostname="x", dsn=True
    )
    assert (path.notify, path.orcpt) == ("SUCCESS,DELAY", "rfc822;Bob+40Example.net")


@pytest.mark.parametrize("notify", ["NEVER,DELAY", "", "SUCCESS,SUCCESS", "SOMETIMES"])
def test_a_notify_that_contradicts_itself_is_refused(notify: str) -> None:
    with pytest.raises(CommandError, match=r"5\.5\.4"):
        parse_rcpt(f"TO:<b@example.net> NOTIFY={notify}", smtputf8=False, hostname="x", dsn=True)


@pytest.mark.parametrize(
    ("value", "by"),
    [
        ("900;R", DeliverBy(900, ByMode.RETURN)),
        ("+60;rt", DeliverBy(60, ByMode.RETURN)),
        ("-999999999;N", DeliverBy(-999_999_999, ByMode.NOTIFY)),
        ("0;nT", DeliverBy(0, ByMode.NOTIFY)),
    ],
)
def test_a_deadline_is_read(value: str, by: DeliverBy) -> None:
    assert parse_mail(f"FROM:<a@example.org> BY={value}", deliver_by=True).by == by


@pytest.mark.parametrize("value", ["0;R", "-1;R", "60", "60;", ";R", "60;Q", "60;RTT", "1234567890;R", "1 0;R"])
def test_a_deadline_that_cannot_be_is_refused(value: str) -> None:
    with pytest.raises(CommandError, match=r"501 5\.5\.4"):
        parse_mail(f"FROM:<a@example.org> BY={value}", deliver_by=True)


def test_a_deadline_is_refused_where_none_is_offered() -> None:
    with pytest.raises(CommandError, match="555"):
        parse_mail("FROM:<a@example.org> BY=60;R")
