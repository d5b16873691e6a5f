"""Logging in: memory, throttles, changes made elsewhere, and trusted networks."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

import pytest
from fakes.clock import FakeClock
from youtong.admin.accounts import AccountDirectory, AccountRegister, Credential, StoreAuthenticator, ensure_operator
from youtong.admin.accounts.directory import POLL_SECONDS
from youtong.admin.accounts.remembered import REMEMBER_SECONDS
from youtong.admin.accounts.secrets import chosen_verifier, random_secret, random_verifier
from youtong.admin.accounts.throttle import PER_ACCOUNT, PER_NETWORK, WINDOW_SECONDS, FailureThrottle, network_of
from youtong.admin.accounts.verification import AT_ONCE, MAX_WAITING, TooManyWaiting, Verification
from youtong.admin.store import AppDatabase
from youtong.mta.submission.ports import AuthFailure, Client, Origin
from youtong.policy.senders import Barred, Sendable

NAME, PASSWORD = "alice@example.com", b"correct horse"
VERIFIER = chosen_verifier(PASSWORD.decode())
HERE = Client("192.0.2.1", 40000)


class CountingVerification(Verification):
    """Real argon2, counted; a wrong secret costs nothing here, so a hundred guesses are quick."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    async def opened_by(self, secret: bytes, credentials: Sequence[Credential]) -> Credential | None:
        self.count += 1
        return None if secret.startswith(b"guess") else await super().opened_by(secret, credentials)


@dataclass
class House:
    clock: FakeClock
    database: AppDatabase
    directory: AccountDirectory
    authenticator: StoreAuthenticator
    verification: CountingVerification
    elsewhere: AccountRegister  # another connection to the same file, as the command line has

    async def login(self, password: bytes = PASSWORD, *, name: str = NAME, client: Client = HERE) -> object:
        return await self.authenticator.authenticate(name, password, client)

    def a_second_later(self) -> None:
        self.clock.advance(POLL_SECONDS)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    clock = FakeClock()
    database = await AppDatabase.open(tmp_path / "app.db")
    other = await AppDatabase.open(tmp_path / "app.db")
    await AccountRegister(database, clock).add(NAME, VERIFIER, domains=["shop.example"])
    directory = await AccountDirectory.open(database, clock)
    verification = CountingVerification()
    authenticator = StoreAuthenticator(directory, clock, verification=verification)
    yield House(clock, database, directory, authenticator, verification, AccountRegister(other, clock))
    authenticator.close()
    await other.close()
    await database.close()


async def test_the_right_password_gives_the_origin_and_a_wrong_one_does_not(house: House) -> None:
    (credential,) = await house.elsewhere.credentials(NAME)
    assert await house.login() == Origin(NAME, 1, credential.id, "people")
    assert await house.login(name=NAME.upper()) == Origin(NAME, 1, credential.id, "people")
    assert await house.login(b"incorrect horse") is AuthFailure.WRONG
    assert await house.login(name="nobody@example.com") is AuthFailure.WRONG
    assert await house.login(b"\x00\xff") is AuthFailure.WRONG


async def test_a_client_that_logs_in_for_each_mail_costs_one_argon2_in_ten_minutes(house: House) -> None:
    for _ in range(5):
        assert isinstance(await house.login(), Origin)
        house.clock.advance(REMEMBER_SECONDS / 100)
    assert house.verification.count == 1
    house.clock.advance(REMEMBER_SECONDS)
    assert isinstance(await house.login(), Origin)
    assert house.verification.count == 2


async def test_a_random_credential_carries_its_class_and_ends_when_revoked(house: House) -> None:
    secret = random_secret()
    number = await house.elsewhere.add_credential(NAME, random_verifier(secret), "transactional")
    house.a_second_later()
    assert await house.login(secret.encode()) == Origin(NAME, 1, number, "transactional")
    await house.elsewhere.revoke_credential(NAME, number)
    house.a_second_later()
    assert await house.login(secret.encode()) is AuthFailure.WRONG


async def test_a_session_ends_with_its_credential_and_a_trusted_network_has_none(house: House) -> None:
    number = await house.elsewhere.add_credential(NAME, random_verifier(random_secret()), "transactional")
    house.a_second_later()
    await house.directory.freshen()
    assert isinstance(house.directory.sendable(1, number), Sendable)
    await house.elsewhere.revoke_credential(NAME, number)
    house.a_second_later()
    await house.directory.freshen()
    assert house.directory.sendable(1, number) is Barred.REVOKED
    assert isinstance(house.directory.sendable(1, 0), Sendable)


async def test_a_remembered_password_does_not_outlive_its_change(house: House) -> None:
    assert isinstance(await house.login(), Origin)
    await house.elsewhere.set_password(NAME, chosen_verifier("another horse"))
    house.a_second_later()
    assert await house.login() is AuthFailure.WRONG
    assert isinstance(await house.login(b"another horse"), Origin)


async def test_a_disabled_account_is_refused_at_once_and_may_come_back(house: House) -> None:
    assert isinstance(await house.login(), Origin)
    await house.elsewhere.set_disabled(NAME, True)
    house.a_second_later()
    assert await house.login() is AuthFailure.DISABLED
    assert house.directory.sendable(1, 0) is Barred.DISABLED
    assert await house.login(b"wrong") is AuthFailure.WRONG
    await house.elsewhere.set_disabled(NAME, False)
    house.a_second_later()
    assert isinstance(await house.login(), Origin)


async def test_a_disabled_master_disables_its_sub_accounts(house: House) -> None:
    await house.elsewhere.add("sub@example.com", VERIFIER, parent=NAME)
    await house.elsewhere.set_disabled(NAME, True)
    house.a_second_later()
    assert await house.login(name="sub@example.com") is AuthFailure.DISABLED


