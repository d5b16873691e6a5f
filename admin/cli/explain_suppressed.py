"""What `youtong explain` says of suppressions: those that stand now for an address, whatever became of its letters.

Owns   reading them for a verb, and the lines about an address.
Knows  no letter's sentence (admin.explain.why_not) and no rule.
"""

import asyncio
from collections.abc import Iterable, Mapping

from ..config import Config
from ..explain.suppressed import Standing, read_standing
from ..store import AppDatabase, StoreError
from ..suppression.entry import Entry
from ..suppression.words import entry_sentence, scope_words
from ..texts import _

Names = Mapping[int, str]


def standing(config: Config, addresses: Iterable[str], accounts: Iterable[int], now_ms: int) -> Standing | None:
    """None when the book cannot be read: then nothing is said of it, and all else is."""
    path = config.server.data_dir / "app.db"

    async def read() -> Standing:
        app = await AppDatabase.open(path)
        try:
            async with app.reading() as transaction:
                return await read_standing(transaction, addresses, accounts, now_ms)
        finally:
            await app.close()

    if not path.exists():
        return None
    try:
        return asyncio.run(read())
    except StoreError:
        return None


def suppressed_facts(entries: Iterable[Entry], names: Names, now_ms: int) -> list[tuple[str, str]]:
    """For whom, by what, why, since when, and how to lift it."""
    return [(_("Suppressed") if not at else "", _words(each, names, now_ms)) for at, each in enumerate(entries)]


def _words(entry: Entry, names: Names, now_ms: int) -> str:
    scope = scope_words(entry, names.get(entry.account_id, ""))
    why = entry_sentence(entry, now_ms)
    if entry.is_pattern:
        return _("for {scope}, by the pattern {pattern}: {why}").format(scope=scope, pattern=entry.address, why=why)
    return _("for {scope}: {why}").format(scope=scope, why=why)
