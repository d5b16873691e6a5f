"""The owner's end of the pair: what the sessions of one process ask is put to the real ports.

Owns    questions under way, and how much of them there may be: beyond it the pair is not read, so what waits, waits in
        the process whose sessions have memory for it.
Knows   nothing of sessions, accounts or rows.
Invariants
        a message that was read whole is accepted or refused like any other, though its process died meanwhile; its
        client has no reply and may send it again.
        `ended` is set when the process is gone and none of its messages is on its way to the queue any more.
"""

import asyncio
from functools import partial
from typing import assert_never, cast

from ...frames import FrameReader, FrameWriter
from ...reply import Reply, reply
from .. import oplog
from ..counted import ListenerFigures
from ..ports import Authenticator, AuthFailure, Intake, Refuse, SendingRoom
from .frames import Answered, AskRoom, Counted, Hello, LoggedIn, Login, Offer, OwnerSays, Room, frame, from_sessions

MAX_MESSAGES = 256  # of one process on their way to a commit; more would only wait
MAX_OCTETS = 8 << 20

_FAULT = reply(451, "4.3.0", "a fault here, not in your mail; try again later")


class SessionsLink(asyncio.Protocol):
    """One process that serves sessions, as the owner hears it."""

    def __init__(self, authenticator: Authenticator, room: SendingRoom, intake: Intake) -> None:
        self.ended = asyncio.Event()
        self.serves = False  # it has said hello
        self.figures = ListenerFigures()  # as it told them last
        self._authenticator, self._room, self._intake = authenticator, room, intake
        self._reader = FrameReader()
        self._transport: asyncio.Transport | None = None
        self._writer: FrameWriter | None = None
        self._messages = self._octets = 0  # on their way to a commit
        self._paused = self._lost = False
        self._logins: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass
        self._writer = FrameWriter(self._transport)

    def data_received(self, data: bytes) -> None:
        for body in self._reader.feed(data):
            self._hear(body)
        if self._has_enough and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._end_if_over()

    def say(self, message: OwnerSays) -> None:
        """Lost when the process is gone."""
        if self._writer is not None and not self._lost:
            self._writer.write(frame(message))

    def _hear(self, body: bytes) -> None:
        message = from_sessions(body)
        match message:
            case Offer():
                self._offered(message, len(body))
            case Hello():
                self.serves = True
            case Counted():
                self.figures = message.figures
            case AskRoom():
                self.say(self._room_for(message))
            case Login():
                login = asyncio.get_running_loop().create_task(self._log_in(message))
                self._logins.add(login)
                login.add_done_callback(self._logins.discard)
            case _:
                assert_never(message)

    # -- messages -------------------------------------------------------------------------------------------------

    def _offered(self, offer: Offer, octets: int) -> None:
        self._messages += 1
        self._octets += octets
        try:
            answer = asyncio.ensure_future(self._intake.accept(offer.submission))
        except Exception as fault:  # noqa: BLE001 - the bulkhead of a message
            oplog.fault("fault", fault, client=offer.submission.client.address)
            self._answer(offer.number, octets, _FAULT)
        else:
            answer.add_done_callback(partial(self._answered, offer.number, octets))

    def _answered(self, number: int, octets: int, answer: asyncio.Future[Reply]) -> None:
        fault = None if answer.cancelled() else answer.exception()
        if fault is not None:
            oplog.fault("fault", fault)
        self._answer(number, octets, _FAULT if fault is not None or answer.cancelled() else answer.result())

    def _answer(self, number: int, octets: int, said: Reply) -> None:
        self._messages -= 1
        self._octets -= octets
        self.say(Answered(number, said))
        if self._paused and self._messages <= MAX_MESSAGES // 2 and self._octets <= MAX_OCTETS // 2:
            self._paused = False
            assert self._transport is not None
            self._transport.resume_reading()
        self._end_if_over()

    @property
    def _has_enough(self) -> bool:
        return self._messages >= MAX_MESSAGES or self._octets >= MAX_OCTETS

    def _end_if_over(self) -> None:
        if self._lost and not self._messages:
            self.ended.set()

    # -- people ---------------------------------------------------------------------------------------------------

    async def _log_in(self, login: Login) -> None:
        found = await self._authenticator.authenticate(login.username, login.password, login.client)
        if isinstance(found, AuthFailure):
            self.say(LoggedIn(login.number, None, found))
        else:
            self.say(LoggedIn(login.number, found, None))

    def _room_for(self, asked: AskRoom) -> Room:
        try:
            found = self._room.room(asked.origin, named=asked.named, taken=asked.taken)
        except Exception as fault:  # noqa: BLE001 - the bulkhead of a question; a fault of ours is temporary
            oplog.fault("fault", fault, account=asked.origin.label)
            found = Refuse(_FAULT)
        return Room(asked.number, 0, found.reply) if isinstance(found, Refuse) else Room(asked.number, found, None)
