"""Which addresses are ours: the whole table, and every known trick to make us relay."""

import pytest
from hypothesis import given, strategies as st
from youtong.mta.address import AddressError, split_address
from youtong.mta.envelope import Domain
from youtong.policy.our_addresses import OurAddresses
from youtong.queue.inbound.inbound_mail import Addressee, InboundKind, Stranger
from youtong.queue.signed_address import AddressKey, AddressSigner, TokenKind

HOST, OURS = "mx.house.example", "customer.example"
SIGNER = AddressSigner([AddressKey(1, 0, b"s" * 32)])
DOMAINS = {Domain(OURS): 7, Domain("xn--bcher-kva.example"): 8}
ADDRESSES = OurAddresses(HOST, DOMAINS.get, SIGNER)
VERP = SIGNER.verp(4711)
UNSUBSCRIBE = SIGNER.token(TokenKind.UNSUBSCRIBE, 12)
PROOF = SIGNER.token(TokenKind.PROOF, 3)


def find(address: str) -> Addressee | Stranger:
    _local, domain = split_address(address, smtputf8=True)
    return ADDRESSES.find(address, domain)


def kind(address: str) -> InboundKind | Stranger:
    found = find(address)
    return found.kind if isinstance(found, Addressee) else found


@pytest.mark.parametrize("domain", [HOST, OURS])
@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("postmaster", InboundKind.POSTMASTER),
        ("PostMaster", InboundKind.POSTMASTER),
        ('"postmaster"', InboundKind.POSTMASTER),
        ('"post\\master"', InboundKind.POSTMASTER),
        ("abuse", InboundKind.ABUSE),
        ("dmarc-reports", InboundKind.DMARC_REPORT),
        ("dmarc-reports+customer.example", InboundKind.DMARC_REPORT),
        ("tls-reports", InboundKind.TLS_REPORT),
        ("fbl", InboundKind.FEEDBACK),
        (VERP, InboundKind.VERP),
        (VERP.upper(), InboundKind.VERP),
        (f"unsubscribe+{UNSUBSCRIBE}", InboundKind.UNSUBSCRIBE),
        (f"Unsubscribe+{UNSUBSCRIBE.upper()}", InboundKind.UNSUBSCRIBE),
        (f"proof+{PROOF}", InboundKind.PROOF),
        (f"unsubscribe+{PROOF}", Stranger.UNKNOWN),
        ("unsubscribe+", Stranger.UNKNOWN),
        ("proof+nonsense", Stranger.UNKNOWN),
        (VERP[:-1] + ("a" if VERP[-1] != "a" else "b"), Stranger.UNKNOWN),
        (VERP[:2] + UNSUBSCRIBE, Stranger.UNKNOWN),
        ("b7" + "1" * 32, Stranger.UNKNOWN),
    ],
)
def test_addresses_with_a_meaning_are_the_same_at_our_hostname_and_in_a_customers_domain(
    local: str, expected: InboundKind | Stranger, domain: str
) -> None:
    assert kind(f"{local}@{domain}") is expected


@pytest.mark.parametrize("local", ["ann", "ann.lee+shop", '"ann lee"', "unsubscribe", "b7", "news=2026", "陈"])
def test_any_other_local_part_is_an_answer_in_a_customers_domain_and_unknown_at_our_hostname(local: str) -> None:
    assert find(f"{local}@{OURS}") == Addressee(f"{local}@{OURS}", InboundKind.ANSWER, 0, 7)
    assert find(f"{local}@{HOST}") is Stranger.UNKNOWN


def test_a_token_is_resolved_to_its_number_and_the_domains_owner() -> None:
    assert find(f"{VERP}@{OURS}") == Addressee(f"{VERP}@{OURS}", InboundKind.VERP, 4711, 7)
    assert find(f"unsubscribe+{UNSUBSCRIBE}@{HOST}") == Addressee(
        f"unsubscribe+{UNSUBSCRIBE}@{HOST}", InboundKind.UNSUBSCRIBE, 12, 0
    )


@pytest.mark.parametrize("spelled", ["Customer.EXAMPLE", "customer.example.", "CUSTOMER.example."])
def test_our_domain_is_ours_in_any_spelling(spelled: str) -> None:
    assert kind(f"ann@{spelled}") is InboundKind.ANSWER


@pytest.mark.parametrize("spelled", ["bücher.example", "BÜCHER.example", "xn--bcher-kva.example", "bücher。example"])
def test_an_internationalised_domain_is_ours_in_both_forms(spelled: str) -> None:
    found = find(f"ann@{spelled}")
    assert isinstance(found, Addressee)
    assert found.account_id == 8


TRICKS = [
    "victim@elsewhere.example",
    "postmaster@elsewhere.example",
    f"{VERP}@elsewhere.example",
    "victim@sub.customer.example",
    "victim@notcustomer.example",
    "victim@customer.example.elsewhere.example",
    "victim%elsewhere.example@customer.example",
    "victim%elsewhere.example@mx.house.example",
    '"victim%elsewhere.example"@customer.example',
    '"victim@elsewhere.example"@customer.example',
    '"victim@elsewhere.example"@mx.house.example',
    '"victim\\@elsewhere.example"@customer.example',
    '"victim\\%elsewhere.example"@customer.example',
    "elsewhere.example!victim@customer.example",
    "elsewhere.example!victim@mx.house.example",
    '"elsewhere.example!victim"@mx.house.example',
    "mx.house.example!victim@elsewhere.example",
    "victim%customer.example@elsewhere.example",
    '"postmaster%elsewhere.example"@mx.house.example',
    f"unsubscribe+{UNSUBSCRIBE}%elsewhere.example@customer.example",
]


@pytest.mark.parametrize("address", TRICKS)
def test_no_trick_makes_an_address_elsewhere_one_of_ours(address: str) -> None:
    assert find(address) is Stranger.ELSEWHERE


@given(st.text(max_size=80), st.sampled_from([HOST, OURS, "elsewhere.example"]))
def test_no_local_part_raises_and_none_elsewhere_is_ours(local: str, domain: str) -> None:
    try:
        found = find(f"{local}@{domain}")
    except AddressError:
        return
    assert isinstance(found, Addressee | Stranger)
    if domain == "elsewhere.example":
        assert found is Stranger.ELSEWHERE
