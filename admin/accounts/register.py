"""The register of accounts: every change and every listing of accounts, domains and credentials.

Owns   the named queries over account, account_domain, login and credential, and the rules that span rows.
Knows  no secret: callers hash first (argon2 would hold the transaction for tens of milliseconds).

A refusal is an AccountError with one sentence for the person who asked, and changes nothing.
"""

import contextlib
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from ...mta.clock import Clock
from ..store import AppDatabase, Conflict, Transaction
from ..texts import _
from .account import OPERATOR, Account, AccountKind, Credential, SecretKind

_ACCOUNT = """SELECT a.id, a.name, a.kind, coalesce(p.name, ''), a.disabled_ms IS NOT NULL,
                     p.disabled_ms IS NOT NULL, a.created_ms, a.verp
              FROM account a LEFT JOIN account p ON p.id = a.parent_id"""
_CREDENTIAL = """SELECT id, account_id, kind, mail_class, label, created_ms, revoked_ms IS NOT NULL, verifier
                 FROM credential"""


class AccountError(Exception):
    """The register refuses; str() is one sentence."""


class AccountRegister:
    """Accounts in app.db."""

    def __init__(self, database: AppDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(
        self, name: str, verifier: str, *, parent: str = "", domains: Sequence[str] = (), mail_class: str = "people"
    ) -> int:
        """A master, or with `parent` a sub-account; with a login and a credential of the same chosen password."""
        async with self._database.transaction() as transaction:
            await _refuse_taken(transaction, name)
            parent_id = await _master_id(transaction, parent) if parent else None
            await _refuse_foreign_domain(transaction, name, parent_id)
            account_id = await self._insert(transaction, name, parent_id)
            for domain in domains:
                await self._give_domain(transaction, account_id, domain)
            await self._insert_secrets(transaction, account_id, name, verifier, mail_class)
        return account_id

    async def _insert(self, transaction: Transaction, name: str, parent_id: int | None) -> int:
        kind = AccountKind.OPERATOR if name == OPERATOR else AccountKind.SUB if parent_id else AccountKind.MASTER
        return await transaction.insert(
            "INSERT INTO account (name, kind, parent_id, created_ms) VALUES (?, ?, ?, ?)",
            *(name, kind, parent_id, self._clock.now_ms()),
        )

    async def _insert_secrets(
        self, transaction: Transaction, account_id: int, name: str, verifier: str, mail_class: str
    ) -> None:
        now = self._clock.now_ms()
        await transaction.insert(
            "INSERT INTO login (account_id, name, password_hash, created_ms) VALUES (?, ?, ?, ?)",
            *(account_id, name, verifier, now),
        )
        await transaction.insert(
            "INSERT INTO credential (account_id, kind, verifier, mail_class, created_ms) VALUES (?, 'chosen', ?, ?, ?)",
            *(account_id, verifier, mail_class, now),
        )

    async def give_domain(self, name: str, domain: str) -> None:
        """The account may send as any address of the domain."""
        async with self._database.transaction() as transaction:
            await self._give_domain(transaction, (await _account(transaction, name)).id, domain)

    async def _give_domain(self, transaction: Transaction, account_id: int, domain: str) -> None:
        if owner := await _owner_of(transaction, domain):
            raise AccountError(_("{domain} belongs to {owner} already.").format(domain=domain, owner=owner[1]))
        await _refuse_foreign_address(transaction, account_id, domain)
        with _refusing(_("A domain is given to a master account; its sub-accounts inherit it.")):
            await transaction.run(
                "INSERT INTO account_domain (domain, account_id, created_ms) VALUES (?, ?, ?)",
                *(domain, account_id, self._clock.now_ms()),
            )

    async def take_domain(self, name: str, domain: str) -> None:
        async with self._database.transaction() as transaction:
            account = await _account(transaction, name)
            sql = "DELETE FROM account_domain WHERE domain = ? AND account_id = ?"
            if not await transaction.run(sql, domain, account.id):
                raise AccountError(_("{name} does not have {domain}.").format(name=account.name, domain=domain))

    async def set_password(self, name: str, verifier: str) -> None:
        """A new password for the login and for SMTP; the old one ends at once."""
        async with self._database.transaction() as transaction:
            account = await _account(transaction, name)
            await transaction.run("UPDATE login SET password_hash = ? WHERE account_id = ?", verifier, account.id)
            sql = "UPDATE credential SET verifier = ? WHERE account_id = ? AND kind = 'chosen' AND revoked_ms IS NULL"
            if not await transaction.run(sql, verifier, account.id):
                await transaction.insert(
                    "INSERT INTO credential (account_id, kind, verifier, mail_class, created_ms)"
                    " VALUES (?, 'chosen', ?, 'people', ?)",
                    *(account.id, verifier, self._clock.now_ms()),
                )

    async def set_disabled(self, name: str, disabled: bool) -> None:
        """A disabled account is refused, and its sub-accounts with it; nothing is deleted."""
        async with self._database.transaction() as transaction:
            account = await _account(transaction, name)
            when = self._clock.now_ms() if disabled else None
            await transaction.run("UPDATE account SET disabled_ms = ? WHERE id = ?", when, account.id)

    async def set_verp(self, name: str, on: bool) -> None:
        """Whether its programs' and streams' mail has reverse-paths of ours from now on."""
        async with self._database.transaction() as transaction:
            account = await _account(transaction, name)
            await transaction.run("UPDATE account SET verp = ? WHERE id = ?", int(on), account.id)

    async def add_credential(self, name: str, verifier: str, mail_class: str, label: str = "") -> int:
        """One more random secret; gives its number."""
        async with self._database.transaction() as transaction:
            account = await _account(transaction, name)
            return await transaction.insert(
                "INSERT INTO credential (account_id, kind, verifier, mail_class, label, created_ms)"
                " VALUES (?, 'random', ?, ?, ?, ?)",
                *(account.id, verifier, mail_class, label, self._clock.now_ms()),
            )

    async def revoke_credential(self, name: str, credential_id: int) -> None:
        async with self._database.transaction() as transaction:
            account = await _account(transaction, name)
            sql = "UPDATE credential SET revoked_ms = ? WHERE id = ? AND account_id = ? AND revoked_ms IS NULL"
            if not await transaction.run(sql, self._clock.now_ms(), credential_id, account.id):
                raise AccountError(_no_credential(account.name, credential_id))

    async def set_limits(self, name: str, credential_id: int, limits: Mapping[str, int | None]) -> None:
        """Numbers of the credential's own, by field of Allowance; None: as the configuration says."""
        async with self._database.transaction() as transaction:
            account = await _account(transaction, name)
            await _refuse_unless_valid(transaction, account, credential_id)
            for field, value in limits.items():
                sql = "DELETE FROM credential_limit WHERE credential_id = ? AND name = ?"
                await transaction.run(sql, credential_id, field)
                if value is not None:
                    await transaction.run("INSERT INTO credential_limit VALUES (?, ?, ?)", credential_id, field, value)

    async def account(self, name: str) -> Account:
        async with self._database.reading() as transaction:
            return await _account(transaction, name)

    async def find_operator(self) -> bool:
        """Whether the operator account was made."""
        async with self._database.reading() as transaction:
            return await transaction.row("SELECT 1 FROM account WHERE kind = 'operator'") is not None

    async def credentials(self, name: str) -> list[Credential]:
        """The account's credentials, revoked ones too."""
        async with self._database.reading() as transaction:
            account = await _account(transaction, name)
            rows = await transaction.rows(f"{_CREDENTIAL} WHERE account_id = ? ORDER BY id", account.id)
            limits = await _limits(transaction)
        return [_credential_of(row, limits) for row in rows]

    async def generation(self) -> int:
        """A number that rises with every change of accounts, domains and credentials."""
        async with self._database.reading() as transaction:
            row = await transaction.row("SELECT number FROM account_generation")
        assert row is not None, "the first migration writes it"
        return row[0]

    async def everything(self) -> tuple[list[Account], list[Credential]]:
        """All accounts and all credentials not revoked, as of one moment."""
        async with self._database.reading() as transaction:
            accounts = await _accounts(transaction)
            rows = await transaction.rows(f"{_CREDENTIAL} WHERE revoked_ms IS NULL ORDER BY kind DESC, id")
            limits = await _limits(transaction)
        return accounts, [_credential_of(row, limits) for row in rows]


async def _accounts(transaction: Transaction) -> list[Account]:
    domains: dict[int, list[str]] = {}
    for domain, account_id in await transaction.rows("SELECT domain, account_id FROM account_domain ORDER BY domain"):
        domains.setdefault(account_id, []).append(domain)
    rows = await transaction.rows(f"{_ACCOUNT} ORDER BY coalesce(p.name, a.name), a.parent_id IS NOT NULL, a.name")
    return [_account_of(row, domains.get(row[0], [])) for row in rows]


async def _account(transaction: Transaction, name: str) -> Account:
    row = await transaction.row(f"{_ACCOUNT} WHERE a.name = ?", name)
    if row is None:
        raise AccountError(_("There is no account {name}.").format(name=name))
    domains = await transaction.rows("SELECT domain FROM account_domain WHERE account_id = ? ORDER BY domain", row[0])
    return _account_of(row, [domain for (domain,) in domains])


def _account_of(row: Sequence[Any], domains: list[str]) -> Account:
    number, name, kind, parent, disabled, parent_disabled, created_ms, verp = row
    states = (bool(disabled), bool(parent_disabled))
    return Account(number, name, AccountKind(kind), parent, tuple(domains), *states, created_ms, bool(verp))


async def _limits(transaction: Transaction) -> dict[int, dict[str, int]]:
    """Numbers of their own, by credential."""
    limits: dict[int, dict[str, int]] = {}
    for credential_id, name, value in await transaction.rows("SELECT credential_id, name, value FROM credential_limit"):
        limits.setdefault(credential_id, {})[name] = value
    return limits


def _credential_of(row: Sequence[Any], limits: Mapping[int, dict[str, int]]) -> Credential:
    number, account_id, kind, mail_class, label, created_ms, revoked, verifier = row
    states = (created_ms, bool(revoked), verifier, limits.get(number, {}))
    return Credential(number, account_id, SecretKind(kind), mail_class, label, *states)


async def _refuse_unless_valid(transaction: Transaction, account: Account, credential_id: int) -> None:
    sql = "SELECT 1 FROM credential WHERE id = ? AND account_id = ? AND revoked_ms IS NULL"
    if not await transaction.row(sql, credential_id, account.id):
        raise AccountError(_no_credential(account.name, credential_id))


def _no_credential(name: str, credential_id: int) -> str:
    return _("{name} has no valid credential number {number}.").format(name=name, number=credential_id)


async def _refuse_taken(transaction: Transaction, name: str) -> None:
    if await transaction.row("SELECT 1 FROM account WHERE name = ?", name):
        raise AccountError(_("There is an account {name} already.").format(name=name))


async def _master_id(transaction: Transaction, parent: str) -> int:
    account = await _account(transaction, parent)
    if account.kind is not AccountKind.MASTER:
        raise AccountError(_("{name} is no master account, so it has no sub-accounts.").format(name=account.name))
    return account.id


async def _refuse_foreign_domain(transaction: Transaction, name: str, parent_id: int | None) -> None:
    """A new account's own address must not lie in another master's domain (Q8)."""
    owner = await _owner_of(transaction, name.rpartition("@")[2])
    if owner and owner[0] != parent_id:
        sentence = _("{domain} belongs to {owner}: add --parent {owner} to make a sub-account of it.")
        raise AccountError(sentence.format(domain=name.rpartition("@")[2], owner=owner[1]))


async def _refuse_foreign_address(transaction: Transaction, account_id: int, domain: str) -> None:
    """The mirror: nobody of another master's may have its own address in a domain that is given (Q8)."""
    sql = """SELECT name FROM account WHERE lower(substr(name, instr(name, '@') + 1)) = ? AND kind <> 'operator'
             AND coalesce(parent_id, id) <> (SELECT coalesce(parent_id, id) FROM account WHERE id = ?)
             ORDER BY id"""
    if foreign := await transaction.row(sql, domain, account_id):
        sentence = _("{domain} cannot be given: the address of {name}, an account of somebody else, lies in it.")
        raise AccountError(sentence.format(domain=domain, name=foreign[0]))


async def _owner_of(transaction: Transaction, domain: str) -> Sequence[Any] | None:
    return await transaction.row(
        "SELECT a.id, a.name FROM account_domain d JOIN account a ON a.id = d.account_id WHERE d.domain = ?", domain
    )


@contextlib.contextmanager
def _refusing(sentence: str) -> Generator[None]:
    try:
        yield
    except Conflict as error:
        raise AccountError(sentence) from error
