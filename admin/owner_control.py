"""What the owner answers on owner.sock.

Owns   the verbs: status, waits, figures, site, operate, stream, accounts, returned, reload, and reading their
       questions.
Knows  nothing of sockets (admin.control) or of sentences (admin.explain).
"""

import os
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from ..mta.clock import Clock, SystemClock
from ..queue.dispatcher import Dispatcher
from ..queue.operators.orders import Order
from ..queue.returns.heard import AskReturned
from ..queue.returns.recording import Recording
from ..queue.storage.database import StorageError
from . import owner_figures, waits
from .control import Answer, Refused
from .figures import Around
from .site_seen import SiteSeen
from .store import StoreError
from .stream_control import StreamControl
from .texts import _


class AskWaits(msgspec.Struct, frozen=True):
    """The question of `waits`: domains and lease tokens that somebody wants to know about."""

    domains: tuple[str, ...] = ()
    leases: tuple[int, ...] = ()


class Reloaded(msgspec.Struct, frozen=True):
    """What the verb `reload` answers."""

    generation: int  # of the policy
    bounce_rules_changed: bool = False  # then the jobs process judges suppressions again, at once


async def _nothing_to_look_at() -> None:
    """Where no sessions are served."""


class OwnerControl:
    def __init__(
        self,
        dispatcher: Dispatcher,
        reload: Callable[[], Reloaded],
        clock: Clock | None = None,
        *,
        submission_pids: Callable[[], list[int]] = list,
        look_at_accounts: Callable[[], Awaitable[None]] = _nothing_to_look_at,
        look_at_site: Callable[[str], Awaitable[SiteSeen]] | None = None,
        around: Callable[[], Around] = Around,
        recording: Recording | None = None,
    ) -> None:
        """`reload` raises Refused when nothing was changed."""
        self._dispatcher, self._reload, self._submission_pids = dispatcher, reload, submission_pids
        self._look_at_accounts, self._look_at_site, self._around = look_at_accounts, look_at_site, around
        self._recording = recording
        self._streams = StreamControl(dispatcher.streams)
        self._clock = clock or SystemClock()
        self._started = self._clock.monotonic()

    async def answer(self, question: dict[str, Any]) -> Answer:
        """One question, one answer. Raises Refused."""
        try:
            return await self._answer(question)
        except (msgspec.ValidationError, KeyError) as error:
            raise Refused(_("the question is not understood: {why}").format(why=error)) from error
        except StoreError as error:
            raise Refused(_("the accounts cannot be read: {why}").format(why=error)) from error
        except StorageError as error:
            raise Refused(_("the queue cannot be changed: {why}").format(why=error)) from error

    async def _answer(self, question: dict[str, Any]) -> Answer:
        match question.get("verb"):
            case "status":
                return self._status()
            case "waits":
                return self._waits(msgspec.convert(question, AskWaits))
            case "figures":
                return self._figures()
            case "site" if self._look_at_site is not None:
                return msgspec.to_builtins(await self._look_at_site(str(question["name"])))
            case "stream":
                return await self._streams.answer(question)
            case "operate":
                return await self._operate(msgspec.convert(question, Order))
            case "accounts":
                await self._look_at_accounts()
                return {}
            case "returned" if self._recording is not None:
                return {"noted": await self._recording.record(msgspec.convert(question, AskReturned).mails)}
            case "reload":
                return msgspec.to_builtins(self._reload())
            case verb:
                raise Refused(f"there is no verb '{verb}'")

    async def _operate(self, order: Order) -> Answer:
        return msgspec.to_builtins(await self._dispatcher.carry_out(order))

    def _waits(self, asked: AskWaits) -> Answer:
        seen = waits.look(self._dispatcher, asked.domains, asked.leases, self._clock.monotonic())
        return msgspec.to_builtins(seen)

    def _figures(self) -> Answer:
        now = self._clock.monotonic()
        return msgspec.to_builtins(owner_figures.look(self._dispatcher, self._around(), now - self._started, now))

    def _status(self) -> Answer:
        dispatcher = self._dispatcher
        lanes = dispatcher.leasing.lanes.values()
        return {
            "role": "owner",
            "pid": os.getpid(),
            "workers": sorted(dispatcher.worker_pids().values()),
            "submission": sorted(self._submission_pids()),
            "delivers": dispatcher.delivers,
            "uptime_seconds": self._clock.monotonic() - self._started,
            "in_flight": len(dispatcher.leasing.in_flight),
            "ready": dispatcher.leasing.ready.recipients,
            "connections": sum(lane.connections for lane in lanes),
            "lanes": len(dispatcher.leasing.lanes),
            "due_domains": len(dispatcher.loader.active),
            "commits": dispatcher.commits.commits,
        }
