"""mta.dns.names, message, records and reading: what octets say, with dnspython as the judge of our own reader."""

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import pytest
from fakes.name_server import answering, rrset
from hypothesis import assume, example, given, settings, strategies as st
from youtong.mta.dns.answers import Family, Found, MxRecord, NoData, NoSuchName, Trouble, Unavailable
from youtong.mta.dns.message import parse_response, query_octets, question_octets
from youtong.mta.dns.names import BadNameError, MalformedError, host_name, name_octets, normal_name, read_name
from youtong.mta.dns.reading import Alias, read
from youtong.mta.dns.records import ADDRESS, MX, TXT

A, AAAA = ADDRESS[Family.IPV4], ADDRESS[Family.IPV6]
KINDS = {"MX": MX, "A": A, "AAAA": AAAA, "TXT": TXT}


def said(kind, *records: str, name: str = "a.org", **more):
    return read(answering(*records, **more)(dns.message.make_query(name, kind.name)), name, kind)


# -- names ------------------------------------------------------------------------------------------------------------

LABELS = st.lists(st.binary(min_size=1, max_size=63), max_size=5).filter(lambda labels: sum(map(len, labels)) < 240)


@given(LABELS)
def test_any_name_has_one_text_that_leads_back_to_it(labels):
    octets = dns.name.Name([*labels, b""]).to_wire()
    text, end = read_name(octets, 0)
    assert end == len(octets)
    assert name_octets(text) == octets.lower()


@given(LABELS, LABELS)
def test_different_names_have_different_texts(first, second):
    texts = [read_name(dns.name.Name([*labels, b""]).to_wire(), 0)[0] for labels in (first, second)]
    assert (texts[0] == texts[1]) == ([each.lower() for each in first] == [each.lower() for each in second])


@pytest.mark.parametrize(
    ("octets", "start", "words"),
    [
        (b"\xc0\x00", 0, "points forward"),
        (b"\x01a\xc0\x02", 2, "points forward"),
        (b"\x01a\xc0\x00", 0, "points forward"),
        (b"\xc0\x04\0\0\x01b\0", 0, "points forward"),
        (b"\x01a", 0, "does not end"),
        (b"\xc0", 0, "does not end"),
        (b"\x05abc", 0, "does not end"),
        (b"", 0, "does not end"),
        (b"\0\0" + b"".join((0xC000 + 2 * n).to_bytes(2) for n in range(40)), 80, "too often"),
        (b"\x40" + b"a" * 64 + b"\0", 0, "too long"),
        (b"\x80a\0", 0, "too long"),
        ((b"\x3f" + b"a" * 63) * 4 + b"\0", 0, "too long"),
    ],
)
def test_octets_that_are_no_name_are_refused(octets, start, words):
    with pytest.raises(MalformedError, match=words):
        read_name(octets, start)


@pytest.mark.parametrize("name", ["a..b", ".a", "a" * 64, ".".join(["a" * 50] * 6)])
def test_texts_that_cannot_travel_are_refused(name):
    with pytest.raises(BadNameError):
        name_octets(name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Example.ORG.", "example.org"),
        ("M\u00fcnchen.example", "xn--mnchen-3ya.example"),
        ("\u90ae\u901a\u3002\u4e2d\u56fd", "xn--m93a9k.xn--fiqs8s"),
        ("_dmarc.Example.org", "_dmarc.example.org"),
        (".", ""),
    ],
)
def test_names_have_one_form(text, name):
    assert normal_name(text) == name


def test_utf8_in_a_host_name_becomes_a_labels_if_it_can():
    assert host_name(read_name(b"\x02mx\x08m\xc3\xbcnchen\0", 0)[0]) == "mx.xn--mnchen-3ya"
    for octets in (b"\x02\xff\xfe\0", b"\x03a.b\0", b"\x02a \0"):
        name = read_name(octets, 0)[0]
        assert host_name(name) == name


# -- questions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("edns", [True, False])
def test_our_question_is_what_dnspython_reads(kind, edns):
    query = dns.message.from_wire(query_octets(4711, question_octets("mx.a.org", KINDS[kind].number), edns=edns))
    assert (query.id, query.edns, query.payload) == (4711, 0 if edns else -1, 1232 if edns else 0)
    assert query.flags == dns.flags.RD
    assert [each.to_text() for each in query.question] == [f"mx.a.org. IN {kind}"]


