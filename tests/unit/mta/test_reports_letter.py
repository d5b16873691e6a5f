"""Our letter in what came back, and addresses in what strangers write."""

import pytest
from youtong.mta.reports.addresses import MAX_ADDRESSES, addresses_in
from youtong.mta.reports.returned_letter import returned_letter, split_quoted
from youtong.mta.reports.tree import read_tree

HEAD = (
    "Received: from a by b\nMessage-ID: <1.abc@shop.example>\n"
    "To: Ann <ann@there.example>, bob@there.example\nSubject: Hello\n"
)


@pytest.mark.parametrize(
    "octets",
    [
        f"\nSorry.\n\n--- Below this line is a copy of the message.\n\n{HEAD}\nbody\n",
        f"\nSorry.\n\n> {HEAD.strip().replace(chr(10), chr(10) + '> ')}\n> \n> body\n",
        f"\nSorry.\n    {HEAD.strip().replace(chr(10), chr(10) + '    ')}\n",
        f"Content-Type: message/rfc822\n\n{HEAD}\nbody",
        f"Content-Type: text/rfc822-headers\n\n{HEAD}",
        f"Content-Type: message/global-headers\n\n\n{HEAD}",
    ],
    ids=["below a line", "quoted", "indented", "enclosed", "head", "global head"],
)
def test_the_letter_is_found_wherever_its_head_stands(octets: str) -> None:
    letter = returned_letter(read_tree(octets.encode()))
    assert letter.message_id == "1.abc@shop.example"
    assert letter.to == ("ann@there.example", "bob@there.example")
    assert letter.subject == "Hello"


def test_without_a_letter_the_notice_says_which_it_answers() -> None:
    assert returned_letter(read_tree(b"In-Reply-To: <1@shop.example>\n\nSorry.")).message_id == "1@shop.example"
    assert returned_letter(read_tree(b"References: <0@x> <1@shop.example>\n\nSorry.")).message_id == "1@shop.example"
    assert returned_letter(read_tree(b"Subject: x\n\nSorry.")).message_id == ""


def test_words_are_cut_where_the_letter_begins() -> None:
    assert split_quoted(f"Sorry, no.\n\n{HEAD}\nbody") == ("Sorry, no.\n\n", f"{HEAD}\nbody")


def test_fields_that_a_notice_shows_to_people_are_its_own_words() -> None:
    text = "From: a@b.example\nTo: c@d.example\nSubject: Hello\n\nReason: mailbox full\n"
    assert split_quoted(text) == (text, "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("收件人ann@there.example不存在。", ["ann@there.example"]),
        ("<ann@there.example>, 'bob@there.example'.", ["ann@there.example", "bob@there.example"]),
        ("mailto:ann@there.example?subject=x", ["ann@there.example"]),
        ("(ann.lee+tag@sub.there.example)", ["ann.lee+tag@sub.there.example"]),
        ("<安@例子.example>", ["安@例子.example"]),
        ('"ann lee"@there.example "x"@there.example', ['"x"@there.example']),
        ("ann@there.example ann@there.example", ["ann@there.example"]),
        ("no@where a..b@there.example @x.example a@", []),
        ("", []),
    ],
)
def test_addresses_are_found_in_words(text: str, found: list[str]) -> None:
    assert addresses_in(text) == found


def test_addresses_are_bounded() -> None:
    assert len(addresses_in(" ".join(f"u{at}@there.example" for at in range(3 * MAX_ADDRESSES)))) == MAX_ADDRESSES
