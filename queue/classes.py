"""Mail classes: what kind of promise a message carries.

Owns   the enum. The class decides the reverse-path, the age, notices, and what "maybe sent" does (Q3, DECISIONS).
"""

from enum import StrEnum


class MailClass(StrEnum):
    PEOPLE = "people"
    TRANSACTIONAL = "transactional"
    BULK = "bulk"
