"""The sessions' end of the pair: ports that ask the owner.

Owns    questions under way, and giving each its answer.
Knows   nothing of sessions, and nothing of how the owner answers.
Invariants
        a 250 of `accept` is the owner's own, made after its commit.
        what waits to be written is bounded by the memory that sessions may hold: each message on its way keeps its
        reservation until it has its answer. The owner stops reading when it has enough.
Frames of one turn of the loop go out in one system call (mta.frames).
"""

import asyncio
from collections.abc import Callable
from typing import Any, assert_never

from ...frames import FrameReader, FrameWriter
from ...reply import Reply
from ..counted import ListenerFigures
from ..ports import AuthFailure, BodyWriter, Client, Intake, Origin, Refuse, Submission
from .frames import (
    Answered,
    AskRoom,
    Counted,
    Hello,
    LoggedIn,
    Login,
    Offer,
    Reload,
    Room,
    SessionsSay,
    Stop,
    frame,
    from_owner,
)

Told = Reload | Stop


class OwnerLink(asyncio.Protocol):
    """`told` gets the owner's orders; `gone` is called when it is no more."""

    def __init__(self, told: Callable[[Told], None], gone: Callable[[], None]) -> None:
        self._told, self._gone = told, gone
        self._reader = FrameReader()
        self._writer: FrameWriter | None = None
        self._number = 0
        self._asked: dict[int, asyncio.Future[Any]] = {}

    # -- asyncio.Protocol -----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._writer = FrameWriter(transport)  # pyright: ignore[reportArgumentType] - a socket's transport writes

    def data_received(self, data: bytes) -> None:
        for body in self._reader.feed(data):
            self._hear(body)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone()

    def hello(self) -> None:
        """Sessions are served now."""
        assert self._writer is not None
        self._writer.write(frame(Hello()))

    def tell(self, figures: ListenerFigures) -> None:
        """What the listener has to tell of itself."""
        assert self._writer is not None
        self._writer.write(frame(Counted(figures)))

    def close(self) -> None:
        """What was written goes out first; then `gone` is called."""
        assert self._writer is not None
        self._writer.close()

    # -- questions ------------------------------------------------------------------------------------------------

    async def authenticate(self, username: str, password: bytes, client: Client) -> Origin | AuthFailure:
        """As Authenticator's."""
        answer: LoggedIn = await self._ask(lambda number: Login(number, username, password, client))
        if answer.origin is not None:
            return answer.origin
        assert answer.failure is not None
        return answer.failure

    async def room(self, origin: Origin, named: int, taken: int) -> int | Refuse:
        """As SendingRoom's, but to be waited for."""
        answer: Room = await self._ask(lambda number: AskRoom(number, origin, named, taken))
        return answer.recipients if answer.refusal is None else Refuse(answer.refusal)

    def accept(self, submission: Submission) -> asyncio.Future[Reply]:
        """As Intake's."""
        return self._ask(lambda number: Offer(number, submission))

    def _ask(self, question: Callable[[int], SessionsSay]) -> asyncio.Future[Any]:
        assert self._writer is not None
        self._number += 1
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[self._number] = answer
        self._writer.write(frame(question(self._number)))
        return answer

    # -- answers --------------------------------------------------------------------------------------------------

    def _hear(self, body: bytes) -> None:
        message = from_owner(body)
        match message:
            case Answered():
                self._answer(message.number, message.reply)
            case LoggedIn() | Room():
                self._answer(message.number, message)
            case Reload() | Stop():
                self._told(message)
            case _:
                assert_never(message)

    def _answer(self, number: int, answer: object) -> None:
        asked = self._asked.pop(number)
        if not asked.done():  # the client may have gone, and nobody waits
            asked.set_result(answer)


class AskingIntake(Intake):
    """An intake that is the owner's, but for bodies, which are written here."""

    def __init__(self, link: OwnerLink, open_body: Callable[[], BodyWriter]) -> None:
        self._open_body = open_body
        self.accept = link.accept

    def open_body(self) -> BodyWriter:
        return self._open_body()