async def test_a_sub_account_may_send_as_its_masters_domains(house: House) -> None:
    number = await house.elsewhere.add("sub@example.com", VERIFIER, parent=NAME)
    house.a_second_later()
    await house.directory.freshen()
    sendable = house.directory.sendable(number, 0)
    assert isinstance(sendable, Sendable)
    assert [sendable.allows(address) for address in ("x@shop.example", "sub@example.com", NAME)] == [True, True, False]


async def test_counters_do_not_make_the_accounts_be_read_anew(house: House) -> None:
    before = house.directory.now
    async with house.database.transaction() as transaction:
        await transaction.run("INSERT INTO counter VALUES (1, '2026-11-23', 'delivered', 1)")
    house.a_second_later()
    await house.directory.freshen()
    assert house.directory.now is before
    await house.elsewhere.take_domain(NAME, "shop.example")
    house.a_second_later()
    await house.directory.freshen()
    assert house.directory.now is not before


async def test_a_network_that_guesses_is_throttled_even_when_it_guesses_right(house: House) -> None:
    for number in range(PER_NETWORK):
        assert await house.login(b"guess%d" % number, name=f"{number}@example.com") is AuthFailure.WRONG
    assert await house.login() is AuthFailure.THROTTLED
    assert await house.login(client=Client("192.0.2.254", 1)) is AuthFailure.THROTTLED
    assert isinstance(await house.login(client=Client("192.0.3.1", 1)), Origin)
    house.clock.advance(WINDOW_SECONDS)
    assert isinstance(await house.login(), Origin)


async def test_guesses_from_many_networks_do_not_lock_out_an_owner_who_is_remembered(house: House) -> None:
    assert isinstance(await house.login(), Origin)
    for number in range(PER_ACCOUNT):
        await house.login(b"guess%d" % number, client=Client(f"198.51.{number}.1", 1))
    assert await house.login(b"guess again", client=Client("203.0.113.1", 1)) is AuthFailure.THROTTLED
    assert isinstance(await house.login(), Origin)


async def test_one_old_password_tried_again_and_again_counts_once(house: House) -> None:
    for _ in range(PER_NETWORK * 2):
        assert await house.login(b"guess of old") is AuthFailure.WRONG
    assert isinstance(await house.login(), Origin)


async def test_a_store_that_cannot_be_asked_is_unavailable(house: House) -> None:
    await house.database.close()
    house.a_second_later()
    assert await house.login() is AuthFailure.UNAVAILABLE


async def test_a_fault_of_ours_is_unavailable_and_logged_without_the_secret(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(secret: bytes, credentials: Sequence[Credential]) -> Credential | None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(house.verification, "opened_by", broken)
    assert await house.login() is AuthFailure.UNAVAILABLE
    assert "a bug" in caplog.text
    assert PASSWORD.decode() not in caplog.text


async def test_a_trusted_network_submits_as_the_trusted_account(house: House) -> None:
    await ensure_operator(house.database, house.clock)
    house.a_second_later()
    await house.directory.freshen()
    house.authenticator.trust([ip_network("10.0.0.0/8"), ip_network("::1/128")], "operator")
    operator = house.directory.now.named("operator")
    assert operator is not None
    assert house.authenticator.trusted(Client("10.9.8.7", 1)) == Origin("operator", operator.id, 0, "people")
    assert house.authenticator.trusted(Client("::1", 1)) is not None
    assert house.authenticator.trusted(Client("11.0.0.1", 1)) is None
    house.authenticator.trust([ip_network("10.0.0.0/8")], "gone@example.com")
    assert house.authenticator.trusted(Client("10.9.8.7", 1)) is None


async def test_no_more_than_two_argon2_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    enough = threading.Barrier(AT_ONCE + 1)
    running, most, lock = 0, 0, threading.Lock()

    def slow(verifier: str, secret: bytes) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        enough.wait(10)
        with lock:
            running -= 1
        return False

    verification = Verification()
    monkeypatch.setattr(verification, "_matches", slow)
    checks = [asyncio.create_task(verification.opened_by(b"x", ())) for _ in range(4)]
    for _ in range(2):
        await asyncio.to_thread(enough.wait, 10)
    assert await asyncio.gather(*checks) == [None] * 4
    assert most == AT_ONCE
    verification.close()


async def test_too_many_waiting_logins_are_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    verification = Verification()
    monkeypatch.setattr(verification, "_matches", lambda verifier, secret: not go.wait(10))
    waiting = [asyncio.create_task(verification.opened_by(b"x", ())) for _ in range(MAX_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyWaiting):
        await verification.opened_by(b"x", ())
    go.set()
    assert set(await asyncio.gather(*waiting)) == {None}
    verification.close()


def test_a_network_is_a_24_or_a_64() -> None:
    assert network_of("192.0.2.77") == "192.0.2.0/24"
    assert network_of("2001:db8:0:1:2::3") == "2001:db8:0:1::/64"
    assert network_of("unix") == "unix"


def test_a_failure_leaves_the_window_by_itself() -> None:
    clock = FakeClock()
    throttle = FailureThrottle(clock, 2)
    throttle.failed("k", b"1")
    clock.advance(WINDOW_SECONDS / 2)
    throttle.failed("k", b"2")
    assert throttle.refuses("k")
    clock.advance(WINDOW_SECONDS / 2)
    assert not throttle.refuses("k")


async def test_strangers_do_not_choose_how_much_the_throttle_remembers(house: House) -> None:
    await house.login(b"guess", name="x" * 9000)
    assert max(map(len, house.authenticator._accounts._failures)) <= 320
