"""Signed addresses: what we made is read, what anybody else made is not."""

import pytest
from hypothesis import given, strategies as st
from youtong.mta.address import MAX_LOCAL_PART_OCTETS, split_address
from youtong.queue.signed_address import (
    TOKEN_LETTERS,
    AddressKey,
    AddressSigner,
    TokenKind,
    verp_token,
)

NUMBERS = st.integers(0, (1 << 63) - 1)
KINDS = st.sampled_from(TokenKind)
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
FIRST, SECOND = AddressKey(1, 0, b"1" * 32), AddressKey(2, 1000, b"2" * 32)
SIGNER = AddressSigner([FIRST, SECOND])


@given(KINDS, NUMBERS)
def test_a_token_gives_its_number_back_in_any_letter_case(kind: TokenKind, number: int) -> None:
    token = SIGNER.token(kind, number)
    assert len(token) == TOKEN_LETTERS
    assert set(token) <= set(LETTERS)
    assert SIGNER.number(kind, token) == SIGNER.number(kind, token.upper()) == number


@given(KINDS, NUMBERS, st.integers(0, TOKEN_LETTERS - 1), st.characters())
def test_a_token_with_any_letter_altered_is_refused(kind: TokenKind, number: int, place: int, letter: str) -> None:
    token = SIGNER.token(kind, number)
    altered = token[:place] + letter + token[place + 1 :]
    if letter.isascii() and altered.lower() == token:
        assert SIGNER.number(kind, altered) == number
    else:
        assert SIGNER.number(kind, altered) is None


@pytest.mark.parametrize("kind", list(TokenKind))
def test_every_single_letter_counts(kind: TokenKind) -> None:
    token = SIGNER.token(kind, 123456)
    for place in range(TOKEN_LETTERS):
        for letter in set(LETTERS + "0189-.") - {token[place]}:
            assert SIGNER.number(kind, token[:place] + letter + token[place + 1 :]) is None


@given(KINDS, KINDS, NUMBERS)
def test_a_token_of_one_kind_is_worthless_as_another(kind: TokenKind, other: TokenKind, number: int) -> None:
    assert (SIGNER.number(other, SIGNER.token(kind, number)) == number) == (kind is other)


@given(KINDS, st.one_of(st.text(), st.text(LETTERS, min_size=TOKEN_LETTERS, max_size=TOKEN_LETTERS)))
def test_no_text_is_a_token_unless_we_made_it_and_none_raises(kind: TokenKind, text: str) -> None:
    assert SIGNER.number(kind, text) is None
    verp_token(text)


@given(NUMBERS)
def test_a_verp_local_part_is_short_enough_an_address_and_read_back(number: int) -> None:
    local = SIGNER.verp(number)
    assert len(local) <= MAX_LOCAL_PART_OCTETS
    assert split_address(f"{local}@example.com") == (local, "example.com")
    token = verp_token(local.upper())
    assert token is not None
    assert SIGNER.number(TokenKind.VERP, token) == number


@pytest.mark.parametrize(
    "local",
    ["", "b7", "ann", "b7" + "a" * 31, "b7" + "a" * 33, "c7" + "a" * 32, "b7" + "ſ" * 32, "b7" + "a" * 31 + "."],
)
def test_what_has_not_the_form_of_verp_may_be_somebodys_name(local: str) -> None:
    assert verp_token(local) is None


def test_a_forged_verp_keeps_its_form_whatever_digits_it_has() -> None:
    assert verp_token("B7" + "0189" * 8) == "0189" * 8


@given(KINDS, NUMBERS)
def test_after_a_rotation_old_numbers_keep_their_tokens(kind: TokenKind, number: int) -> None:
    before = AddressSigner([FIRST])
    after = SIGNER
    assert after.number(kind, before.token(kind, number)) == (
        number if number < SECOND.first or kind is TokenKind.PROOF else None
    )
    if number < SECOND.first and kind is not TokenKind.PROOF:
        assert after.token(kind, number) == before.token(kind, number)


@given(KINDS, NUMBERS)
def test_another_house_cannot_read_our_tokens(kind: TokenKind, number: int) -> None:
    other = AddressSigner([AddressKey(1, 0, b"3" * 32), AddressKey(2, 1000, b"4" * 32)])
    assert other.number(kind, SIGNER.token(kind, number)) is None


def test_a_key_does_not_show_its_secret() -> None:
    assert repr(FIRST) == "<AddressKey 1 from 0>"
    assert "111" not in str(FIRST)
