"""The composition root: makes the owner process of all its parts. The only file that knows every class.

Owns   the order of start and stop, reload, and which implementation stands behind which port.
Knows  no rule.
"""

import asyncio
import contextlib
import logging
import os
import sys
from functools import partial
from random import Random

from ..mta.clock import Clock, SystemClock
from ..mta.delivery.families import has_global_ipv6
from ..mta.dkim.keyring import KeyFileError
from ..mta.dns.address_rules import AddressRules, FamilyRule
from ..mta.dns.answers import Resolver
from ..mta.dns.ourselves import own_hosts
from ..mta.dns.reachability import is_public
from ..mta.dns.resolver import system_resolver
from ..policy.active import ActivePolicy
from ..policy.bounces.loading import load_rules
from ..policy.deadline import Deadline
from ..policy.judge import RuleJudge
from ..policy.limits import TlsDemands
from ..policy.outcome_hook import HookedJudge
from ..policy.policy_file import PolicyError, beside
from ..policy.retry import Schedule
from ..policy.return_paths import OurReturnPaths
from ..policy.routing import ConfiguredRoutes
from ..policy.rulefiles.faults import RuleFileError
from ..policy.shaping import file as shaping_file
from ..policy.shaping.shaping import Shaping
from ..queue.address_keys import open_signer
from ..queue.archive.archiving import Archiving, KeepTimes
from ..queue.dispatcher import Dispatcher, Ports
from ..queue.journal import NO_PUBLIC_HOSTNAME
from ..queue.routing import Source
from ..queue.sites import FindRoute, KnownRoute
from ..queue.streams.feedback_ids import FeedbackIds
from ..queue.workers.fleet import ProcessFleet
from . import snapshot
from .accounts import AccountDirectory
from .certificate import ensure_certificate
from .config import Config, ConfigError, load
from .control import ControlServer, Refused, socket_path
from .figures import Around, SessionFigures
from .follower import followed_up_to
from .jobs_child import JobsChild
from .notice import notice_composer
from .owner_control import OwnerControl, Reloaded
from .owner_sites import SiteLook
from .route_finders import Lookup, Redirect, ToOurselves, own_address
from .rule_faults import rule_file_words
from .serve_inbound import InboundPart
from .signing import read_ring
from .starting import Starting
from .store import AppDatabase
from .submission_part import SubmissionPart
from .suppression.gate import SuppressionGate
from .suppression.lookup import SuppressionLookup
from .texts import _
from .tls_context import server_context

_log = logging.getLogger("youtong.serve")
_DAY_MS = 86_400_000


