"""app.db: everything of admin's that must survive a restart, except what the queue remembers."""

from .database import AppDatabase, Transaction
from .errors import Conflict, NewerSchema, StoreError

__all__ = ["AppDatabase", "Conflict", "NewerSchema", "StoreError", "Transaction"]
