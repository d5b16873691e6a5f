"""Content: what the bytes of a message are made of, rendered when a recipient is leased (late binding).

Owns   StoredContent (what the owner hands to a worker), the port ContentSource and its dispatcher by kind.
Knows  nothing of sockets or signing. A render fault ends that recipient only (Q7).
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import msgspec

from ...mta.delivery.job import RenderFault


class ContentKind(StrEnum):
    SUBMITTED = "submitted"
    TEMPLATE = "template"


class StoredContent(msgspec.Struct, frozen=True, array_like=True):
    """A content row. Exactly one of `body` and `spool` is given."""

    id: int
    kind: ContentKind
    head: bytes  # header section with its blank line
    body: bytes | None
    spool: str | None  # file name in the spool folder


class Personal(msgspec.Struct, frozen=True, gc=False):
    """What is one recipient's own; submitted mail needs nothing of it."""

    fields: str = ""  # JSON object of merge fields, or ""
    address: str = ""
    recipient_id: int = 0
    date_ms: int = 0  # of its letter; 0: nothing is said of a Date


NOBODY = Personal()


class Rendered(msgspec.Struct, frozen=True):
    """Octets to be delivered, before signing. `shared`: the same for every recipient of this content."""

    head: bytes
    body: bytes
    shared: bool


class ContentSource(Protocol):
    """What are the bytes?"""

    def render(self, content: StoredContent, personal: Personal) -> Rendered:
        """The same content and the same of the recipient's own give the same octets. Raises RenderFault."""
        ...


class SubmittedContent:
    """Kind 'submitted': the octets as the client sent them."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool

    def render(self, content: StoredContent, personal: Personal) -> Rendered:
        return Rendered(content.head, read_body(content, self._spool), shared=True)


class ContentKinds:
    """The ContentSource that asks the right source for each kind."""

    def __init__(self, sources: Mapping[ContentKind, ContentSource]) -> None:
        self._sources = sources

    def render(self, content: StoredContent, personal: Personal) -> Rendered:
        return self._sources[content.kind].render(content, personal)


def read_body(content: StoredContent, spool: Path) -> bytes:
    """The stored body. Raises RenderFault when its spool file is gone."""
    if content.body is not None:
        return content.body
    try:
        return (spool / (content.spool or "")).read_bytes()
    except OSError as error:
        raise RenderFault(f"the body in the spool cannot be read: {error.strerror}") from error
