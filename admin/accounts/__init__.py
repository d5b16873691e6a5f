"""Accounts: who owns data, who may submit, and as whom."""

from .account import OPERATOR, Account, AccountKind, Credential, SecretKind, account_name
from .authenticator import StoreAuthenticator
from .directory import AccountDirectory, Snapshot
from .operator import ensure_operator
from .register import AccountError, AccountRegister

__all__ = [
    "OPERATOR",
    "Account",
    "AccountDirectory",
    "AccountError",
    "AccountKind",
    "AccountRegister",
    "Credential",
    "SecretKind",
    "Snapshot",
    "StoreAuthenticator",
    "account_name",
    "ensure_operator",
]
