"""Canonical form, octet for octet against dkimpy."""

import base64
import hashlib

import dkim.canonicalization as oracle
import pytest
from fakes.mail import bodies, raw_fields
from hypothesis import given, settings, strategies as st
from youtong.mta.dkim.canon import RelaxedBody, body_hash, pieces_of, relaxed_body, relaxed_field


def as_carried(body: bytes) -> bytes:
    return body if not body or body.endswith(b"\r\n") else body + b"\r\n"


@given(bodies)
@settings(deadline=None, max_examples=400)
def test_relaxed_body_equals_dkimpy_octet_for_octet(body: bytes) -> None:
    assert relaxed_body(body) == oracle.Relaxed.canonicalize_body(as_carried(body))


@given(
    st.lists(st.sampled_from([b"\r", b"\n", b" ", b"x", b"\t", b"\x0b", b"\x0c", b"\x00"]), max_size=24).map(b"".join)
)
@settings(deadline=None, max_examples=400)
def test_relaxed_body_equals_dkimpy_even_with_bare_line_ends(body: bytes) -> None:
    assert relaxed_body(body) == oracle.Relaxed.canonicalize_body(as_carried(body))


@given(bodies, st.data())
@settings(deadline=None, max_examples=300)
def test_the_cut_into_pieces_changes_nothing(body: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    pieces = [body[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    form = RelaxedBody()
    decided = [part for piece in pieces for part in form.update(piece)] + list(form.finish())
    assert b"".join(decided) == relaxed_body(body)


@given(bodies)
@settings(deadline=None)
def test_one_octet_at_a_time_changes_nothing(body: bytes) -> None:
    assert body_hash(bytes([octet]) for octet in body) == body_hash([body])


def test_body_hash_is_sha256_of_the_relaxed_form() -> None:
    expected = base64.b64encode(hashlib.sha256(b"a b\r\n").digest())
    assert body_hash([b"a \t", b" b  \r", b"\n\r\n \r\n"]) == expected


def test_empty_body_has_the_hash_that_rfc_6376_names() -> None:
    assert body_hash([]) == b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    assert body_hash([b""]) == body_hash([b"\r\n \r\n\t"]) == body_hash([])


@pytest.mark.parametrize("filler", [b"x", b" ", b"\r\n", b"\t \r\n", b"word  word\r\n"])
def test_a_large_body_in_pieces_hashes_as_in_one(filler: bytes) -> None:
    body = b"start" + filler * 300_000 + b"end"
    assert len(list(pieces_of(body))) > 1
    assert b"".join(pieces_of(body)) == body
    assert body_hash(pieces_of(body)) == base64.b64encode(hashlib.sha256(relaxed_body(body)).digest())


@given(raw_fields())
@settings(deadline=None, max_examples=400)
def test_relaxed_field_equals_dkimpy_octet_for_octet(built: tuple[bytes, bytes]) -> None:
    name, raw = built
    ((name_oracle, value_oracle),) = oracle.Relaxed.canonicalize_headers([(name, raw[len(name) + 1 :])])
    assert relaxed_field(name.lower(), raw) == name_oracle + b":" + value_oracle


def test_only_space_and_tab_are_white_space() -> None:
    assert relaxed_field(b"x", b"X:  a\x0b b\x0c\t c\r\n") == b"x:a\x0b b\x0c c\r\n"
    assert relaxed_field(b"x", b"X: a\rb \n c\r\n") == b"x:a\rb \n c\r\n"
