"""Address lists: one reading or none."""

import pytest
from hypothesis import given, settings, strategies as st
from youtong.mta.message.mailboxes import HeaderError, addresses_in


@pytest.mark.parametrize(
    ("value", "addresses"),
    [
        (b"a@example.org", ["a@example.org"]),
        (b"<a@example.org>", ["a@example.org"]),
        (b"Ann Example <a@example.org>", ["a@example.org"]),
        (b"Ann  Q. Example  <a@example.org>", ["a@example.org"]),
        (b'"Example, Ann" <a@example.org>', ["a@example.org"]),
        (b'"b@example.net" <a@example.org>', ["a@example.org"]),
        (b'"quote \\" and <b@example.net>" <a@example.org>', ["a@example.org"]),
        (b"=?utf-8?B?5L2g5aW9?= <a@example.org>", ["a@example.org"]),
        (b"=?utf-8?Q?Ann,_Bob?= <a@example.org>", ["a@example.org"]),
        (b"=?utf-8?Q?a@example.org?= <a@example.org>", ["a@example.org"]),
        ("安妮 <a@example.org>".encode(), ["a@example.org"]),
        ("安妮 <安妮@例子.中国>".encode(), ["安妮@例子.中国"]),
        (b"\xc4\xe3 <a@example.org>", ["a@example.org"]),
        (b"a@example.org (Ann (with) \\) friends)", ["a@example.org"]),
        (b"(c) Ann (c) < a@example.org (c) > (c)", ["a@example.org"]),
        (b"a@example.org, B <b@example.net>", ["a@example.org", "b@example.net"]),
        (b"a@example.org,, b@example.net,", ["a@example.org", "b@example.net"]),
        (b"Team: a@example.org, B <b@example.net>;", ["a@example.org", "b@example.net"]),
        (b"Team: a@example.org;, c@example.org", ["a@example.org", "c@example.org"]),
        (b"Undisclosed recipients:;", []),
        (b'"odd local"@example.org', ['"odd local"@example.org']),
        (b"a@[192.0.2.1]", ["a@[192.0.2.1]"]),
        (b"", []),
    ],
)
def test_addresses_are_found(value: bytes, addresses: list[str]) -> None:
    assert addresses_in(value) == addresses


@pytest.mark.parametrize(
    "value",
    [
        b"b@example.net <a@example.org>",  # two readers, two authors
        b"=?utf-8?Q?b@example.net,?= <a@example.org>",
        b"<a@example.org> <b@example.net>",
        b"a@example.org b@example.net",
        b"Ann a@example.org",
        b"Ann <a@example.org> Example",
        b"<@relay.example:a@example.org>",
        b"<a @example.org>",
        b"<a@example.org",
        b"a@example.org>",
        b"<>",
        b"Ann",
        b"a@b@example.org",
        b"a..b@example.org",
        b"Team: a@example.org",
        b"Team: Inner: a@example.org;;",
        b"a@example.org;",
        b": a@example.org;",
        b'"open <a@example.org>',
        b"(open <a@example.org>",
        b"Ann) <a@example.org>",
        b"\xff@example.org",
        b"a@example.org\x00",
        b"Ann\r<a@example.org>",
        b"=?utf-8?b?Y2VvQGJhbmsuZXhhbXBsZQ=?=@example.org",
        b"Ann <=?utf-8?q?ceo=40bank.example=00?=@example.org>",
        b"Ann <a=?utf-8?q?x?=@example.org>",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(value: bytes) -> None:
    with pytest.raises(HeaderError):
        addresses_in(value)


_atoms = st.text("abcZ09-_+=!#", min_size=1, max_size=6)
_addresses = st.builds("{}.{}@{}.example".format, _atoms, _atoms, st.text("abc09", min_size=1, max_size=5))
_names = st.one_of(
    st.just(""),
    _atoms,
    st.text("ab ,;:@<>()[].中", max_size=10).map('"{}"'.format),
    st.text("ab (,@", max_size=6).map(lambda text: f"({text.replace('(', '')}) word"),
)


@given(st.lists(st.tuples(_names, _addresses), min_size=1, max_size=4))
@settings(deadline=None)
def test_a_list_that_was_built_gives_its_addresses(mailboxes: list[tuple[str, str]]) -> None:
    value = ", ".join(f"{name} <{address}>" for name, address in mailboxes)
    assert addresses_in(value.encode()) == [address for _, address in mailboxes]


_tokens = st.sampled_from(
    [
        b"a@b.example",
        b"a",
        b"@",
        b"<",
        b">",
        b",",
        b":",
        b";",
        b"(",
        b")",
        b'"',
        b"\\",
        b" ",
        b".",
        b"=?u?q?x?=",
        b"\xff",
        b"\x00",
    ]
)


@given(st.lists(_tokens, max_size=16).map(b"".join))
@settings(deadline=None)
def test_any_octets_are_read_or_refused_and_found_addresses_stand_in_the_value(value: bytes) -> None:
    try:
        found = addresses_in(value)
    except HeaderError:
        return
    assert all(address.encode() in value and "@" in address for address in found)
