"""What a process that serves sessions and the owner say to each other over their socket pair.

Owns   the message types of both directions and their encoding (msgpack, in frames of mta.frames).
Knows  nothing of what is done with them. Questions have a number, which their answer repeats: many are under way.
"""

import msgspec

from ...frames import framed
from ...reply import Reply
from ..counted import ListenerFigures
from ..ports import AuthFailure, Client, Origin, Submission


class Hello(msgspec.Struct, frozen=True, array_like=True, tag="hello"):
    """Sessions are served now."""


class Login(msgspec.Struct, frozen=True, array_like=True, tag="login"):
    """Authenticator.authenticate."""

    number: int
    username: str
    password: bytes
    client: Client


class AskRoom(msgspec.Struct, frozen=True, array_like=True, tag="ask-room"):
    """SendingRoom.room."""

    number: int
    origin: Origin
    named: int
    taken: int


class Offer(msgspec.Struct, frozen=True, array_like=True, tag="offer"):
    """Intake.accept."""

    number: int
    submission: Submission


class Counted(msgspec.Struct, frozen=True, array_like=True, tag="counted"):
    """What the listener has to tell of itself: said now and then, when it has changed."""

    figures: ListenerFigures


SessionsSay = Hello | Login | AskRoom | Offer | Counted


class LoggedIn(msgspec.Struct, frozen=True, array_like=True, tag="logged-in"):
    """Either who it is, or why not."""

    number: int
    origin: Origin | None
    failure: AuthFailure | None


class Room(msgspec.Struct, frozen=True, array_like=True, tag="room"):
    number: int
    recipients: int
    refusal: Reply | None


class Answered(msgspec.Struct, frozen=True, array_like=True, tag="answered"):
    """The reply to the final dot; a positive one follows the commit."""

    number: int
    reply: Reply


class Reload(msgspec.Struct, frozen=True, array_like=True, tag="reload"):
    """Configuration, certificate and policy in force have changed: read them anew."""


class Stop(msgspec.Struct, frozen=True, array_like=True, tag="stop"):
    """Accept no more, let sessions end within so many seconds, and go."""

    seconds: float


OwnerSays = LoggedIn | Room | Answered | Reload | Stop

_encoder = msgspec.msgpack.Encoder()
_sessions_decoder: msgspec.msgpack.Decoder[SessionsSay] = msgspec.msgpack.Decoder(SessionsSay)
_owner_decoder: msgspec.msgpack.Decoder[OwnerSays] = msgspec.msgpack.Decoder(OwnerSays)


def frame(message: SessionsSay | OwnerSays) -> bytes:
    return framed(_encoder.encode(message))


def from_sessions(body: bytes) -> SessionsSay:
    return _sessions_decoder.decode(body)


def from_owner(body: bytes) -> OwnerSays:
    return _owner_decoder.decode(body)
