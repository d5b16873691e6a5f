"""Kind 'template': a stored text with merge fields, rendered for one recipient at a time.

Owns   making a letter of a text (queue.contents.merging, queue.contents.template_head) and one recipient's own, and a
       bounded memory of texts that were taken apart.
Knows  no campaign and no link.

A missing field without fallback is a RenderFault, which skips that recipient. `{{address}}` is the recipient's address
unless a field has that name. The same content and the same of the recipient's own give the same octets in every
process and at every retry: Message-ID is made of the recipient's number, Date is that of the first attempt.
"""

from collections import OrderedDict
from pathlib import Path

import msgspec

from ...mta.delivery.job import RenderFault
from ..signed_address import AddressSigner, TokenKind
from .content import Personal, Rendered, StoredContent, read_body
from .merging import MAX_RENDERED_BYTES, TOO_LARGE, Text, Values
from .template_head import Head, stamp

_decoder = msgspec.json.Decoder(dict[str, str])
_MAX_KNOWN_BYTES = 8 * 1024 * 1024


class _Apart(msgspec.Struct, frozen=True):
    """A text taken apart."""

    head: Head
    body: Text
    size_bytes: int


class TemplateContent:
    """The ContentSource of templates."""

    def __init__(self, spool: Path, signer: AddressSigner | None = None) -> None:
        """`signer` makes the Message-IDs of streams' letters; without one they get no Date and Message-ID."""
        self._spool, self.signer = spool, signer
        self._known: OrderedDict[int, _Apart] = OrderedDict()
        self._bytes = 0

    def render(self, content: StoredContent, personal: Personal) -> Rendered:
        apart = self._apart(content)
        values = Values(values_of(personal))
        head = apart.head.filled(values, self._stamp(apart.head, personal))
        body = apart.body.filled(values)
        if len(head) + len(body) > MAX_RENDERED_BYTES:
            raise RenderFault(TOO_LARGE)
        return Rendered(head, body, shared=False)

    def _stamp(self, head: Head, personal: Personal) -> bytes:
        if self.signer is None or not personal.date_ms:
            return b""
        name = self.signer.token(TokenKind.MESSAGE, personal.recipient_id)
        return stamp(personal.date_ms, name, head.domain)

    def _apart(self, content: StoredContent) -> _Apart:
        """Contents are never changed, so what is known of a number stays true."""
        known = self._known.get(content.id)
        if known is not None:
            return known
        body = read_body(content, self._spool)
        apart = self._known[content.id] = _Apart(Head(content.head), Text(body), len(content.head) + len(body))
        self._bytes += apart.size_bytes
        while self._bytes > _MAX_KNOWN_BYTES and len(self._known) > 1:
            self._bytes -= self._known.popitem(last=False)[1].size_bytes
        return apart


def values_of(personal: Personal) -> dict[str, str]:
    """The recipient's merge fields, and its address. Raises RenderFault."""
    try:
        values = _decoder.decode(personal.fields or "{}")
    except msgspec.DecodeError as error:
        raise RenderFault("the recipient's fields are not an object of texts") from error
    if "address" not in values and personal.address:
        values["address"] = personal.address
    return values
