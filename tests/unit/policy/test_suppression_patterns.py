"""Patterns of addresses: what a person writes, and what fits."""

import pytest
from youtong.policy.suppression_patterns import BadPattern, Patterns, is_pattern, read_pattern


def fits(pattern: str, address: str) -> bool:
    patterns = Patterns()
    patterns.add(read_pattern(pattern), "it")
    return list(patterns.fitting(address)) == ["it"]


@pytest.mark.parametrize(
    ("pattern", "address"),
    [
        ("example.com", "jane@example.com"),
        ("@Example.COM", "jane@example.com"),
        ("*@example.com", "jane@example.com"),
        ("*.example.com", "jane@mail.example.com"),
        ("*.example.com", "jane@a.b.example.com"),
        ("no*@example.com", "noreply@example.com"),
        ("*-bounce-*@example.com", "list-bounce-17@example.com"),
        ("postmaster@*", "postmaster@example.com"),
        ("no*@*.example.com", "noreply@mail.example.com"),
        ("bücher.example", "jane@xn--bcher-kva.example"),
    ],
)
def test_a_pattern_fits_what_it_names(pattern: str, address: str) -> None:
    assert fits(pattern, address)


@pytest.mark.parametrize(
    ("pattern", "address"),
    [
        ("example.com", "jane@mail.example.com"),
        ("example.com", "jane@notexample.com"),
        ("*.example.com", "jane@example.com"),
        ("no*@example.com", "jane.no@example.com"),
        ("no.reply*@example.com", "noxreply@example.com"),
        ("postmaster@*", "jane@example.com"),
    ],
)
def test_a_pattern_fits_nothing_else(pattern: str, address: str) -> None:
    assert not fits(pattern, address)


@pytest.mark.parametrize("text", ["", "*", "*@*", "@", "a b@example.com", "no*@exam ple.com", "a*b*c*@example.com"])
def test_what_is_no_pattern_or_would_be_everybody_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(BadPattern, match=r"\w+ \w+"):
        read_pattern(text)


@pytest.mark.parametrize("text", ["example.com", "*.example.com", "no*@example.com", "postmaster@*", "a@*.example.com"])
def test_a_patterns_own_text_reads_as_itself(text: str) -> None:
    assert str(read_pattern(text)) == text


def test_an_address_is_no_pattern() -> None:
    assert not is_pattern("jane@example.com")


def test_stars_over_the_longest_local_part_are_compared_in_bounded_time() -> None:
    patterns = Patterns()
    patterns.add(read_pattern("*a*b@example.com"), "it")
    for _ in range(100):
        assert not list(patterns.fitting("a" * 64 + "@example.com"))
