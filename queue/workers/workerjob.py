"""A job of a worker: a leased transaction that can make its own octets.

Owns   WorkerJob (implements mta.delivery.job.Job) and ContentMaker (render, sign, stuff; signatures are shared).
Knows  nothing of lanes. One signature per (content, key set, form): all recipients of one message share it (DECISIONS).
"""

from collections import OrderedDict
from typing import Protocol

from ...mta.delivery.host import Host
from ...mta.delivery.job import RenderFault
from ...mta.envelope import Body
from ...mta.message.seven_bit import to_seven_bit
from ...mta.smtp.data import encode_data
from ..contents.content import NOBODY, ContentKind, ContentSource, Personal, StoredContent
from ..protocol import JobParcel
from ..signing import Signer

_MAX_SHARED_BYTES = 16 * 1024 * 1024
_MAX_SHARED = 2000


class Makings(Protocol):
    """Who remembers over a death which letter was being made: `queue.workers.marks.MarkFile`."""

    def begin(self, token: int) -> None: ...

    def end(self) -> None: ...


class ContentMaker:
    """Makes wire octets; keeps those that more recipients will ask for, bounded.

    The newest is kept whatever its size: a large letter to many domains would else be in memory once for each.
    """

    def __init__(self, source: ContentSource, signer: Signer, makings: Makings) -> None:
        self._source, self._signer, self._makings = source, signer, makings
        self._shared: OrderedDict[tuple[int, bool], bytes] = OrderedDict()
        self._bytes = 0

    def wire(
        self,
        token: int,
        content: StoredContent,
        personal: Personal = NOBODY,
        *,
        seven_bit: bool = False,
        least_bytes: int = 0,
    ) -> bytes:
        """Signed, dot-stuffed, with its final dot, for this lease. Raises RenderFault, also for fewer octets than
        `least_bytes` (a file that was cut), and Unconvertible with `seven_bit`."""
        known = self._shared.get((content.id, seven_bit))
        if known is not None:
            return known
        self._makings.begin(token)
        try:
            wire, is_shared = self._make(content, personal, seven_bit=seven_bit, least_bytes=least_bytes)
        finally:
            self._makings.end()
        if is_shared:
            self._keep((content.id, seven_bit), wire)
        return wire

    def _make(
        self, content: StoredContent, personal: Personal, *, seven_bit: bool, least_bytes: int
    ) -> tuple[bytes, bool]:
        """The octets, and whether they are the same for everybody."""
        rendered = self._source.render(content, personal)
        head, body = rendered.head, rendered.body
        if len(head) + len(body) < least_bytes:
            raise RenderFault("the body in the spool is not whole")
        if seven_bit:
            head, body = to_seven_bit(head, body)
        return encode_data(self._signer.sign(head, body) + head + body), rendered.shared

    def forget(self) -> None:
        """Keys changed."""
        self._shared.clear()
        self._bytes = 0

    def _keep(self, form: tuple[int, bool], wire: bytes) -> None:
        self._shared[form] = wire
        self._bytes += len(wire)
        while (self._bytes > _MAX_SHARED_BYTES and len(self._shared) > 1) or len(self._shared) > _MAX_SHARED:
            self._bytes -= len(self._shared.popitem(last=False)[1])


class WorkerJob:
    """One leased transaction in a worker."""

    def __init__(
        self, parcel: JobParcel, hosts: tuple[Host, ...], content: StoredContent, maker: ContentMaker, taken_at: float
    ) -> None:
        self.token = parcel.token
        self.lane = parcel.lane
        self.site = parcel.site
        self.hosts = hosts
        self.reverse_path = parcel.reverse_path
        self.recipients = parcel.recipients
        self.body = Body(parcel.body)
        self.smtputf8 = parcel.smtputf8
        self.ret = parcel.ret
        self.envid = parcel.envid
        self.size_bytes = parcel.size_bytes
        self.eight_bit = parcel.eight_bit or not parcel.fields.isascii()
        self.taken_at = taken_at
        self.mails: list[float] = []
        self.flow = parcel.flow
        self.urgent = parcel.urgent
        self.is_recalled = False  # the owner wants it back, and it may have been prepared already
        self._content, self._parcel, self._maker = content, parcel, maker

    def wire(self, *, seven_bit: bool = False) -> bytes:
        content = self._content
        least = self.size_bytes if content.spool is not None and content.kind is ContentKind.SUBMITTED else 0
        return self._maker.wire(self.token, content, self._personal(), seven_bit=seven_bit, least_bytes=least)

    def _personal(self) -> Personal:
        parcel = self._parcel
        if not parcel.date_ms:
            return Personal(parcel.fields) if parcel.fields else NOBODY
        recipient = parcel.recipients[0]
        return Personal(parcel.fields, recipient.address, recipient.id, parcel.date_ms)
