"""A message of strangers as parts: decoded as it claims or as it looks, and bounded."""

import base64

import pytest
from hypothesis import given, strategies as st
from youtong.mta.reports.tree import MAX_LINE, MAX_PARTS, MessageTree, read_tree

NOTICE = "\n".join(
    [
        "From MAILER-DAEMON Mon Nov 23 10:00:00 2026",
        "From: =?utf-8?B?6YKu?= =?utf-8?B?5bGA?= <mailer-daemon@example.com>",
        "Subject: =?gb2312?Q?=CD=CB=D0=C5?=",
        "Content-Type: multipart/report; report-type=delivery-status;",
        ' boundary="b 1"',
        "",
        "preamble",
        "--b 1",
        "",
        "in words",
        "--b 1",
        "Content-Type: text/html; charset=gb2312",
        "Content-Transfer-Encoding: base64",
        "",
        base64.b64encode("<p>退信&nbsp;原因<br>再见 <a@b.example></p><style>p{}</style>".encode("gb2312")).decode(),
        "--b 1",
        "Content-Type: message/rfc822",
        "",
        "Message-ID: <1@example.com>",
        "Content-Type: text/plain",
        "",
        "our letter",
        "--b 1--",
        "epilogue",
        "",
    ]
).encode()


def types(tree: MessageTree) -> list[str]:
    return [part.type for part in tree.parts]


def test_parts_come_in_order_with_their_text_decoded() -> None:
    tree = read_tree(NOTICE)
    assert types(tree) == ["multipart/report", "text/plain", "text/html", "message/rfc822"]
    assert [part.text for part in tree.parts] == ["", "in words", "退信 原因\n再见 <a@b.example>", ""]
    assert tree.fields.first("subject") == "退信"
    assert tree.fields.first("from") == "邮局 <mailer-daemon@example.com>"
    assert tree.human_text == "in words"
    assert not tree.truncated


def test_an_enclosed_letter_is_a_tree_of_its_own() -> None:
    letter = read_tree(NOTICE).parts[-1]
    assert letter.letter is not None
    assert letter.letter.first("message-id") == "<1@example.com>"
    (inner,) = read_tree(NOTICE).enclosed()
    assert (inner.human_text, types(inner)) == ("our letter", ["text/plain"])


@pytest.mark.parametrize("line_end", [b"\r\n", b"\r"])
def test_line_ends_do_not_matter(line_end: bytes) -> None:
    assert read_tree(NOTICE.replace(b"\n", line_end)) == read_tree(NOTICE)


@given(st.sampled_from([b"\n", b"\r"]), st.lists(st.booleans(), min_size=40, max_size=40))
def test_mixed_line_ends_do_not_matter(other: bytes, choices: list[bool]) -> None:
    lines = NOTICE.split(b"\n")
    mixed = b"".join(line + (b"\r\n" if choice else other) for line, choice in zip(lines, choices, strict=False))
    assert read_tree(mixed) == read_tree(NOTICE + b"\n")


@pytest.mark.parametrize(
    ("charset", "codec", "text"),
    [
        ("gb2312", "gb18030", "收件人邮箱不存在镕"),
        ("GBK", "gbk", "退信"),
        ("big5", "big5", "無法投遞"),
        ("iso-2022-jp", "iso2022_jp", "配信できません"),
        ("shift_jis", "cp932", "配信不能①"),
        ("euc-kr", "cp949", "배달 실패"),
        ("koi8-r", "koi8-r", "Не доставлено"),
        ("windows-1251", "cp1251", "Не доставлено"),
        ("windows-1252", "cp1252", "l’adresse n’a pas été trouvée"),
        ("utf-16", "utf-16", "adresse"),
    ],
)
def test_named_charsets_are_decoded(charset: str, codec: str, text: str) -> None:
    assert _decoded(charset, text.encode(codec)) == text


@pytest.mark.parametrize(
    ("charset", "codec", "text"),
    [
        ("", "gb18030", "您好,您的邮件被退回来了"),
        ("us-ascii", "utf-8", "Unzustellbar für Empfänger"),
        ("utf-8", "latin-1", "unzustellbar für Empfänger"),
        ("utf-8", "gb18030", "收件人不存在"),
        ("iso-8859-1", "cp1252", "l’adresse"),
        ("x-made-up", "cp1251", "Письмо не доставлено адресату"),
        ("", "koi8-r", "письмо не доставлено адресату"),
        ("utf-8", "cp932", "メールを配信できませんでした"),
        ("us-ascii", "iso2022_jp", "配信できません"),
        ("undefined", "ascii", "plain"),
        ("\0", "latin-1", "für"),
    ],
)
def test_wrong_charsets_are_seen_through(charset: str, codec: str, text: str) -> None:
    assert _decoded(charset, text.encode(codec)) == text