# -- answers ----------------------------------------------------------------------------------------------------------


def test_records_of_each_kind_have_their_values():
    assert said(MX, "a.org. 300 IN MX 10 MX.a.org.", "a.org. 200 IN MX 0 .") == Found(
        (MxRecord(10, "mx.a.org"), MxRecord(0, "")), 200
    )
    assert said(A, "a.org. 300 IN A 192.0.2.1").records == ("192.0.2.1",)
    assert said(AAAA, "a.org. 300 IN AAAA 2001:DB8:0::1").records == ("2001:db8::1",)
    assert said(TXT, 'a.org. 300 IN TXT "v=DKIM1; " "p=AB"').records == (b"v=DKIM1; p=AB",)


def test_a_record_given_twice_counts_once():
    message = answering("a.org. 300 IN A 192.0.2.1")(dns.message.make_query("a.org", "A"))
    header, record = bytearray(message), message[-16:]
    header[7] = 2
    assert read(bytes(header) + record, "a.org", A).records == ("192.0.2.1",)


def test_letter_case_of_owners_does_not_matter():
    assert said(A, "A.oRg. 300 IN A 192.0.2.1").records == ("192.0.2.1",)


def test_aliases_are_followed_in_any_order_and_the_shortest_ttl_holds():
    chain = ("c.org. 50 IN A 192.0.2.1", "b.org. 40 IN CNAME c.org.", "a.org. 70 IN CNAME b.org.")
    assert said(A, *chain) == Found(("192.0.2.1",), 40, "c.org")


@pytest.mark.parametrize("length", [17, 1500])
def test_a_chain_of_aliases_that_does_not_end_soon_is_given_up(length):
    answer = said(A, *(f"{f'n{n}' if n else 'a.org'}. 60 IN CNAME n{n + 1}." for n in range(length)))
    assert answer.kind is Trouble.ALIAS_LOOP


def test_an_alias_without_its_target_is_to_be_asked_for():
    assert said(A, "a.org. 70 IN CNAME b.org.", "b.org. 60 IN CNAME c.net.") == Alias("c.net", 60)


def test_an_alias_whose_target_has_no_such_record_is_no_data():
    assert said(A, "a.org. 70 IN CNAME b.org.", authority=["org. 900 IN SOA a. b. 1 2 3 4 120"]) == NoData(70)


def test_an_alias_of_what_does_not_exist_does_not_exist():
    soa = "org. 900 IN SOA a. b. 1 2 3 4 120"
    assert said(A, "a.org. 170 IN CNAME b.org.", authority=[soa], rcode="NXDOMAIN") == NoSuchName(120)


@pytest.mark.parametrize(("soa_ttl", "minimum", "expected"), [(900, 120, 120), (60, 120, 60)])
def test_negative_answers_live_as_long_as_soa_ttl_and_minimum_allow(soa_ttl, minimum, expected):
    soa = f"org. {soa_ttl} IN SOA a. b. 1 2 3 4 {minimum}"
    assert said(A, authority=[soa]) == NoData(expected)
    assert said(A, authority=[soa], rcode="NXDOMAIN") == NoSuchName(expected)


@pytest.mark.parametrize(
    "authority", [[], ["net. 900 IN SOA a. b. 1 2 3 4 5000"], ["xa.org. 9 IN SOA a. b. 1 2 3 4 5"]]
)
def test_negative_answers_without_the_soa_of_their_zone_are_kept_for_a_minute(authority):
    assert said(A, authority=authority) == NoData(60)
    assert said(A, authority=authority, rcode="NXDOMAIN") == NoSuchName(60)


def test_a_referral_is_no_answer_unless_the_server_looks_names_up():
    referral = ["org. 300 IN NS ns.org."]
    assert said(A, authority=referral, flags=0).kind is Trouble.LAME
    assert said(A, authority=referral) == NoData(60)


def test_nxdomain_with_records_makes_no_sense():
    assert said(A, "a.org. 300 IN A 192.0.2.1", rcode="NXDOMAIN").kind is Trouble.MALFORMED


def test_a_ttl_with_its_highest_bit_set_is_zero():
    octets = bytearray(answering("a.org. 300 IN A 192.0.2.1")(dns.message.make_query("a.org", "A")))
    octets[-10] = 0x80
    assert read(bytes(octets), "a.org", A).ttl_seconds == 0