class OwnerServer:
    """One running Youtong: submission, inbound, queue, and the children."""

    def __init__(self, config: Config, clock: Clock | None = None) -> None:
        self.config = config
        self.clock = clock or SystemClock()
        self.stopped = asyncio.Event()

    async def start(self) -> None:
        """Everything that can refuse to start does so here. Raises OSError, StorageError, StoreError, PolicyError,
        RuleFileError, KeyFileError, DataDirInUse, ssl.SSLError."""
        ensure_certificate(self.config)
        read_ring(self.config)  # a bad key is found here, not in a worker
        self.policy = ActivePolicy(beside(self.config.path), Deadline())
        shaping = shaping_file.load(shaping_file.beside(self.config.path))
        self.judge = RuleJudge(load_rules(self.config.path, shaping))
        self.shaping = Shaping(
            shaping,
            self.clock,
            _tls_demands(self.config),
            by_domain=self.config.delivery.redirect_all_to is None,
        )
        async with contextlib.AsyncExitStack() as undo:  # a refused start ends what it began, or its threads live on
            await self._start_parts(undo)
            undo.pop_all()

    async def _start_parts(self, undo: contextlib.AsyncExitStack) -> None:
        config = self.config
        self._app = await AppDatabase.open(config.server.data_dir / "app.db")
        undo.push_async_callback(self._app.close)
        self.directory = await AccountDirectory.open(self._app, self.clock)
        self._suppressions = SuppressionLookup(config.server.data_dir / "app.db", self.clock)
        undo.callback(self._suppressions.close)
        self._suppressions.open()
        self.dispatcher = self._make_dispatcher()
        starting = undo.enter_context(Starting(config.server.data_dir))  # with the data folder's lock held
        snapshot.write(config, self.policy.current.file.source)
        snapshot.write_rules(config)
        signer = open_signer(config.server.data_dir / "keys")  # workers only read it: the first key is made here
        self._feedback_ids = FeedbackIds(signer, config.server.hostname)
        undo.push_async_callback(self.dispatcher.stop, 0.5)
        await self.dispatcher.start()
        self.submission = SubmissionPart(config, self.dispatcher, self.directory, self.policy, self.clock)
        undo.push_async_callback(self.submission.stop, 0.1)
        await self.submission.start()
        self.inbound = InboundPart(config, self.dispatcher, self.directory, Schedule(Random()), self.clock)
        undo.push_async_callback(self.inbound.stop, 0.1)
        await self.inbound.start()
        control = OwnerControl(
            self.dispatcher,
            self.reload,
            submission_pids=self.submission.pids,
            look_at_accounts=self.submission.look_at_accounts,
            look_at_site=self._site_look().answer,
            around=self._around,
            recording=self.inbound.recording,
        )
        self._control = ControlServer(socket_path(config.server.data_dir, "owner"), control.answer)
        await self._control.start()
        starting.over()
        self._jobs = JobsChild(snapshot.arguments(config))
        self._jobs.start()
        self.archiving = self._make_archiving()
        self._archiving = asyncio.create_task(self.archiving.run())
        self._freshening = asyncio.create_task(self.directory.keep_fresh())

    async def stop(self) -> None:
        """Within stop_seconds: no new mail, no new lease; attempts before the dot dropped, those after it awaited."""
        seconds = self.config.server.stop_seconds
        self._freshening.cancel()
        self._archiving.cancel()
        grace = min(0.5, seconds / 4)
        await asyncio.gather(
            self.submission.stop(grace), self.inbound.stop(grace), self._control.stop(), self._jobs.stop()
        )
        await self.dispatcher.stop(max(0.1, seconds * 0.6))
        self._suppressions.close()
        with contextlib.suppress(asyncio.CancelledError):
            await self._freshening
        await self._app.close()
        self.stopped.set()

    def reload(self) -> Reloaded:
        """Configuration, certificates, keys, rules and policy anew, all or nothing.

        Raises Refused.
        """
        try:
            config = load(self.config.path)
            context = server_context(config)
            read_ring(config)
            shaping = shaping_file.load(shaping_file.beside(config.path))
            bounces = load_rules(config.path, shaping)
            self.policy.reload(beside(config.path))
        except (ConfigError, PolicyError, RuleFileError, KeyFileError, OSError, ValueError) as error:
            raise Refused(_("nothing was changed: {why}").format(why=rule_file_words(error))) from error
        snapshot.write(config, self.policy.current.file.source)
        changed = snapshot.write_rules(config)
        self.shaping.take(shaping, _tls_demands(config))
        self.judge.take(bounces)
        self.submission.reload(config, context)
        self.inbound.reload(config, context)
        self.archiving.times = _keep_times(config)
        self.config = config
        self.dispatcher.reload_workers()
        self.dispatcher.reshape()
        _log.info("reloaded generation=%d", self.policy.number)
        return Reloaded(self.policy.number, snapshot.BOUNCE_RULES in changed)

    # -- parts ----------------------------------------------------------------------------------------------------

    def _make_dispatcher(self) -> Dispatcher:
        config, delivery = self.config, self.config.delivery
        size = delivery.workers or os.cpu_count() or 1
        fleet = ProcessFleet(size, self._worker_command, self.clock)
        schedule = Schedule(Random())
        resolver = self._resolver = system_resolver([str(server) for server in delivery.dns_servers], self.clock)
        ports = Ports(
            find_route=self._route_finder(resolver),
            routes=ConfiguredRoutes(self._sources(), self.shaping.provider_of),
            limits=self.shaping,
            gate=SuppressionGate(self._suppressions, self.directory.tree_of),
            judge=HookedJudge(self.judge, self.policy),
            schedule=schedule,
            compose_notice=notice_composer(config.server.hostname),
            hold_reason=self._hold_reason,
            forget_failures=resolver.forget_failures,
            watch=self.shaping,
            dialogue_bytes=delivery.keep_dialogues,
            return_paths=self._return_paths(resolver),
            feedback_id=lambda account_id, stream_id: self._feedback_ids.value(account_id, stream_id),
        )
        return Dispatcher(config.server.data_dir, fleet, ports, self.clock, deliver=delivery.enabled)

    def _make_archiving(self) -> Archiving:
        steps = self.dispatcher.housekeeper.steps
        return Archiving(
            self.config.server.data_dir, steps, partial(followed_up_to, self._app), _keep_times(self.config), self.clock
        )

    def _around(self) -> Around:
        sessions, resolver = self.submission.figures, self._resolver
        refused = {str(code): n for code, n in sessions.refused.items()}
        look_ups = {"asked": resolver.asked, "remembered": resolver.remembered}
        return Around(SessionFigures(sessions.sessions, sessions.memory_bytes, refused), look_ups)

    def _site_look(self) -> SiteLook:
        names = [source.name for source in self._sources()]
        return SiteLook(self.dispatcher, self.shaping, lambda: self.shaping.file, names, self.clock)

    def _worker_command(self, slot: int, incarnation: int, fd: int) -> list[str]:
        module = "youtong.admin.serve_worker"
        return [sys.executable, "-m", module, *snapshot.arguments(self.config), str(slot), str(incarnation), str(fd)]

    def _sources(self) -> tuple[Source, ...]:
        configured = tuple(
            Source(each.name, each.address, each.ehlo, each.address6, each.ehlo6) for each in self.config.source
        )
        return configured or (Source("default", "", self.config.server.hostname),)

    def _route_finder(self, resolver: Resolver) -> FindRoute:
        delivery = self.config.delivery
        redirect = delivery.redirect_all_to
        if redirect is not None:
            return Redirect(redirect.host).find
        find = self._find_in_dns(resolver)
        address = own_address(self.config.inbound.listen, delivery.port) if self.config.inbound else None
        return ToOurselves(find, self.config.server.hostname, address).find if address else find

    def _find_in_dns(self, resolver: Resolver) -> FindRoute:
        """Where mail goes by the name system alone."""
        delivery = self.config.delivery
        inbound = [(each.host, each.port) for each in self.config.inbound.listen] if self.config.inbound else []
        own = own_hosts(self.config.server.hostname, inbound, delivery.port)
        ipv6 = any(each.has_ipv6 for each in self.config.source) if self.config.source else has_global_ipv6()
        rules = AddressRules(FamilyRule(delivery.address_family), ipv6, delivery.allow_private_addresses)
        return Lookup(resolver, own, rules).find

    def _return_paths(self, resolver: Resolver) -> OurReturnPaths:
        config, directory = self.config, self.directory
        return OurReturnPaths(
            self._find_in_dns(resolver) if config.delivery.redirect_all_to is None else None,
            config.server.hostname,
            directory.owner_of,
            directory.has_verp,
            self.clock,
            listens=config.inbound is not None and bool(config.inbound.listen),
        )

    def _hold_reason(self, route: KnownRoute) -> str:
        """Mail for the public internet waits while our name is no public one (DESIGN §6)."""
        if self.config.has_public_hostname or self.config.delivery.redirect_all_to is not None:
            return ""
        public = any(is_public(address) for host in route.routed.hosts for address in host.addresses)
        return NO_PUBLIC_HOSTNAME if public else ""


def _keep_times(config: Config) -> KeepTimes:
    return KeepTimes(config.queue.archive_after_days * _DAY_MS, config.queue.forget_after_days * _DAY_MS)


def _tls_demands(config: Config) -> TlsDemands:
    return TlsDemands(config.delivery.require_tls, config.delivery.verify_tls)
