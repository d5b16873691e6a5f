"""The nouns of who: account, credential.

Owns   the values as they are read from app.db, and the form of an account's name.
Knows  no row and no secret (a verifier is not one, but is not shown either).
"""

from enum import StrEnum

import msgspec

from ...mta.address import AddressError, split_address

OPERATOR = "operator"  # the name of the one account that is no e-mail address


class AccountKind(StrEnum):
    """OPERATOR runs the machine, MASTER is a customer, SUB a part of one."""

    OPERATOR = "operator"
    MASTER = "master"
    SUB = "sub"


class SecretKind(StrEnum):
    """CHOSEN by a person (argon2); RANDOM, 256 bits made by us (SHA-256)."""

    CHOSEN = "chosen"
    RANDOM = "random"


class Account(msgspec.Struct, frozen=True):
    """Who owns data. `parent` is the master's name for a sub-account; `domains` are its own, not inherited ones."""

    id: int
    name: str
    kind: AccountKind
    parent: str
    domains: tuple[str, ...]
    disabled: bool
    parent_disabled: bool
    created_ms: int
    has_verp: bool = True  # its programs' and streams' mail has reverse-paths of ours

    @property
    def is_refused(self) -> bool:
        """A disabled master disables its sub-accounts."""
        return self.disabled or self.parent_disabled


class Credential(msgspec.Struct, frozen=True):
    """A secret for SMTP or the API; who holds it sends as the account."""

    id: int
    account_id: int
    kind: SecretKind
    mail_class: str
    label: str
    created_ms: int
    revoked: bool
    verifier: str
    limits: dict[str, int] = {}  # numbers of its own, by field of queue.people.allowances.Allowance


def account_name(text: str) -> str:
    """The one form of an account's name. Raises AddressError with a sentence."""
    if text.lower() == OPERATOR:
        return OPERATOR
    local, domain = split_address(text, smtputf8=True)
    if local.startswith('"'):
        raise AddressError("the name of an account cannot have a quoted local part")
    return f"{local}@{domain}"