@pytest.mark.parametrize(
    ("kind", "line", "cut"),
    [
        (A, "a.org. 300 IN A 192.0.2.1", 1),
        (AAAA, "a.org. 300 IN AAAA 2001:db8::1", 4),
        (TXT, 'a.org. 300 IN TXT "abc"', 1),
    ],
)
def test_records_of_a_wrong_length_make_no_sense(kind, line, cut):
    octets = bytearray(answering(line)(dns.message.make_query("a.org", kind.name))[:-cut])
    size = len(rrset(line)[0].to_digestable()) - cut
    octets[-size - 2 : -size] = size.to_bytes(2)
    assert read(bytes(octets), "a.org", kind).kind is Trouble.MALFORMED


# -- dnspython as the judge -------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["a.org.", "b.org.", "mx.b.org.", "c.net.", "org.", "."])
DATA = st.one_of(
    st.tuples(st.just("A"), st.ip_addresses(v=4).map(str)),
    st.tuples(st.just("AAAA"), st.ip_addresses(v=6).map(str)),
    st.tuples(st.just("MX"), st.tuples(st.integers(0, 65535), NAMES).map(lambda pair: f"{pair[0]} {pair[1]}")),
    st.tuples(st.just("CNAME"), NAMES),
    st.tuples(st.just("TXT"), st.text("abc ", max_size=9).map(lambda text: f'"{text}" "z"')),
)
LINES = st.tuples(NAMES, st.integers(0, 100_000), DATA).map(lambda t: f"{t[0]} {t[1]} IN {t[2][0]} {t[2][1]}")


@settings(max_examples=60)
@given(st.lists(LINES, max_size=6), st.sampled_from(sorted(KINDS)), st.sampled_from(["NOERROR", "NXDOMAIN"]))
@example(["a.org. 5 IN CNAME b.org.", "b.org. 9 IN MX 0 ."], "MX", "NOERROR")
def test_what_dnspython_finds_we_find(lines, kind, rcode):
    aliased = [line.split()[0] for line in lines if " IN CNAME " in line]
    assume(len(aliased) == len(set(aliased)))  # of two aliases of a name (RFC 2181 §10.1) each reader takes another
    octets = answering(*lines, rcode=rcode, authority=["org. 90 IN SOA a. b. 1 2 3 4 50"])(
        dns.message.make_query("a.org", kind)
    )
    ours = read(octets, "a.org", KINDS[kind])
    try:
        chain = dns.message.from_wire(octets).resolve_chaining()
    except dns.exception.DNSException:
        return  # a circle, or NXDOMAIN with records: ours are tested by name above
    if chain.answer is None:
        assert not isinstance(ours, Found)
        return
    texts = {rdata.to_text() for rdata in chain.answer}
    assert isinstance(ours, Found)
    assert len(ours.records) == len(texts)
    assert (ours.canonical or "a.org") == chain.canonical_name.to_text(omit_final_dot=True)
    if kind in ("A", "AAAA"):
        assert set(ours.records) == texts
    if kind == "MX":
        assert {f"{each.preference} {each.host}." for each in ours.records} == texts


@given(st.binary(max_size=300))
@example(b"\0" * 12)
@example(bytes(4) + b"\xff\xff" * 4)
def test_any_octets_are_read_or_refused(octets):
    for kind in KINDS.values():
        answer = read(octets, "a.org", kind)
        assert isinstance(answer, Found | NoSuchName | NoData | Unavailable | Alias)


@given(st.lists(LINES, min_size=1, max_size=4), st.data())
def test_a_message_with_changed_octets_never_gives_what_it_does_not_hold(lines, data):
    octets = bytearray(answering(*lines)(dns.message.make_query("a.org", "A")))
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(12, len(octets) - 1))] = data.draw(st.integers(0, 255))
    answer = read(bytes(octets), "a.org", A)
    if isinstance(answer, Found):
        held = [
            octets[record.start : record.end]
            for record in parse_response(bytes(octets)).answers
            if record.owner == (answer.canonical or "a.org")
        ]
        assert {".".join(map(str, each)) for each in held} >= set(answer.records)
    elif isinstance(answer, Unavailable):
        assert answer.kind in (Trouble.MALFORMED, Trouble.ALIAS_LOOP)
        assert answer.why.isascii()
