"""Finding the credential that a secret opens, with few argon2 computations at once.

Owns   the bound on argon2 (two at once in threads, a short queue behind them), and the equal cost of a wrong name.
Knows  no throttle and no network.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from .account import Credential, SecretKind
from .secrets import chosen_verifier, matches_chosen, matches_random, random_secret

AT_ONCE = 2
MAX_WAITING = 64  # beyond it: "not now", rather than a minute of other people's guesses before yours


class TooManyWaiting(Exception):
    """So many logins are being checked that this one should come back later."""


class Verification:
    """Checks secrets; `close` ends its threads."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
        self._under_way = 0
        self._nobody = ""

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def opened_by(self, secret: bytes, credentials: Sequence[Credential]) -> Credential | None:
        """The credential that the secret opens. Raises TooManyWaiting."""
        for credential in credentials:
            if credential.kind is SecretKind.RANDOM and matches_random(credential.verifier, secret):
                return credential
        chosen = next((each for each in credentials if each.kind is SecretKind.CHOSEN), None)
        matches = await self._argon2(chosen.verifier if chosen else "", secret)
        return chosen if matches else None

    async def _argon2(self, verifier: str, secret: bytes) -> bool:
        """Without a verifier it costs the same and fails: time must not tell which names exist."""
        if self._under_way >= MAX_WAITING:
            raise TooManyWaiting
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._matches, verifier, secret)
        finally:
            self._under_way -= 1

    def _matches(self, verifier: str, secret: bytes) -> bool:
        if verifier:
            return matches_chosen(verifier, secret)
        self._nobody = self._nobody or chosen_verifier(random_secret())
        matches_chosen(self._nobody, secret)
        return False
