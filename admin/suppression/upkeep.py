"""Upkeep of the book: expired entries go, missing domains are looked up again, new rules judge old entries.

Owns   the round that the jobs process makes, and its pace.
Knows  none of the three works.

Invariants
    One that fails is tried again in the next round, and keeps neither of the others.
    With rules that cannot be read nobody is judged: what is in force then are not the operator's rules.
    A reload that changes the rules begins a round at once.
"""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

from ...mta.clock import Clock
from ...mta.dns.answers import Resolver
from ...policy.bounces.loading import load_rules
from ...policy.bounces.ruling import BounceRules
from ...policy.rulefiles.faults import RuleFileError
from ...policy.suppression import Lifter
from ..store import AppDatabase, StoreError
from . import book
from .judging import begin, fingerprint, is_judged, judge_page
from .second_look import look_again

_log = logging.getLogger("youtong.jobs")
_ROUND_SECONDS = 60.0
_BREATH_SECONDS = 0.05  # between pages, in which others may write app.db
_PAGE = 500


class SuppressionUpkeep:
    def __init__(self, app: AppDatabase, config_file: Path, resolver: Resolver, clock: Clock) -> None:
        self._app, self._config_file, self._resolver, self._clock = app, config_file, resolver, clock
        self._judged = ""  # the fingerprint of rules that judged every entry, as far as this process knows
        self._hurry = asyncio.Event()

    def hurry(self) -> None:
        """The next round begins now: the rules may have changed."""
        self._hurry.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._hurry.clear()
            await self.round()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), _ROUND_SECONDS)

    async def round(self) -> None:
        for work in (self._expire, self._look_again, self._judge_again):
            try:
                await work()
            except StoreError as error:
                _log.warning("upkeep of suppressions postponed work=%s error=%s", work.__name__.strip("_"), error)
            except Exception:  # noqa: BLE001 - the bulkhead of one work (Q7): the others go on
                _log.exception("internal fault in the upkeep of suppressions")

    async def _expire(self) -> None:
        gone = _PAGE
        while gone == _PAGE:
            async with self._app.transaction() as transaction:
                gone = await book.lift_expired(transaction, self._clock.now_ms(), _PAGE)
            await asyncio.sleep(_BREATH_SECONDS if gone == _PAGE else 0)

    async def _look_again(self) -> None:
        marked = await look_again(self._app, self._resolver, self._clock.now_ms())
        if marked:
            _log.info("missing domains were looked up again suppressed=%d", marked)

    async def _judge_again(self) -> None:
        """When the rules are others than those that judged last. What is lifted is listed, a line each."""
        try:
            mark = fingerprint(self._config_file)
            if mark == self._judged:
                return
            rules = await asyncio.to_thread(load_rules, self._config_file)
        except (RuleFileError, OSError) as error:
            _log.warning("suppressions not judged again, the rules cannot be read error=%s", error)
            return
        async with self._app.transaction() as transaction:
            after = None if await is_judged(transaction, mark) else await begin(transaction, mark)
        if after is not None:
            lifted = await self._judge_from(after, rules, mark)
            _log.info("suppressions judged again by the bounce rules lifted=%d", lifted)
        self._judged = mark

    async def _judge_from(self, after: int, rules: BounceRules, mark: str) -> int:
        following: int | None = after
        lifted = 0
        while following is not None:
            lifting = book.Lifting(Lifter.RULES, self._clock.now_ms())
            repaired, following = await judge_page(self._app, rules, following, lifting, mark)
            for each in repaired:
                now = each.meaning.category or "unknown"
                _log.info("suppression lifted entry=%d rule=%s means=%s", each.entry.id, each.meaning.rule, now)
            lifted += len(repaired)
            await asyncio.sleep(_BREATH_SECONDS)
        return lifted
