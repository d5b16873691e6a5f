"""Who may send as whom: the rule over heads and reverse-paths."""

import pytest
from youtong.mta.envelope import Domain, Envelope
from youtong.mta.submission.ports import Origin, Refuse
from youtong.policy.senders import Barred, Sendable, SenderRules, comparable, refuse_head, refuse_reverse_path

SHOP = Sendable(frozenset({"alice@example.com"}), frozenset({Domain("shop.example"), Domain("xn--fiqs8s.example")}))
OPERATOR = Sendable(everything=True)
ORIGIN = Origin("alice@example.com", 7, 1, "people")


def head(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"


def code(refusal: Refuse | None) -> str:
    return "" if refusal is None else f"{refusal.reply.code} {refusal.reply.enhanced}"


@pytest.mark.parametrize(
    ("reverse_path", "expected"),
    [
        ("alice@example.com", ""),
        ("ALICE@Example.COM", ""),
        ("any.one+tag@shop.example", ""),
        ("x@SHOP.example.", ""),
        ("x@中国.example", ""),
        ("", ""),
        ("bob@example.com", "553 5.7.1"),
        ("x@sub.shop.example", "553 5.7.1"),
        ("x@notshop.example", "553 5.7.1"),
        ("shop.example", "553 5.7.1"),
        ("@shop.example", "553 5.7.1"),
        ("x@[192.0.2.1]", "553 5.7.1"),
    ],
)
def test_the_reverse_path_must_be_the_accounts(reverse_path: str, expected: str) -> None:
    assert code(refuse_reverse_path(reverse_path, SHOP)) == expected
    assert refuse_reverse_path(reverse_path, OPERATOR) is None


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["From: Alice <alice@example.com>"], ""),
        (["Subject: x", "From: =?utf-8?q?Shop?= <news@shop.example>", "To: a@b.example"], ""),
        (["From: news@shop.example, alice@example.com", "Sender: alice@example.com"], ""),
        (["From: alice@example.com", "Sender: news@shop.example"], ""),
        (["From: Bob <bob@example.com>"], "553 5.7.1"),
        (["From: alice@example.com", "Sender: bob@example.com"], "553 5.7.1"),
        (["From: alice@example.com, bob@example.com", "Sender: alice@example.com"], "553 5.7.1"),
        (["From: alice@example.com, news@shop.example"], "550 5.6.0"),
        (["Subject: no author"], "550 5.6.0"),
        (["From: "], "550 5.6.0"),
        (["From: undisclosed:;"], "550 5.6.0"),
        (["From: alice@example.com", "From: bob@example.com"], "550 5.6.0"),
        (["From: alice@example.com", "FROM : alice@example.com"], "550 5.6.0"),
        (["From: alice@example.com", "Date: a", "date: b"], "550 5.6.0"),
        (["From: alice@example.com", "Subject: a", "Subject: a"], "550 5.6.0"),
        (["From: alice@example.com", "Message-ID: <a@b>", "Message-Id: <c@d>"], "550 5.6.0"),
        (["From: alice@example.com", "Sender: alice@example.com", "Sender: alice@example.com"], "550 5.6.0"),
        (["From: alice@example.com <bob@example.com>"], "550 5.6.0"),
        (["From: Alice\r\n <alice@example.com>"], ""),
        (["From: alice@example.com", "X-From: bob@example.com", "Resent-From: c@d.example"], ""),
    ],
)
def test_the_author_must_be_one_and_the_accounts(lines: list[str], expected: str) -> None:
    assert code(refuse_head(head(*lines), SHOP)) == expected


def test_the_operator_may_use_every_author_but_only_one() -> None:
    assert refuse_head(head("From: anyone@anywhere.example"), OPERATOR) is None
    assert code(refuse_head(head("From: a@b.example", "From: c@d.example"), OPERATOR)) == "550 5.6.0"


def test_a_hostile_address_does_not_reach_the_reply_raw() -> None:
    refusal = refuse_reverse_path("x\r\n250 ok@中.example", SHOP)
    assert refusal is not None
    assert refusal.reply.text.isascii()
    assert refusal.reply.text.isprintable()


@pytest.mark.parametrize(("why", "words"), [(Barred.DISABLED, "disabled"), (Barred.REVOKED, "log in again")])
def test_an_account_or_credential_that_ends_during_its_session_is_refused(why: Barred, words: str) -> None:
    may: dict[tuple[int, int], Sendable | Barred] = {(ORIGIN.account_id, ORIGIN.credential_id): SHOP}
    rules = SenderRules(lambda *ids: may[ids])
    envelope = Envelope("alice@example.com", ())
    assert rules.check_reverse_path(ORIGIN, "alice@example.com") is None
    assert rules.check_message(ORIGIN, envelope, head("From: alice@example.com")) is None
    may[ORIGIN.account_id, ORIGIN.credential_id] = why
    for refusal in (
        rules.check_reverse_path(ORIGIN, ""),
        rules.check_message(ORIGIN, envelope, head("From: alice@example.com")),
    ):
        assert code(refusal) == "550 5.7.1"
        assert refusal is not None
        assert words in refusal.reply.text


def test_comparable_folds_case_and_domain_forms() -> None:
    assert comparable("Alice@中国.Example.") == "alice@xn--fiqs8s.example"
