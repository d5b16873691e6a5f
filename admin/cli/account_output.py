"""Accounts and credentials as tables, and as JSON.

Owns   their words and their look. A verifier is never shown.
Knows  no verb.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from rich.text import Text

from ..accounts import Account, Credential
from ..texts import _
from .output import print_facts, print_table


def print_accounts(accounts: list[Account]) -> None:
    print_table(
        (_("Account"), _("Kind"), _("Domains"), _("State"), _("Since")),
        [_account_row(one) for one in accounts],
        empty=_("There are no accounts yet; see: youtong account add --help"),
    )


def print_account(found: Account) -> None:
    print_facts(
        [
            (_("Account"), found.name),
            (_("Kind"), _kind(found)),
            (_("Domains"), ", ".join(found.domains) or "–"),
            (_("State"), _state(found)),
            (_("Bounces of its programs and streams"), _bounces(found)),
            (_("Since"), _day(found.created_ms)),
        ]
    )


def _bounces(found: Account) -> str:
    return _("come to this system") if found.has_verp else _("go to the reverse-path that was given")


def _account_row(one: Account) -> tuple[str, str, str, Text, str]:
    state = Text(_state(one), "red" if one.is_refused else "")
    shown = f"  {one.name}" if one.parent else one.name
    return shown, _kind(one), ", ".join(one.domains), state, _day(one.created_ms)


def _kind(one: Account) -> str:
    kinds = {"operator": _("operator"), "master": _("master"), "sub": _("sub-account of {parent}")}
    return kinds[one.kind].format(parent=one.parent)


def _state(one: Account) -> str:
    if one.disabled:
        return _("disabled")
    return _("disabled with its master") if one.parent_disabled else _("enabled")


def print_credentials(credentials: list[Credential]) -> None:
    kinds = {"chosen": _("password"), "random": _("random secret")}
    classes = {"people": _("people"), "transactional": _("transactional")}
    print_table(
        (_("Number"), _("Credential"), _("Class"), _("Label"), _("State"), _("Since"), _("Limits of its own")),
        [
            (
                str(one.id),
                kinds[one.kind],
                classes[one.mail_class],
                one.label,
                Text(_("revoked"), "red") if one.revoked else Text(_("valid")),
                _day(one.created_ms),
                limits_words(one.limits),
            )
            for one in credentials
        ],
        empty=_("This account has no credentials."),
    )


def account_json(one: Account) -> dict[str, object]:
    return {
        "name": one.name,
        "kind": one.kind,
        "parent": one.parent or None,
        "domains": one.domains,
        "disabled": one.is_refused,
        "verp": one.has_verp,
        "created_ms": one.created_ms,
    }


def credential_json(one: Credential) -> dict[str, object]:
    return {
        "number": one.id,
        "kind": one.kind,
        "class": one.mail_class,
        "label": one.label,
        "revoked": one.revoked,
        "created_ms": one.created_ms,
        "limits": one.limits,
    }


def limits_words(limits: Mapping[str, int]) -> str:
    """As they are written in the configuration, which every reader of it knows; "–": as configured."""
    return ", ".join(f"{name} = {value}" for name, value in sorted(limits.items())) or "–"


def _day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone().strftime("%Y-%m-%d")
