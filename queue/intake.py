"""Intake: taking responsibility for a message.

Owns   the implementation of mta.submission.ports.Intake: the rows of a submission, its commit, the reply.
Knows  nothing of SMTP sessions; accounts are numbers.

Invariants
    Q1  250 is answered only after the commit of content, message and every recipient; on any fault nothing is kept.
    A spool file is synced, with its folder, before the commit that names it.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Coroutine
from functools import partial
from pathlib import Path

import msgspec

from ..mta.clock import Clock
from ..mta.crashpoint import reach
from ..mta.envelope import Body, ByMode, DeliverBy, Domain, ForwardPath
from ..mta.message.trace import with_id
from ..mta.reply import Reply, reply
from ..mta.submission.ports import BodyWriter, InlineBody, Intake, SpooledBody, Submission
from .classes import MailClass
from .contents import spool
from .contents.content import ContentKind, StoredContent
from .flows import Flow
from .ids import queue_id
from .lanes.lanes import Lane
from .lanes.leasing import Leasing
from .lanes.loader import Loader
from .retry import RetrySchedule
from .return_paths import GIVEN, NoVerp, ReturnPath, ReturnPaths, WhyKept
from .sites import KnownRoute, Sites
from .storage import deliver_by_rows
from .storage.backlog import Pair
from .storage.database import StorageError, StorageFull
from .storage.group_commit import GroupCommit
from .storage.rows import NewMessage, NewRecipient
from .storage.store import QueueStore
from .transactions import Leased, MessageFacts, Ready, Waiting

_log = logging.getLogger("youtong.queue")
_NULL = ReturnPath(kept=WhyKept.NULL)


class _Acceptance(msgspec.Struct):
    """A message between its submission and its reply."""

    submission: Submission
    said: asyncio.Future[Reply]
    path: ReturnPath = GIVEN
    message_id: int = 0
    mail_class: str = ""
    groups: dict[Domain, list[NewRecipient]] = {}
    leases: list[Leased] = []
    facts: MessageFacts | None = None  # None: its flow has no number yet


class QueueIntake(Intake):
    def __init__(
        self,
        commits: GroupCommit,
        store: QueueStore,
        spool_folder: Path,
        leasing: Leasing,
        loader: Loader,
        sites: Sites,
        schedule: RetrySchedule,
        clock: Clock,
        return_paths: ReturnPaths | None = None,
    ) -> None:
        self._return_paths = NoVerp() if return_paths is None else return_paths
        self._commits, self._store, self._spool = commits, store, spool_folder
        self._leasing, self._loader, self._sites = leasing, loader, sites
        self._schedule, self._clock = schedule, clock
        self._preparing: set[asyncio.Task[None]] = set()

    def open_body(self) -> BodyWriter:
        return spool.SpoolWriter(self._spool)

    def accept(self, submission: Submission) -> asyncio.Future[Reply]:
        # Who waits may vanish or be cancelled while the message is committed, and must not undo half of it: what
        # follows the commit hangs on the commit, not on the one who waits.
        acceptance = _Acceptance(submission, asyncio.get_running_loop().create_future())
        if isinstance(submission.body, SpooledBody):
            self._prepare(self._sync(acceptance, submission.body.name))
        elif submission.origin.mail_class == MailClass.TRANSACTIONAL:
            self._choose_path(acceptance)
        else:
            self._begin(acceptance)
        return acceptance.said

    def _prepare(self, step: Coroutine[None, None, None]) -> None:
        preparing = asyncio.get_running_loop().create_task(step)
        self._preparing.add(preparing)
        preparing.add_done_callback(self._preparing.discard)

    async def _sync(self, acceptance: "_Acceptance", name: str) -> None:
        try:
            await asyncio.to_thread(spool.sync, self._spool, name)
        except Exception as fault:  # noqa: BLE001 - the bulkhead of a message
            self._end(acceptance, {}, fault)
        else:
            self._choose_path(acceptance)

    def _choose_path(self, acceptance: "_Acceptance") -> None:
        """Where its bounces go; then it is begun."""
        chosen = self._chosen(acceptance.submission)
        if isinstance(chosen, ReturnPath):
            acceptance.path = chosen
            self._begin(acceptance)
        else:
            self._prepare(self._wait_for_path(acceptance, chosen))

    def _chosen(self, submission: Submission) -> ReturnPath | Awaitable[ReturnPath]:
        origin = submission.origin
        if origin.mail_class != MailClass.TRANSACTIONAL:
            return GIVEN
        if not submission.envelope.reverse_path:
            return _NULL
        return self._return_paths.choose(origin.account_id, submission.accept.author_domain)

    async def _wait_for_path(self, acceptance: "_Acceptance", chosen: Awaitable[ReturnPath]) -> None:
        try:
            acceptance.path = await chosen
        except Exception as fault:  # noqa: BLE001 - the bulkhead of a message
            self._end(acceptance, {}, fault)
        else:
            self._begin(acceptance)

    def _begin(self, acceptance: "_Acceptance") -> None:
        submission = acceptance.submission
        try:
            message_id = self._store.counters.message()
            new = self._new_message(submission, queue_id(message_id), acceptance.path)
            acceptance.mail_class = new.mail_class
            groups = acceptance.groups = self._groups(submission)
            leases = acceptance.leases
            flow = self._store.flows.flow_if_known(new.account_id, new.mail_class, new.stream_id, new.sender_domain)
            if flow is not None:
                facts = acceptance.facts = _facts(message_id, new, flow)
                self._reserve(submission, new, facts, groups, leases)
            recipients = [each for group in groups.values() for each in group]
            acceptance.message_id = message_id
            self._commits.add(
                lambda db: self._insert(db, message_id, new, recipients, leases, submission.envelope.by),
                partial(self._end, acceptance),
            )
        except Exception as fault:  # noqa: BLE001 - the bulkhead of a message: a fault of ours is temporary to the client
            self._end(acceptance, {}, fault)

    def _end(self, acceptance: "_Acceptance", pairs: dict[str, Pair], fault: Exception | None) -> None:
        """The commit is over."""
        if fault is not None:
            self._undo(acceptance)
            said = _refused(fault)
        else:
            self._leasing.figures.accept(acceptance.mail_class, sum(map(len, acceptance.groups.values())))
            said = reply(250, "2.0.0", f"Ok: queued as {queue_id(acceptance.message_id)}")
            try:
                self._go_on(pairs, acceptance)
            except Exception:  # noqa: BLE001 - the message is ours since the commit, whatever fails now
                _log.exception("internal fault after a message was accepted message=%d", acceptance.message_id)
            reach("accepted-reply.before")
        if not acceptance.said.done():
            acceptance.said.set_result(said)

    def _undo(self, acceptance: "_Acceptance") -> None:
        for leased in acceptance.leases:
            self._leasing.abandon(leased)
        if isinstance(acceptance.submission.body, SpooledBody):
            spool.remove(self._spool, acceptance.submission.body.name)

    def _new_message(self, submission: Submission, name: str, path: ReturnPath) -> NewMessage:
        envelope, accept, origin = submission.envelope, submission.accept, submission.origin
        mail_class = MailClass(origin.mail_class)
        now_ms = self._clock.now_ms()
        seconds = accept.lifetime_seconds
        lifetime_ms = self._schedule.lifetime_ms(mail_class) if seconds is None else seconds * 1000
        if envelope.by is not None and envelope.by.mode is ByMode.RETURN:
            lifetime_ms = min(lifetime_ms, envelope.by.seconds * 1000)
        body = submission.body
        size = len(submission.head) + (len(body.octets) if isinstance(body, InlineBody) else body.size_bytes)
        return NewMessage(
            account_id=origin.account_id,
            credential_id=origin.credential_id,
            mail_class=mail_class,
            reverse_path=envelope.reverse_path,
            body_type=envelope.body,
            smtputf8=envelope.smtputf8,
            ret=envelope.ret,
            envid=envelope.envid,
            size_bytes=size,
            eight_bit=envelope.body is Body.EIGHT_BIT,
            received_ms=now_ms,
            expires_ms=now_ms + lifetime_ms,
            source=accept.source,
            content_kind=ContentKind.SUBMITTED,
            head=with_id(submission.head, name),
            body=body,
            verp_domain=path.verp_domain,
            path_kept=str(path.kept or ""),
        )

    def _groups(self, submission: Submission) -> dict[Domain, list[NewRecipient]]:
        now_ms = self._clock.now_ms()
        groups: dict[Domain, list[NewRecipient]] = {}
        for path in _without_doubles(submission.envelope.recipients):
            recipient = NewRecipient(
                self._store.counters.recipient(),
                path.address,
                path.domain,
                now_ms,
                hold=submission.accept.hold,
                notify=path.notify or _asked_by_deadline(submission),
                orcpt=path.orcpt,
            )
            groups.setdefault(path.domain, []).append(recipient)
        return groups

    def _reserve(
        self,
        submission: Submission,
        new: NewMessage,
        facts: MessageFacts,
        groups: dict[Domain, list[NewRecipient]],
        leases: list[Leased],
    ) -> None:
        """Add to `leases` those for domains that may start at once; their recipients are inserted as leased."""
        if submission.accept.hold or not self._leasing.open:
            return
        body = submission.body
        inline, name = (body.octets, None) if isinstance(body, InlineBody) else (None, body.name)
        content = StoredContent(facts.content_id, ContentKind.SUBMITTED, new.head, inline, name)
        for domain, group in groups.items():
            leased = self._reserve_one(domain, group, facts, content)
            if leased is not None:
                leases.append(leased)

    def _reserve_one(
        self, domain: Domain, group: list[NewRecipient], facts: MessageFacts, content: StoredContent
    ) -> Leased | None:
        route = self._sites.route(domain)
        if not isinstance(route, KnownRoute) or self._loader.must_hold(route):
            return None
        lane = self._leasing.lane_for(facts, route.provider, domain)
        if len(group) > _together(facts, lane):
            return None
        domain_id = self._store.domain_id_if_known(domain)
        if domain_id is None or self._loader.has_unread((domain_id, facts.flow.id)):
            return None
        waiting = [_waiting(each, domain_id) for each in group]
        ready = Ready(facts, domain, route.routed.site, route.routed.hosts, waiting)
        leased = self._leasing.reserve(lane, ready, content)
        if leased is not None:
            for each in group:
                each.lease = leased.token
        return leased

    def _insert(
        self,
        db: sqlite3.Connection,
        message_id: int,
        new: NewMessage,
        recipients: list[NewRecipient],
        leases: list[Leased],
        by: DeliverBy | None,
    ) -> dict[str, Pair]:
        flow_id = self._store.insert_message(message_id, new, recipients)
        if by is not None:
            deliver_by_rows.put(db, message_id, by, new.received_ms)
        pairs: dict[str, Pair] = {each.domain: (self._store.domain_id(each.domain), flow_id) for each in recipients}
        for leased in leases:
            ready = leased.ready
            if (ready.recipients[0].domain_id, ready.message.flow.id) != pairs[ready.domain]:
                raise StorageError("a domain's or flow's row was rolled back after a lease was reserved for it")
        return pairs

    def _go_on(self, pairs: dict[str, Pair], acceptance: "_Acceptance") -> None:
        for leased in acceptance.leases:
            self._leasing.confirm(leased)
        for domain, group in acceptance.groups.items():
            if group[0].lease or group[0].hold:
                continue
            if acceptance.facts is None or not self._make_ready(acceptance.facts, pairs[domain], domain, group):
                self._loader.notice_due(pairs[domain], domain)
        self._leasing.go_on()

    def _make_ready(self, facts: MessageFacts, pair: Pair, domain: Domain, group: list[NewRecipient]) -> bool:
        """Put a letter that could not leave at once behind those that are ready, without a way through the rows."""
        route = self._sites.route(domain)
        if not isinstance(route, KnownRoute) or self._loader.must_hold(route) or self._loader.has_unread(pair):
            return False
        routed, leasing = route.routed, self._leasing
        lane = leasing.lane_for(facts, route.provider, domain)
        is_stopped = self._sites.site_rest(routed.site) or leasing.stop_of(facts.flow, lane.key, routed.site, domain)
        if is_stopped or leasing.ready.room((route.provider, facts.flow.id)) < len(group):
            return False
        most = _together(facts, lane)
        for first in range(0, len(group), most):
            waiting = [_waiting(each, pair[0]) for each in group[first : first + most]]
            leasing.add_ready(lane, Ready(facts, domain, routed.site, routed.hosts, waiting))
        self._loader.notice_ready(pair, domain, facts.flow)
        return True


def _waiting(each: NewRecipient, domain_id: int) -> Waiting:
    return Waiting(each.id, domain_id, each.address, 0, 0, each.notify, each.orcpt, "")


def _facts(message_id: int, new: NewMessage, flow: Flow) -> MessageFacts:
    return MessageFacts(
        message_id=message_id,
        content_id=message_id,
        stream_id=new.stream_id,
        account_id=new.account_id,
        mail_class=new.mail_class,
        reverse_path=new.reverse_path,
        body_type=new.body_type,
        smtputf8=new.smtputf8,
        ret=new.ret,
        envid=new.envid,
        size_bytes=new.size_bytes,
        eight_bit=new.eight_bit,
        expires_ms=new.expires_ms,
        source=new.source,
        flow=flow,
        verp_domain=new.verp_domain,
    )


def _together(facts: MessageFacts, lane: Lane) -> int:
    """How many recipients a transaction may have; one when each has a reverse-path of its own."""
    return 1 if facts.verp_domain else lane.limits.recipients_per_transaction.value


def _asked_by_deadline(submission: Submission) -> str:
    """A program that gives a deadline asks to hear that it was missed; people hear of failures anyway."""
    by = submission.envelope.by
    is_asked = by is not None and by.mode is ByMode.RETURN and submission.origin.mail_class != MailClass.PEOPLE
    return "FAILURE" if is_asked else ""


def _without_doubles(recipients: tuple[ForwardPath, ...]) -> list[ForwardPath]:
    """The same address twice in one envelope is one recipient (RFC 5321 §4.5.3.1.8 leaves it to us)."""
    seen: dict[tuple[str, Domain], ForwardPath] = {}
    for path in recipients:
        local, _, _ = path.address.rpartition("@")
        seen.setdefault((local, path.domain), path)
    return list(seen.values())


def _refused(fault: Exception) -> Reply:
    match fault:
        case StorageFull() | OSError():  # OSError: the spool
            said = reply(452, "4.3.1", "Insufficient system storage, try again later")
        case StorageError():
            said = reply(451, "4.3.0", "The queue cannot be written, try again later")
        case _:
            _log.error("internal fault while a message was accepted", exc_info=fault)
            said = reply(451, "4.3.0", "Internal fault, try again later")
    _log.error("message not accepted code=%d error=%s", said.code, fault)
    return said
