"""Which addresses are ours, and what each is for.

Owns   the table of inbound addresses (DECISIONS, "Answers"): their local parts, and who comes first where two fit.
Knows  no store: whose a domain is, and what a token says, it is given. Pure, no I/O.

Invariants
    Q8   Only our hostname and the domains of accounts are ours. A local part that asks for a further hop ("%", "!"
         or "@" in it) is somebody's attempt to relay, whatever we would make of it.
    What has the form of a signed address and is not signed by us does not exist; it is nobody's answer.
    postmaster and abuse are taken in every domain of ours, in any letter case (RFC 5321 §4.5.1, RFC 2142 §2, §5).

In a domain of an account every other local part takes answers: who sends as it need not have a mailbox anywhere.
"""

import re
from collections.abc import Callable

from ..mta.envelope import Domain
from ..queue.inbound.inbound_mail import Addressee, InboundKind, Stranger
from ..queue.signed_address import AddressSigner, TokenKind, verp_token

OwnerOf = Callable[[Domain], int | None]  # the account that has this domain

_NAMED = {
    "postmaster": InboundKind.POSTMASTER,
    "abuse": InboundKind.ABUSE,
    "dmarc-reports": InboundKind.DMARC_REPORT,
    "tls-reports": InboundKind.TLS_REPORT,
    "fbl": InboundKind.FEEDBACK,
}
_SIGNED = {
    "unsubscribe": (TokenKind.UNSUBSCRIBE, InboundKind.UNSUBSCRIBE),
    "proof": (TokenKind.PROOF, InboundKind.PROOF),
}
_FURTHER_HOP = re.compile(r"[@%!]")
_QUOTED_PAIR = re.compile(r"\\(.)")


class OurAddresses:
    """Implements queue.inbound.inbound_mail.OurAddresses."""

    def __init__(self, hostname: str, owner_of: OwnerOf, signer: AddressSigner) -> None:
        self._hostname, self._owner_of, self._signer = Domain(hostname), owner_of, signer

    def find(self, address: str, domain: Domain) -> Addressee | Stranger:
        owner = self._owner_of(domain)
        if owner is None and domain != self._hostname:
            return Stranger.ELSEWHERE
        local = _unquoted(address.rpartition("@")[0])
        if _FURTHER_HOP.search(local):
            return Stranger.ELSEWHERE
        return self._at_ours(address, local, owner or 0)

    def _at_ours(self, address: str, local: str, owner: int) -> Addressee | Stranger:
        if (token := verp_token(local)) is not None:
            return self._signed(address, TokenKind.VERP, InboundKind.VERP, token, owner)
        base, plus, detail = local.partition("+")
        if plus and (signed := _SIGNED.get(base.lower())) is not None:
            return self._signed(address, *signed, detail, owner)
        if (kind := _NAMED.get(base.lower())) is not None:
            return Addressee(address, kind, account_id=owner)
        return Addressee(address, InboundKind.ANSWER, account_id=owner) if owner else Stranger.UNKNOWN

    def _signed(
        self, address: str, token_kind: TokenKind, kind: InboundKind, token: str, owner: int
    ) -> Addressee | Stranger:
        number = self._signer.number(token_kind, token)
        return Stranger.UNKNOWN if number is None else Addressee(address, kind, number, owner)


def _unquoted(local: str) -> str:
    """What a quoted local part means (RFC 5321 §4.1.2: with and without quotes it is the same address)."""
    return _QUOTED_PAIR.sub(r"\1", local[1:-1]) if local.startswith('"') else local
