"""The follower of inbound mail: reads what nobody has read yet, and has the owner write down what it says.

Owns   the walk over unread messages, in the jobs process.
Knows  no meaning (telling) and writes nothing: the owner marks a message read in the operation that records it, so
       there is no cursor, and a death at any point costs a second reading.

Invariants
    A message is read in a process of its own (report_reader); the beginning of a large one is all that is looked at.
    With the owner away, or busy with a recipient, messages wait; others behind them do not.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from ...mta.clock import Clock
from ...queue.ids import inbound_id
from ...queue.inbound.inbound_mail import InboundMessage
from ...queue.inbound.inbound_reading import reading_inbound
from ...queue.reading import NoQueue
from ...queue.returns.heard import AskReturned, Noted, ReadMail
from ...queue.returns.whose import Whose, accounts_of_streams, whose
from ...queue.signed_address import AddressSigner
from ...queue.storage.database import StorageError
from ..control import NotRunning, Refused, ask
from ..store import StoreError
from .read_mail import Reading
from .report_reader import ReportReader
from .telling import Known, Names, named, told

MAX_OCTETS = 2 * 1024 * 1024
"""Of a body: notices have what they say in front of the letter that they return."""
_PAGE = 50
_POLL_SECONDS = 1.0
_AWAY_SECONDS = 3.0
_BUSY_SECONDS = 30.0

_log = logging.getLogger("youtong.jobs")
Ask = Callable[[dict[str, Any]], dict[str, Any]]
Masters = Callable[[Iterable[int]], Awaitable[dict[int, int]]]
"""Of accounts, in whose trees they are. Raises StoreError."""


class InboundFollower:
    def __init__(
        self,
        data_dir: Path,
        reader: ReportReader,
        signer: Callable[[], AddressSigner],
        masters: Masters,
        clock: Clock,
        ask_owner: Ask | None = None,
    ) -> None:
        """`signer` reads the keys as they are now. It and `ask_owner` block."""
        self._data_dir, self._reader, self._signer, self._clock = data_dir, reader, signer, clock
        self._masters = masters
        self._ask: Ask = ask_owner or partial(ask, data_dir, "owner")
        self._after = 0
        self._busy: dict[int, float] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                seconds = 0.0 if await self.step() else _POLL_SECONDS
            except (StorageError, StoreError, NotRunning, Refused) as error:
                if not isinstance(error, NoQueue | NotRunning):
                    _log.warning("inbound mail waits to be read error=%s", error)
                seconds = _AWAY_SECONDS
            await asyncio.sleep(seconds)

    async def step(self) -> bool:
        """Deal with a page; whether there is another. Raises StorageError, StoreError, NotRunning, Refused."""
        page = await asyncio.to_thread(self._unread)
        self._after = page[-1].seq if len(page) == _PAGE else 0
        now = self._clock.monotonic()
        self._busy = {seq: until for seq, until in self._busy.items() if until > now}
        readings = [(each, await self._read(each)) for each in page if each.seq not in self._busy]
        if readings:
            await self._tell(readings)
        return len(page) == _PAGE

    async def _read(self, message: InboundMessage) -> Reading | None:
        octets = await asyncio.to_thread(self._octets, message.seq)
        return await self._reader.read(octets)

    async def _tell(self, readings: Sequence[tuple[InboundMessage, Reading | None]]) -> None:
        names, recipients, streams = await asyncio.to_thread(self._named, readings)
        masters = await self._masters({*(each.account_id for each in recipients.values()), *streams.values()})
        known = Known(recipients, streams, masters)
        mails = [told(*each, name, known) for each, name in zip(readings, names, strict=True)]
        try:
            noted = await self._asked(mails)
        except Refused:  # by one of them, maybe: the others shall not wait for it
            noted = [await self._asked_alone(mail) for mail in mails]
        until = self._clock.monotonic() + _BUSY_SECONDS
        self._busy |= {mail.seq: until for mail, each in zip(mails, noted, strict=True) if each is Noted.BUSY}

    async def _asked(self, mails: Sequence[ReadMail]) -> list[Noted]:
        question = {"verb": "returned", **msgspec.to_builtins(AskReturned(tuple(mails)))}
        answer = await asyncio.to_thread(self._ask, question)
        return msgspec.convert(answer["noted"], list[Noted])

    async def _asked_alone(self, mail: ReadMail) -> Noted:
        try:
            return (await self._asked([mail]))[0]
        except Refused as error:
            _log.warning("inbound mail waits to be read inbound=%s error=%s", inbound_id(mail.seq), error)
            return Noted.BUSY

    # -- in a thread --------------------------------------------------------------------------------------------------

    def _unread(self) -> list[InboundMessage]:
        with reading_inbound(self._data_dir) as reader:
            return reader.unread(self._after, _PAGE)

    def _octets(self, seq: int) -> bytes:
        with reading_inbound(self._data_dir) as reader:
            content = reader.content(seq)
            return content.head + reader.beginning(content, MAX_OCTETS) if content is not None else b""

    def _named(
        self, readings: Sequence[tuple[InboundMessage, Reading | None]]
    ) -> tuple[list[Names], dict[int, Whose], dict[int, int]]:
        signer = self._signer()
        names = [named(message, reading, signer) for message, reading in readings]
        recipients = whose(self._data_dir, {number for each in names for number in each.recipients.values()})
        streams = {each.stream_id for each in names if each.stream_id is not None}
        return names, recipients, accounts_of_streams(self._data_dir, streams)
