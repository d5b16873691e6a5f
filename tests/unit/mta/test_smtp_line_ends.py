"""Bare CR and LF: the searches agree with counting."""

from hypothesis import given, strategies as st
from youtong.mta.smtp.line_ends import has_bare_cr, has_bare_lf

octets = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"x"])).map(b"".join)


@given(octets)
def test_a_cr_is_bare_unless_every_one_has_its_lf(given_octets: bytes) -> None:
    assert has_bare_cr(given_octets) == (given_octets.count(b"\r") != given_octets.count(b"\r\n"))


@given(octets)
def test_an_lf_is_bare_unless_every_one_has_its_cr(given_octets: bytes) -> None:
    assert has_bare_lf(given_octets) == (given_octets.count(b"\n") != given_octets.count(b"\r\n"))
