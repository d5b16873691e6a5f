import pytest
from hypothesis import given, strategies as st
from youtong.mta.address import AddressError, NeedsSmtputf8Error, normalise_domain, split_address


@pytest.mark.parametrize(
    "address",
    ["", "a", "@b", "a@", "a@b@", "a b@c", "a.@b", "a@b..c", "a@b-", "a@[1.2.3.4]", "x" * 65 + "@b", "a@" + "b" * 64],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(AddressError):
        split_address(address)


@pytest.mark.parametrize(
    ("written", "domain"), [("EXAMPLE.org.", "example.org"), ("例子.中国", "xn--fsqu00a.xn--fiqs8s")]
)
def test_a_domain_has_one_form(written: str, domain: str) -> None:
    assert split_address(f"a@{written}", smtputf8=True) == ("a", domain)


@pytest.mark.parametrize("address", ["用户@example.org", "a@例子.中国"])
def test_what_goes_beyond_ascii_needs_smtputf8(address: str) -> None:
    with pytest.raises(NeedsSmtputf8Error):
        split_address(address)
    split_address(address, smtputf8=True)


@given(st.text(), st.booleans())
def test_any_text_is_an_address_or_refused(text: str, smtputf8: bool) -> None:
    try:
        local, domain = split_address(text, smtputf8=smtputf8)
    except AddressError:
        return
    assert text.startswith(f"{local}@")
    assert normalise_domain(domain) == domain
    assert domain.isascii()


def test_an_address_that_is_too_long_only_with_its_domain_in_ascii_is_refused() -> None:
    address = "a" * 64 + "@" + ".".join(["\u00e9"] * 25)
    assert len(address.encode()) <= 254
    with pytest.raises(AddressError, match="with its domain in ASCII"):
        split_address(address, smtputf8=True)
