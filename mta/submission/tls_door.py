"""The sockets of implicit TLS: who knocks is counted before the handshake.

Owns    accepting, the handshake and its time limit.
Knows   nothing of the dialog. A session is entered into the registry here and, its handshake done, leaves by itself.
Why not `create_server(ssl=…)`
        it shows a connection only after its handshake, and a client could hold any number of half-made ones.
RFC 8314 §3.3 (implicit TLS).
"""

import asyncio
import socket
from functools import partial
from typing import Any

from . import oplog
from .peer import unmapped
from .session import Session
from .sessions import SessionContext

_HANDSHAKE_SECONDS = 30
_AGAIN_SECONDS = 1.0


class TlsDoor:
    """Accepts on one listening socket, which it then owns, until closed."""

    def __init__(self, listening: socket.socket, context: SessionContext) -> None:
        listening.setblocking(False)
        self._listening, self._context = listening, context
        self._tasks: set[asyncio.Task[Any]] = set()
        accepting = self._run(self._accept_all())
        accepting.add_done_callback(lambda _: listening.close())  # only then does the event loop look at it no more

    async def close(self) -> None:
        """Accept no more; handshakes end where they are."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _run(self, coroutine: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _accept_all(self) -> None:
        while True:
            try:
                connection, address = await asyncio.get_running_loop().sock_accept(self._listening)
            except ConnectionError:
                continue  # the client is gone already
            except OSError as error:  # no file is left, for example
                oplog.note("accept-failed", why=str(error))
                await asyncio.sleep(_AGAIN_SECONDS)
                continue
            self._admit(connection, unmapped(str(address[0])))
            await asyncio.sleep(0)  # a burst does not keep the others waiting

    def _admit(self, connection: socket.socket, address: str) -> None:
        session = Session(self._context, tls=True)
        refusal = self._context.sessions.enter(session, address)
        if refusal is not None:
            self._context.sessions.leave(session)
            oplog.note("refused", client=address, reply=str(refusal))
            connection.close()  # without a word: before the handshake the client would not understand it
            return
        task = self._run(self._shake_hands(connection, session))
        task.add_done_callback(partial(self._handshake_over, session, address))

    async def _shake_hands(self, connection: socket.socket, session: Session) -> None:
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: session,
            connection,
            ssl=self._context.certificate.context,
            ssl_handshake_timeout=_HANDSHAKE_SECONDS,
        )

    def _handshake_over(self, session: Session, address: str, task: asyncio.Task[Any]) -> None:
        if task.cancelled():
            self._context.sessions.leave(session)
        elif (error := task.exception()) is not None:
            self._context.sessions.leave(session)
            oplog.note("tls-failed", client=address, why=str(error))