def _decoded(charset: str, octets: bytes) -> str:
    head = b'Content-Type: text/plain; charset="' + charset.encode() + b'"\nContent-Transfer-Encoding: base64\n\n'
    return read_tree(head + base64.encodebytes(octets)).human_text


def test_a_transfer_encoding_that_the_body_belies_is_passed_over() -> None:
    assert read_tree(b"Content-Transfer-Encoding: base64\n\nuser unknown: a@b.example").human_text.startswith(
        "user unk"
    )


def test_base64_without_its_end_gives_what_there_is() -> None:
    assert (
        read_tree(b"Content-Transfer-Encoding: base64\n\n" + base64.b64encode(b"user unknown")[:-3]).human_text
        == "user unkn"
    )


def test_quoted_printable_is_decoded_where_it_is_cut_off() -> None:
    assert read_tree(b"Content-Transfer-Encoding: quoted-printable\n\nf=C3=BCr=\n Sie=C").human_text.startswith(
        "für Sie"
    )


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Type: multipart/mixed",
        b"Content-Type: multipart/mixed; boundary=another",
        b"Subject: no type at all",
        b"Content-Type: multipart",
    ],
)
def test_parts_are_found_where_the_boundary_is_not_named(head: bytes) -> None:
    tree = read_tree(head + b"\n\n--x\nContent-Type: text/plain\n\none\n--x\nContent-Type: text/plain\n\ntwo\n--x--\n")
    assert tree.human_text == "one\ntwo"


def test_a_boundary_in_rfc_2231_form_is_put_together() -> None:
    head = b'Content-Type: multipart/mixed; boundary*0="ab"; boundary*1*=%63d\n\n'
    assert read_tree(head + b"--abcd\n\none\n--abcd--\n").human_text == "one"


def test_a_multipart_of_no_parts_is_text() -> None:
    assert read_tree(b"Content-Type: multipart/mixed; boundary=x\n\nuser unknown").human_text == "user unknown"


def test_without_a_head_everything_is_text() -> None:
    assert read_tree(b"user unknown\nreally").human_text == "user unknown\nreally"


def test_a_head_without_a_blank_line_after_it_keeps_its_text() -> None:
    assert (
        read_tree(b"Subject: x\nyour mail came back\n\na@b.example").human_text == "your mail came back\n\na@b.example"
    )


def test_no_character_but_line_feed_ends_a_line() -> None:
    text = read_tree("\na\x0bb\x0cc\x85d\u2028e\x00f\n".encode()).human_text
    assert text.splitlines() == text.rstrip("\n").split("\n") == ["a b c d ef"]


def test_what_is_no_text_is_left_undecoded() -> None:
    assert read_tree(b"Content-Type: image/png\n\nPNG").parts[0].text == ""
    assert read_tree(b"Content-Type: application/octet-stream\n\nPK\x03\x00\x00").parts[0].text == ""


@pytest.mark.parametrize(
    "octets",
    [
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (at, at) for at in range(1000)),
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 10_000,
        b"a" * 3_000_000,
        b"\r" * 3_000_000,
        b"Subject: x\n" * 200_000,
    ],
    ids=["depth", "parts", "octets", "line ends", "fields"],
)
def test_what_is_too_much_is_left_out_and_said(octets: bytes) -> None:
    tree = read_tree(octets)
    assert tree.truncated
    assert len(tree.parts) <= MAX_PARTS


def test_a_thousand_enclosed_letters_are_one_part() -> None:
    assert types(read_tree(b"Content-Type: message/rfc822\n\n" * 1000)) == ["message/rfc822"]


def test_long_lines_go_on_in_the_next() -> None:
    assert max(map(len, read_tree(b"\n" + b"a" * 50_000).human_text.split("\n"))) == MAX_LINE


@given(st.binary(max_size=400))
def test_any_octets_give_a_tree(octets: bytes) -> None:
    assert read_tree(octets).parts
