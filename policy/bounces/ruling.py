"""The bounce rules in force: what words mean.

Owns   BounceRules: text before code, the provider's before everybody's, then the table of enhanced codes, then bare
       codes, then nothing: a failure that nobody knows is soft, ends its letter and marks no address.
Knows  no file format, no outcome of the queue, no message.

Invariants
    What only a bare code says never suppresses; nor does anything temporary.
    What is told about a recipient counts from RCPT on only.
    Asking is pure and bounded: texts are cut, patterns have a bounded cost.
RFC 3463 §3, RFC 5321 §4.2.3.
"""

import re

from msgspec.structs import replace

from ...mta.outcome import Stage
from ..shaping.providers import ProviderIndex
from .bounce_file import BounceFile
from .meaning import Action, Blame, BounceKind, Disposition, Meaning, fitting
from .rule import BounceRule, CategoryRow, Origin
from .said import Said
from .table import Row, RuleTable, Tables, names_no_recipient, tables

_BEFORE_MAIL = frozenset({Stage.CONNECT, Stage.GREETING, Stage.EHLO, Stage.TLS})
_MAX_WORDS = 200
UNKNOWN = Meaning("", BounceKind.SOFT, Blame.NOBODY, Action.DROP)


class BounceRules:
    """Immutable: a reload makes another."""

    def __init__(self, file: BounceFile, providers: ProviderIndex | None = None) -> None:
        """`providers` says whose a host name is, by the shaping rules."""
        self.file, self._providers = file, providers or ProviderIndex({}, {})
        self._rows: tuple[Row, ...] = _rows(file)
        self._names = frozenset(name for rule in file.rules for name in rule.provider)
        self._tables: dict[frozenset[str] | None, Tables] = {}
        self._by_name = {rule.name: rule for rule in file.rules}
        self._meanings = {rule.name: _meaning_of_rule(rule, file.categories[rule.category]) for rule in file.rules}

    def meaning(self, said: Said) -> Meaning:
        """What it means. Never raises; never nothing: what nobody knows has category ""."""
        return self.by_text(said) or self.by_status(said) or self.by_code(said)

    def by_text(self, said: Said) -> Meaning | None:
        """By the words alone; None when no rule knows them."""
        return self._of_rule(self._tables_for(said.provider).texts, said)

    def by_status(self, said: Said) -> Meaning | None:
        """By the enhanced code; None when it says nothing."""
        if not said.status:
            return None
        if found := self._of_rule(self._tables_for(said.provider).statuses, said):
            return found
        for key in (said.status, f"x{said.status[1:]}"):
            if key in self.file.enhanced:
                return self._of_table(self.file.enhanced[key], said, f"enhanced {key}", said.status)
        return None

    def by_code(self, said: Said) -> Meaning:
        """By the reply code; UNKNOWN in its place when that says nothing, either."""
        if found := self._of_rule(self._tables_for(said.provider).codes, said):
            return _without_suppression(found)
        category = self.file.codes.get(str(said.code), "")
        found = self._of_table(category, said, f"code {said.code}", str(said.code))
        return _without_suppression(found or _in_place(UNKNOWN, said))

    def rule_for(self, said: Said) -> BounceRule | None:
        """The rule that wins, whatever it means; None where a table of codes decides."""
        return self._by_name.get(self.meaning(said).rule)

    def of_rule(self, rule: BounceRule) -> Meaning:
        """What a rule of this set says, its category's words filled in."""
        return self._meanings[rule.name]

    def of_category(self, category: str) -> Meaning:
        """What a category means by itself, for failures without words; UNKNOWN for one that is not ours."""
        row = self.file.categories.get(category)
        return _meaning_of_category(row) if row else UNKNOWN

    def provider_at(self, host: str) -> str:
        """The provider that the host is of; else the host itself."""
        return self._providers.of_hosts((host,)) or host.lower()

    # -- parts ----------------------------------------------------------------------------------------------------

    def _tables_for(self, provider: str) -> Tables:
        owners = self._owners(provider) if provider else None
        found = self._tables.get(owners)
        if found is None:
            found = self._tables[owners] = tables(self._rows, owners)
        return found

    def _owners(self, provider: str) -> frozenset[str]:
        """Which names in rules mean this provider: its own, and the ends of its hosts' names."""
        if provider in self._names:
            return frozenset((provider,))
        ends = {end for host in provider.split(",") for end in _ends(host)}
        return self._names & ends

    def _of_rule(self, table: RuleTable, said: Said) -> Meaning | None:
        fit = table.first(said)
        return _in_place(replace(self._meanings[fit.rule.name], words=fit.words[:_MAX_WORDS]), said) if fit else None

    def _of_table(self, category: str, said: Said, rule: str, words: str) -> Meaning | None:
        row = self.file.categories.get(category)
        if row is None or (row.blame is Blame.RECIPIENT and names_no_recipient(said.stage)):
            return None
        return _in_place(replace(_meaning_of_category(row), rule=rule, words=words), said)


def _in_place(meaning: Meaning, said: Said) -> Meaning:
    """What it means where it was said: a reply that is not final ends and marks nobody, a notice tells of an end."""
    status = said.status or _as_said(meaning.status, said) or said.enhanced
    if said.origin is Origin.NOTICE:
        action = fitting(meaning.action, final=True)
        if action is Action.SUPPRESS and said.is_transient:
            action = Action.DROP
        return replace(meaning, status=status, action=action)
    if said.stage in _BEFORE_MAIL or _is_never_final(meaning.disposition, said):
        kind = BounceKind.SOFT if meaning.kind is BounceKind.HARD else meaning.kind
        return replace(meaning, status=status, kind=kind, action=fitting(meaning.action, final=False))
    final = meaning.disposition in (Disposition.AS_REPLIED, Disposition.FINAL)
    return replace(meaning, status=status, action=fitting(meaning.action, final=True) if final else meaning.action)


def _is_never_final(disposition: Disposition, said: Said) -> bool:
    return disposition is Disposition.RETRY or (said.is_transient and disposition is not Disposition.FINAL)


def _as_said(status: str, said: Said) -> str:
    """An implied status in the class that was said."""
    return f"4{status[1:]}" if status and said.is_transient else status


def _without_suppression(meaning: Meaning) -> Meaning:
    return replace(meaning, action=Action.DROP) if meaning.action is Action.SUPPRESS else meaning


def _ends(host: str) -> list[str]:
    labels = host.lower().rstrip(".").split(".")
    return [".".join(labels[at:]) for at in range(len(labels) - 1)]


def _meaning_of_category(row: CategoryRow) -> Meaning:
    return Meaning(row.name, row.kind, row.blame, row.action, row.status, disposition=row.disposition, scope=row.scope)


def _meaning_of_rule(rule: BounceRule, row: CategoryRow) -> Meaning:
    return Meaning(
        rule.category,
        rule.kind or row.kind,
        row.blame if rule.blame is None else rule.blame,
        rule.action or row.action,
        rule.status or row.status,
        rule.name,
        disposition=rule.disposition or row.disposition,
        scope=rule.scope or row.scope,
        retry_after_seconds=rule.retry_after_seconds,
    )


def _rows(file: BounceFile) -> tuple[Row, ...]:
    return tuple(
        Row(
            rule,
            re.compile(rule.text, re.IGNORECASE) if rule.text else None,
            (file.categories[rule.category].blame if rule.blame is None else rule.blame) is Blame.RECIPIENT,
        )
        for rule in file.rules
    )
