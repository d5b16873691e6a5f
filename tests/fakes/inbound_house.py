"""Inbound mail without processes: a store on disk, the real addresses and sink, and a listener on loopback."""

import sqlite3
from pathlib import Path

from fakes.clock import FakeClock
from fakes.new_queue import new_queue
from fakes.smtp_talk import Talk
from fakes.tls import server_context
from youtong.mta.envelope import Domain, Envelope, ForwardPath
from youtong.mta.inbound.role import InboundRole
from youtong.mta.inbound.settings import LIMITS, inbound_settings
from youtong.mta.submission.listener import SubmissionListener
from youtong.mta.submission.ports import Client, InlineBody, Origin, StoredBody, Submission
from youtong.mta.submission.settings import SessionLimits
from youtong.policy.our_addresses import OurAddresses
from youtong.queue.inbound.host_limits import HostLimits
from youtong.queue.inbound.inbound import Inbound
from youtong.queue.inbound.inbound_mail import InboundContent, InboundMessage
from youtong.queue.inbound.inbound_store import InboundStore
from youtong.queue.signed_address import AddressKey, AddressSigner
from youtong.queue.storage import inbound_rows
from youtong.queue.storage.group_commit import GroupCommit
from youtong.queue.storage.store import QueueStore

HOST, OURS, OWNER = "mx.house.example", "customer.example", 7
HEAD = b"From: <ann@elsewhere.example>\r\nSubject: Hi\r\n\r\n"


class InboundHouse:
    """`await open()` before use and `close()` after."""

    def __init__(
        self,
        folder: Path,
        *,
        keep_octets: int = 10_000_000,
        certificate: Path | None = None,
        hosts: HostLimits | None = None,
    ) -> None:
        self.folder, self.spool = folder, folder / "spool"
        self.spool.mkdir(exist_ok=True)
        self.clock = FakeClock()
        self.connection = new_queue(folder / "queue.db")
        self.commits = GroupCommit(self.connection)
        self.queue = QueueStore(self.connection)
        self.signer = AddressSigner([AddressKey(1, 0, b"s" * 32)])
        self.owners: dict[Domain, int] = {Domain(OURS): OWNER, Domain("xn--bcher-kva.example"): 8}
        self.store = InboundStore(self.commits, self.spool, self.clock, keep_days=30, keep_octets=keep_octets)
        self.sink = Inbound(OurAddresses(HOST, self.owners.get, self.signer), self.store, self.clock, hosts)
        self.listener: SubmissionListener | None = None
        self._certificate = certificate

    async def open(self) -> "InboundHouse":
        await self.store.open()
        return self

    async def close(self) -> None:
        if self.listener is not None:
            await self.listener.stop(0)
        await self.commits.close()

    # -- over a socket

    async def listen(self, *, max_size: int = 1_000_000, limits: SessionLimits = LIMITS) -> SubmissionListener:
        assert self._certificate is not None
        context = server_context(self._certificate)
        settings = inbound_settings(HOST, ("127.0.0.1:0",), context, max_size, 1 << 24, limits)
        self.listener = SubmissionListener(settings, InboundRole(self.sink), self.clock)
        await self.listener.start()
        return self.listener

    @property
    def port(self) -> int:
        assert self.listener is not None
        return self.listener.addresses[0][1]

    async def talk(self) -> Talk:
        """A client that was greeted and has said EHLO."""
        talk = await Talk.to(("127.0.0.1", self.port))
        assert (await talk.reply()).startswith("220 ")
        assert (await talk.say("EHLO mta.elsewhere.example")).startswith("250")
        return talk

    # -- rows

    def stored(self) -> list[InboundMessage]:
        return inbound_rows.after(self.connection, 0, 10_000)

    def content(self, seq: int) -> InboundContent | None:
        return inbound_rows.content(self.connection, seq)

    async def sent(self, recipient_id: int, at_ms: int) -> None:
        """A recipient of outgoing mail whose last attempt was then."""

        def insert(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO message (id, content_id, account_id, credential_id, mail_class, reverse_path, body_type,"
                " smtputf8, ret, envid, size_bytes, eight_bit, received_ms, expires_ms, source)"
                " VALUES (?, 1, 7, 0, 'people', 'a@b.example', '7BIT', 0, '', '', 9, 0, 1, 2, '')",
                (recipient_id,),
            )
            db.execute(
                "INSERT INTO journal (seq, at_ms, kind, account_id, message_id, recipient_id, prev_seq, facts)"
                " VALUES (?1, ?2, 'delivered', 7, ?1, ?1, 0, '{}')",
                (recipient_id, at_ms),
            )
            db.execute(
                "INSERT INTO recipient (id, message_id, domain_id, address, address_hash, state, journal_seq)"
                " VALUES (?1, ?1, 1, 'x@y.example', 0, 10, ?1)",
                (recipient_id,),
            )

        await self.commits.submit(insert)


def submission(*addresses: str, body: StoredBody | None = None, reverse_path: str = "") -> Submission:
    """A message as the session hands it over."""
    paths = tuple(ForwardPath(each, Domain(each.rpartition("@")[2])) for each in addresses)
    client = Client("192.0.2.9", 4711, "mta.elsewhere.example", "TLSv1.3")
    stranger = Origin("", 0, 0, "people")
    return Submission(stranger, client, Envelope(reverse_path, paths), HEAD, body or InlineBody(b"Hello\r\n"))
