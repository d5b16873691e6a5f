"""The inbound part of the owner: composed here, started and stopped by `serve`.

Owns   which implementation stands behind the inbound ports, and the part's start, stop and reload.
Knows  no rule. Without a section [inbound] nothing listens, but what came before is still kept its time and no longer.
"""

from ssl import SSLContext

from ..mta.clock import Clock
from ..mta.inbound.role import InboundRole
from ..mta.inbound.settings import inbound_settings
from ..mta.submission.listener import SubmissionListener
from ..policy.our_addresses import OurAddresses
from ..queue.address_keys import open_signer
from ..queue.dispatcher import Dispatcher
from ..queue.inbound.host_limits import HostLimits
from ..queue.inbound.inbound import Inbound
from ..queue.inbound.inbound_store import InboundStore
from ..queue.retry import RetrySchedule
from ..queue.returns.recording import Recording
from ..queue.returns.sending_on import SendingOn
from .accounts import AccountDirectory
from .config import Config
from .config.sections import Inbound as InboundSection
from .tls_context import server_context


class InboundPart:
    """Its `listener` is None while there is no section [inbound]."""

    def __init__(
        self,
        config: Config,
        dispatcher: Dispatcher,
        directory: AccountDirectory,
        schedule: RetrySchedule,
        clock: Clock,
    ) -> None:
        kept = config.inbound or InboundSection()
        self.store = InboundStore(
            dispatcher.commits, dispatcher.spool_dir, clock, keep_days=kept.keep_days, keep_octets=kept.keep_size
        )
        self._sending_on = SendingOn(
            dispatcher.commits,
            dispatcher.store,
            dispatcher.spool_dir,
            schedule,
            dispatcher.loader.notice_due,
            clock,
            hostname=config.server.hostname,
            operator=config.server.operator_address,
        )
        self.recording = Recording(
            dispatcher.commits, dispatcher.store, config.server.data_dir, self._sending_on, clock
        )
        self.listener: SubmissionListener | None = None
        self._config, self._dispatcher, self._directory, self._clock = config, dispatcher, directory, clock

    async def start(self) -> None:
        """Raises OSError when an address cannot be bound, StorageError when keys or rows cannot be read."""
        await self.store.open()
        self._dispatcher.housekeeper.also(self.store.sweep)
        self._dispatcher.housekeeper.also(self.recording.sweep)
        section = self._config.inbound
        signer = open_signer(self._config.server.data_dir / "keys")
        if section is None or not section.listen:
            return
        ours = OurAddresses(self._config.server.hostname, self._directory.owner_of, signer)
        settings = inbound_settings(
            self._config.server.hostname,
            tuple(map(str, section.listen)),
            server_context(self._config),
            section.max_message_size,
            section.memory,
        )
        hosts = HostLimits(self._clock, messages=section.host_messages_per_minute, octets=section.host_size_per_minute)
        sink = Inbound(ours, self.store, self._clock, hosts)
        self.listener = SubmissionListener(settings, InboundRole(sink), self._clock)
        await self.listener.start()

    async def stop(self, grace_seconds: float) -> None:
        if self.listener is not None:
            await self.listener.stop(grace_seconds)

    def reload(self, config: Config, context: SSLContext) -> None:
        """Certificate and the operator's address anew."""
        self._sending_on.operator = config.server.operator_address
        if self.listener is not None:
            self.listener.reload_certificate(context)
