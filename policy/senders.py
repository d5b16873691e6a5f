"""Who may send as whom.

Owns   the rule over (head, reverse-path, what an account may use) and its replies (DECISIONS, "Who may send as whom").
Knows  no account store: `Sendable` comes from a look-up that is given. Pure, no I/O; a usual head costs some
       microseconds, since every message passes here.

Invariants
    Q8   What passes here has one readable author, and the account may use every address in From (or the Sender, when
         From names several) and the reverse-path. Only then may the domain's DKIM key be used.

The operator may use every address, but its messages too have one author: a doubled From is read differently by
different receivers (RFC 5322 §3.6 allows one). The null reverse-path is accepted from an account (RFC 5321 §4.5.5).
"""

from collections.abc import Callable
from enum import Enum

import msgspec

from ..mta.address import AddressError, normalise_domain
from ..mta.envelope import Domain, Envelope
from ..mta.message.headers import HeaderError, author_addresses, sender_address
from ..mta.message.trace import field_names
from ..mta.reply import reply
from ..mta.submission.ports import Origin, Refuse

_ONCE = ((b"from", "From"), (b"date", "Date"), (b"subject", "Subject"), (b"message-id", "Message-ID"))


class Sendable(msgspec.Struct, frozen=True):
    """What an account may use as author and reverse-path. Addresses are in the form `comparable` gives."""

    addresses: frozenset[str] = frozenset()
    domains: frozenset[Domain] = frozenset()
    everything: bool = False

    def allows(self, address: str) -> bool:
        """Whether the address is one of the account's. An address we cannot read is nobody's."""
        if self.everything:
            return True
        local, at, domain_text = address.rpartition("@")
        if not at or not local:
            return False
        try:
            domain = normalise_domain(domain_text)
        except AddressError:
            return False
        return domain in self.domains or f"{local.lower()}@{domain}" in self.addresses


class Barred(Enum):
    """Why a session that logged in may send no more."""

    DISABLED = "This account is disabled"
    REVOKED = "The credential was revoked; log in again"


SendableOf = Callable[[int, int], Sendable | Barred]  # of an account id and a credential id (0: a trusted network)


def comparable(address: str) -> str:
    """The form in which two addresses of ours are the same. Raises AddressError."""
    local, _at, domain = address.rpartition("@")
    return f"{local.lower()}@{normalise_domain(domain)}"


class SenderRules:
    """The rules, asked anew for each message: a session may outlive its credential."""

    def __init__(self, sendable: SendableOf) -> None:
        self._sendable = sendable

    def check_reverse_path(self, origin: Origin, reverse_path: str) -> Refuse | None:
        """At MAIL. "" is the null reverse-path."""
        sendable = self._sendable(origin.account_id, origin.credential_id)
        return _barred(sendable) if isinstance(sendable, Barred) else refuse_reverse_path(reverse_path, sendable)

    def check_message(self, origin: Origin, envelope: Envelope, head: bytes) -> Refuse | None:
        """After the final dot."""
        sendable = self._sendable(origin.account_id, origin.credential_id)
        return _barred(sendable) if isinstance(sendable, Barred) else refuse_head(head, sendable)


def refuse_reverse_path(reverse_path: str, sendable: Sendable) -> Refuse | None:
    """553 5.7.1 unless the account may use it; None when it may."""
    if not reverse_path or sendable.allows(reverse_path):
        return None
    return _refuse(553, "5.7.1", f"This account may not send as <{_ascii(reverse_path)}>")


def refuse_head(head: bytes, sendable: Sendable) -> Refuse | None:
    """550 5.6.0 for a head without exactly one readable author field, 553 5.7.1 for an author of somebody else."""
    names = field_names(head)
    return _refuse_doubled(names) or _refuse_authors(head, names, sendable)


def _refuse_doubled(names: list[bytes]) -> Refuse | None:
    for name_lower, shown in _ONCE:
        if names.count(name_lower) > 1:
            return _refuse(550, "5.6.0", f"The message has more than one {shown} field")
    return None


def _refuse_authors(head: bytes, names: list[bytes], sendable: Sendable) -> Refuse | None:
    if b"from" not in names:
        return _refuse(550, "5.6.0", "The message has no From field")
    try:
        authors, sender = author_addresses(head), sender_address(head) if b"sender" in names else None
    except HeaderError as error:
        return _refuse(550, "5.6.0", _ascii(str(error)))
    if not authors:
        return _refuse(550, "5.6.0", "The From field holds no address")
    if len(authors) > 1 and sender is None:
        return _refuse(550, "5.6.0", "Several addresses in From need a Sender field")  # RFC 5322 §3.6.2
    for address in authors if sender is None else [*authors, sender]:
        if not sendable.allows(address):
            return _refuse(553, "5.7.1", f"This account may not send as <{_ascii(address)}>")
    return None


def _ascii(text: str) -> str:
    """Replies are printable ASCII (DECISIONS, "Texts"), and short."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)[:200]


def _refuse(code: int, enhanced: str, text: str) -> Refuse:
    return Refuse(reply(code, enhanced, text))


def _barred(why: Barred) -> Refuse:
    return _refuse(550, "5.7.1", why.value)
