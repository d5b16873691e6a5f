"""The control sockets: each process answers questions and takes commands on `data_dir/run/NAME.sock`.

Owns   the socket (mode 0600), its JSON lines, and both ends of asking: {"verb": …, …} → {"ok": true, …} or
       {"ok": false, "error": one sentence}, in the "language" of who asks.
Knows  no verb: a handler is given.
"""

import asyncio
import json
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from .texts import _, current_language, speaking

_log = logging.getLogger("youtong.control")
_MAX_LINE_BYTES = 16 * 1024 * 1024
_TIMEOUT_SECONDS = 60.0

Answer = dict[str, Any]
Handler = Callable[[dict[str, Any]], Awaitable[Answer]]


class NotRunning(Exception):
    """No process answers on that socket."""


class Refused(Exception):
    """The process answered with an error; str() is its sentence."""


def socket_path(data_dir: Path, name: str) -> Path:
    return data_dir / "run" / f"{name}.sock"


class ControlServer:
    """Answers on one socket until closed."""

    def __init__(self, path: Path, handler: Handler) -> None:
        self._path, self._handler = path, handler
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Bind; a socket file left by a dead process is replaced. Raises OSError."""
        self._path.unlink(missing_ok=True)
        bound = _bind(self._path)
        try:
            self._server = await asyncio.start_unix_server(self._serve, sock=bound, limit=_MAX_LINE_BYTES)
        except BaseException:
            bound.close()
            raise

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            pass
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> Answer:
        try:
            question = _question(line)
            with speaking(str(question.pop("language", ""))):
                return {"ok": True, **await self._handler(question)}
        except Refused as refused:
            return {"ok": False, "error": str(refused)}
        except Exception as error:  # noqa: BLE001 - the bulkhead of one question
            _log.exception("control question failed")
            return {"ok": False, "error": _("the server failed: {why}").format(why=error)}


def _question(line: bytes) -> dict[str, Any]:
    """A chunk of a stream is long, and msgspec is the faster reader; json knows octets that are no UTF-8, too."""
    try:
        return msgspec.json.decode(line)
    except msgspec.DecodeError:
        return json.loads(line)


def ask(data_dir: Path, name: str, question: dict[str, Any], *, seconds: float = _TIMEOUT_SECONDS) -> Answer:
    """Ask a running process and wait for its answer. Raises NotRunning, Refused."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(seconds)
        try:
            connection.connect(_short(socket_path(data_dir, name)))
            connection.sendall(json.dumps({**question, "language": current_language()}).encode() + b"\n")
            answer = json.loads(_read_line(connection))
        except (OSError, ValueError) as error:
            raise NotRunning(f"no server answers for {data_dir}") from error
    if not answer.pop("ok"):
        raise Refused(answer["error"])
    return answer


def _read_line(connection: socket.socket) -> bytes:
    parts: list[bytes] = []
    while not parts or not parts[-1].endswith(b"\n"):
        part = connection.recv(65536)
        if not part:
            raise ConnectionError("closed without an answer")
        parts.append(part)
    return b"".join(parts)


def _bind(path: Path) -> socket.socket:
    """For nobody but us from its first moment on. No await in here: the umask is the whole process's."""
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    previous = os.umask(0o177)
    try:
        bound.bind(_short(path))
    except BaseException:
        bound.close()
        raise
    finally:
        os.umask(previous)
    return bound


def _short(path: Path) -> str:
    """A socket's path may have 107 octets at most; a path relative to where we are is often shorter."""
    absolute = str(path.absolute())
    if len(absolute.encode()) <= 107:
        return absolute
    return os.path.relpath(absolute)
