"""Gathering: brings together the facts about a letter from the queue, the running server, the keys and the accounts.

Owns   every read that an explanation needs, and what is done when a source is not there.
Knows  neither reasons nor sentences.

Works with the server down: then nothing is known about routes, rests and lanes, and that itself is a fact.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from ...mta.clock import Clock
from ...mta.delivery.job import RenderFault
from ...mta.dkim.keyring import KeyFileError, KeyRing, signing_domain
from ...mta.envelope import DeliverBy
from ...queue.address_keys import read_keys
from ...queue.contents.content import Personal
from ...queue.contents.merging import merge
from ...queue.contents.template import values_of
from ...queue.reading import MessageRow, QueueReader, RecipientRow, reading
from ...queue.signed_address import AddressSigner
from ...queue.states import RecipientState
from .. import control, starting, waits
from ..config import Config
from ..returns.rules_in_force import rules_of
from ..signing import read_ring
from ..waits import Waits
from .facts import Headline, Letter, Signature, Surroundings, Unsigned, headline_of
from .meanings import FAILURES


class Gathered(msgspec.Struct, frozen=True):
    """Letters, newest first, and what was around them."""

    letters: tuple[Letter, ...]
    around: Surroundings
    is_whole: bool = True  # nothing was left off


def to_address(config: Config, accounts: Mapping[int, str], address: str, limit: int, clock: Clock) -> Gathered:
    """The newest letters to an address. Raises StorageError."""
    with reading(config.server.data_dir) as reader:
        rows = reader.at_address(address, limit)
        letters = _letters(reader, rows, _Keys(config), accounts)
    return Gathered(letters, _around(config, rows, letters, clock))


def of_message(config: Config, accounts: Mapping[int, str], message_id: int, limit: int, clock: Clock) -> Gathered:
    """A message for each of its first `limit` recipients. Raises StorageError."""
    with reading(config.server.data_dir) as reader:
        found = reader.of_message(message_id, limit + 1)
        rows = found[:limit]
        letters = _letters(reader, rows, _Keys(config), accounts)
    return Gathered(letters, _around(config, rows, letters, clock), len(found) <= limit)


def _around(config: Config, rows: Sequence[RecipientRow], letters: Sequence[Letter], clock: Clock) -> Surroundings:
    """The rules only where a failure is told: to read them takes longer than all else."""
    around = surroundings(config, rows, clock)
    fails = any(fact.kind in FAILURES for letter in letters for fact in letter.history)
    fails = fails or (around.waits is not None and any(each.rule for each in around.waits.suspensions))
    return msgspec.structs.replace(around, rules=rules_of(config.path)) if fails else around


def surroundings(config: Config, rows: Sequence[RecipientRow], clock: Clock) -> Surroundings:
    """What the server knows about these recipients now."""
    seen = _ask_owner(config, rows)
    redirect = config.delivery.redirect_all_to
    is_starting = seen is None and starting.is_starting(config.server.data_dir)
    return Surroundings(
        clock.now_ms(), seen, config.delivery.enabled, str(redirect) if redirect is not None else "", is_starting
    )


def _ask_owner(config: Config, rows: Iterable[RecipientRow]) -> Waits | None:
    waiting = [row for row in rows if not row.state.is_terminal]
    questions = waits.questions((row.domain for row in waiting), (row.lease for row in waiting if row.lease))
    try:
        answers = [control.ask(config.server.data_dir, "owner", each) for each in questions]
    except control.NotRunning:
        return None
    return waits.together([msgspec.convert(each, Waits) for each in answers])


def _letters(
    reader: QueueReader, rows: Sequence[RecipientRow], keys: "_Keys", accounts: Mapping[int, str]
) -> tuple[Letter, ...]:
    messages: dict[int, _Known] = {}
    for row in rows:
        if row.message_id not in messages and (message := reader.message(row.message_id)) is not None:
            messages[row.message_id] = _Known(
                message, headline_of(message.head), keys.signature_of(message), reader.deliver_by(message.id), keys.verp
            )
    known = [(row, messages[row.message_id]) for row in rows if row.message_id in messages]
    return tuple(_letter(reader, row, each, accounts) for row, each in known)


def _letter(reader: QueueReader, row: RecipientRow, known: "_Known", accounts: Mapping[int, str]) -> Letter:
    history = tuple(reader.history(row))
    said = {fact.seq: reader.dialogue(fact.facts.dialogue) for fact in history if fact.facts.dialogue}
    set_off = {fact.seq: reader.suspension(fact.facts.suspension) for fact in history if fact.facts.suspension}
    return Letter(
        known.message,
        row,
        _headline(reader, row, known),
        history,
        known.signature,
        accounts.get(row.account_id, ""),
        {seq: dialogue for seq, dialogue in said.items() if dialogue is not None},
        reader.wish_about(row.id) if row.state is RecipientState.LEASED else None,
        known.by,
        {seq: row for seq, row in set_off.items() if row is not None},
        f"{known.verp(row.id)}@{known.message.verp_domain}" if known.message.verp_domain else "",
    )


def _headline(reader: QueueReader, row: RecipientRow, known: "_Known") -> Headline:
    """Of a stream's letter with the recipient's own fields in it, as far as they are still known."""
    if not known.message.stream_id:
        return known.headline
    try:
        values = values_of(Personal(reader.merge_fields(row.id), row.address))
        return headline_of(merge(known.message.head, values))
    except RenderFault:
        return known.headline


class _Known(msgspec.Struct, frozen=True):
    message: MessageRow
    headline: Headline
    signature: Signature
    by: DeliverBy | None
    verp: Callable[[int], str]


class _Keys:
    """The keys as they are now, read when they are first needed."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._ring: KeyRing | None = None
        self._fault = ""
        self._addresses: AddressSigner | None = None

    def verp(self, recipient_id: int) -> str:
        """The local part of its reverse-path of ours; "?" without the keys. Raises StorageError."""
        if self._addresses is None:
            keys = read_keys(self._config.server.data_dir / "keys")
            self._addresses = AddressSigner(keys) if keys else None
        return self._addresses.verp(recipient_id) if self._addresses is not None else "?"

    def signature_of(self, message: MessageRow) -> Signature:
        if not message.head:
            return Signature(unsigned=Unsigned.CONTENT_GONE)
        ring = self._read()
        if ring is None:
            return Signature(unsigned=Unsigned.KEYS_UNREADABLE, detail=self._fault)
        domain = signing_domain(message.head)
        if domain is None:
            return Signature(unsigned=Unsigned.NO_AUTHOR)
        keys = ring.keys_for_message(message.head)
        if not keys:
            return Signature(domain, unsigned=Unsigned.NO_KEY)
        return Signature(domain, tuple(key.selector for key in keys))

    def _read(self) -> KeyRing | None:
        if self._ring is None and not self._fault:
            try:
                self._ring = read_ring(self._config)
            except KeyFileError as error:
                self._fault = str(error)
        return self._ring
