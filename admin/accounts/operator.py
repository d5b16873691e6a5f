"""The operator account, made at first start.

Owns   making it once, with a password that is shown once and kept nowhere.
Knows  nothing of how it is shown.
"""

from ...mta.clock import Clock
from ..store import AppDatabase
from .account import OPERATOR
from .register import AccountRegister
from .secrets import chosen_verifier, readable_password


async def ensure_operator(database: AppDatabase, clock: Clock) -> str | None:
    """The password of the operator account if it had to be made, else None."""
    register = AccountRegister(database, clock)
    if await register.find_operator():
        return None
    password = readable_password()
    await register.add(OPERATOR, chosen_verifier(password))
    return password
