"""The register: what may be added and changed, and what is refused with a sentence."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.clock import FakeClock
from youtong.admin.accounts import AccountError, AccountKind, AccountRegister, account_name, ensure_operator
from youtong.admin.accounts.secrets import chosen_verifier, matches_chosen, random_secret, random_verifier
from youtong.admin.store import AppDatabase
from youtong.mta.address import AddressError

VERIFIER = chosen_verifier("correct horse")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[AppDatabase]:
    opened = await AppDatabase.open(tmp_path / "app.db")
    yield opened
    await opened.close()


@pytest.fixture
def register(database: AppDatabase) -> AccountRegister:
    return AccountRegister(database, FakeClock())


async def test_an_account_has_a_login_and_a_credential_at_once(
    register: AccountRegister, database: AppDatabase
) -> None:
    await register.add("shop@example.com", VERIFIER, domains=["shop.example"], mail_class="transactional")
    account = await register.account("shop@example.com")
    assert (account.kind, account.domains, account.disabled) == (AccountKind.MASTER, ("shop.example",), False)
    (credential,) = await register.credentials("SHOP@example.com")
    assert (credential.mail_class, credential.verifier) == ("transactional", VERIFIER)
    async with database.reading() as transaction:
        assert await transaction.rows("SELECT name, password_hash FROM login") == [("shop@example.com", VERIFIER)]


async def test_a_refused_account_leaves_nothing_behind(register: AccountRegister, database: AppDatabase) -> None:
    await register.add("a@a.example", VERIFIER, domains=["shop.example"])
    with pytest.raises(AccountError, match=r"belongs to a@a\.example already"):
        await register.add("b@b.example", VERIFIER, domains=["free.example", "shop.example"])
    async with database.reading() as transaction:
        assert await transaction.rows("SELECT name FROM account") == [("a@a.example",)]
        assert await transaction.rows("SELECT domain FROM account_domain") == [("shop.example",)]


async def test_a_name_is_taken_in_any_case(register: AccountRegister) -> None:
    await register.add("a@a.example", VERIFIER)
    with pytest.raises(AccountError, match="already"):
        await register.add("A@a.example", VERIFIER)


async def test_a_sub_account_belongs_to_a_master_only(register: AccountRegister) -> None:
    await register.add("m@a.example", VERIFIER)
    await register.add("s@a.example", VERIFIER, parent="m@a.example")
    assert (await register.account("s@a.example")).parent == "m@a.example"
    with pytest.raises(AccountError, match="no master account"):
        await register.add("t@a.example", VERIFIER, parent="s@a.example")
    with pytest.raises(AccountError, match="There is no account"):
        await register.add("t@a.example", VERIFIER, parent="nobody@a.example")


async def test_a_new_master_cannot_have_its_address_in_anothers_domain(register: AccountRegister) -> None:
    await register.add("m@a.example", VERIFIER, domains=["a.example"])
    with pytest.raises(AccountError, match=r"add --parent m@a\.example"):
        await register.add("intruder@a.example", VERIFIER)
    await register.add("sub@a.example", VERIFIER, parent="m@a.example")


async def test_a_domain_in_which_a_stranger_has_its_address_is_not_given(register: AccountRegister) -> None:
    await register.add("alice@a.example", VERIFIER)
    await register.add("carol@c.example", VERIFIER)
    await register.add("sub@b.example", VERIFIER, parent="carol@c.example")
    with pytest.raises(AccountError, match=r"alice@a\.example"):
        await register.add("bob@d.example", VERIFIER, domains=["a.example"])
    await register.add("bob@d.example", VERIFIER)
    with pytest.raises(AccountError, match=r"sub@b\.example"):
        await register.give_domain("bob@d.example", "b.example")
    assert (await register.account("bob@d.example")).domains == ()
    await register.give_domain("alice@a.example", "a.example")
    await register.give_domain("carol@c.example", "b.example")


async def test_domains_are_given_to_masters_and_taken_again(register: AccountRegister) -> None:
    await register.add("m@a.example", VERIFIER)
    await register.add("s@a.example", VERIFIER, parent="m@a.example")
    with pytest.raises(AccountError, match="inherit"):
        await register.give_domain("s@a.example", "x.example")
    await register.give_domain("m@a.example", "x.example")
    await register.take_domain("m@a.example", "x.example")
    with pytest.raises(AccountError, match="does not have"):
        await register.take_domain("m@a.example", "x.example")


async def test_a_revoked_credential_stays_listed_and_is_no_longer_valid(register: AccountRegister) -> None:
    await register.add("m@a.example", VERIFIER)
    number = await register.add_credential("m@a.example", random_verifier(random_secret()), "transactional", "web")
    await register.revoke_credential("m@a.example", number)
    with pytest.raises(AccountError, match="no valid credential"):
        await register.revoke_credential("m@a.example", number)
    assert [one.revoked for one in await register.credentials("m@a.example")] == [False, True]
    _accounts, valid = await register.everything()
    assert number not in [one.id for one in valid]


async def test_a_credential_of_somebody_else_cannot_be_revoked(register: AccountRegister) -> None:
    await register.add("a@a.example", VERIFIER)
    await register.add("b@b.example", VERIFIER)
    (of_a,) = await register.credentials("a@a.example")
    with pytest.raises(AccountError):
        await register.revoke_credential("b@b.example", of_a.id)


async def test_a_password_comes_back_after_its_credential_was_revoked(register: AccountRegister) -> None:
    await register.add("a@a.example", VERIFIER)
    (old,) = await register.credentials("a@a.example")
    await register.revoke_credential("a@a.example", old.id)
    await register.set_password("a@a.example", chosen_verifier("another one"))
    _accounts, (valid,) = await register.everything()
    assert matches_chosen(valid.verifier, b"another one")


async def test_the_operator_is_made_once_with_a_password_that_works(
    register: AccountRegister, database: AppDatabase
) -> None:
    password = await ensure_operator(database, FakeClock())
    assert password is not None
    assert re.fullmatch(r"([a-z2-9]{5}-){3}[a-z2-9]{5}", password)
    _accounts, (credential,) = await register.everything()
    assert matches_chosen(credential.verifier, password.encode())
    assert await ensure_operator(database, FakeClock()) is None


def test_the_name_of_an_account_is_an_address_or_operator() -> None:
    assert account_name("Operator") == "operator"
    assert account_name("Alice@Example.COM") == "Alice@example.com"
    for wrong in ("alice", "@example.com", "a@[192.0.2.1]", '"a b"@example.com'):
        with pytest.raises(AddressError):
            account_name(wrong)
