"""Limits on people: the intake of logins whose sending is limited, in front of the queue's own.

Owns   PeopleIntake: counting what is accepted, refusing what is beyond an allowance, and the brake on new recipients,
       which accepts and holds: a stolen password writes to strangers.
Knows  neither where an allowance comes from (AllowanceSource) nor how a message is queued (the inner Intake).

Invariants
    What was answered with 250 is counted, and nothing else; the check and the count are one step, so sessions cannot
    race. A session asks earlier as well, at MAIL and RCPT, as advice (policy.people); what passes there may be refused
    here.
    Without an allowance (trusted networks) a message costs one question and is not counted.
"""

import asyncio
import logging
from collections.abc import Awaitable
from pathlib import Path

import msgspec

from ...mta.clock import Clock
from ...mta.reply import Reply, reply
from ...mta.submission.ports import BodyWriter, Intake, SpooledBody, Submission
from ..contents import spool
from ..holds import NewRecipients
from ..ids import address_hash
from ..storage.database import StorageError
from .acquaintances import Acquaintances
from .allowances import Allowance, AllowanceSource
from .brake_words import BrakeWords
from .usage import Recent, Usage

_log = logging.getLogger("youtong.queue")
_OUR_FAULT = reply(451, "4.3.0", "The limits cannot be checked right now, try again later")


class _Admitted(msgspec.Struct, frozen=True):
    """What was counted for a message that is being accepted."""

    submission: Submission  # perhaps to be held now
    usage: Usage
    recipients: int
    strangers: set[int] = set()  # of a message that is not held
    held: NewRecipients | None = None


class PeopleIntake(Intake):
    def __init__(
        self,
        inner: Intake,
        spool_folder: Path,
        allowances: AllowanceSource,
        usages: Recent[Usage],
        acquaintances: Acquaintances,
        clock: Clock,
    ) -> None:
        self._inner, self._spool, self._allowances = inner, spool_folder, allowances
        self._usages, self._acquaintances, self._clock = usages, acquaintances, clock
        self._brake_words = BrakeWords(clock)

    def open_body(self) -> BodyWriter:
        return self._inner.open_body()

    def accept(self, submission: Submission) -> Awaitable[Reply]:
        allowance = self._allowances.allowance_for(submission.origin)
        if allowance is None:
            return self._inner.accept(submission)
        # In a task of its own: what is committed for a session that was cancelled meanwhile counts too.
        return asyncio.shield(asyncio.create_task(self._answer(submission, allowance)))

    async def _answer(self, submission: Submission, allowance: Allowance) -> Reply:
        try:
            admitted = self._admit(submission, allowance)
        except StorageError as error:
            _log.error("limits not checked account=%s error=%s", submission.origin.label, error)
            return self._refused(submission, _OUR_FAULT)
        except Exception:  # noqa: BLE001 - the port never raises; a fault of ours is temporary to the client
            _log.exception("limits not checked account=%s", submission.origin.label)
            return self._refused(submission, _OUR_FAULT)
        if isinstance(admitted, Reply):
            return self._refused(submission, admitted)
        said = await self._inner.accept(admitted.submission)
        self._settle(admitted, said)
        return said

    def _admit(self, submission: Submission, allowance: Allowance) -> "_Admitted | Reply":
        """Check and count in one step: no other session comes between. Raises StorageError."""
        usage = self._usages.of(submission.origin.credential_id)
        recipients = _recipients(submission)
        exceeded = usage.exceeded(allowance, self._clock.monotonic(), recipients)
        if exceeded is not None:
            return exceeded.reply(self._clock.now_ms())
        admitted = self._braked(_Admitted(submission, usage, recipients), allowance.new_recipients_per_day)
        usage.begin(recipients)
        if admitted.strangers:
            self._acquaintances.begin(submission.origin.account_id, admitted.strangers)
        return admitted

    def _braked(self, admitted: "_Admitted", limit: int) -> "_Admitted":
        submission = admitted.submission
        if not limit or submission.accept.hold:
            return admitted
        account_id = submission.origin.account_id
        hashes = (address_hash(path.address) for path in submission.envelope.recipients)
        strangers = self._acquaintances.strangers(account_id, hashes)
        if not strangers:
            return admitted
        count = len(strangers) + self._acquaintances.met_within_a_day(account_id)
        if count > limit:
            reason = NewRecipients(count, limit)
            return msgspec.structs.replace(admitted, submission=_held(submission, reason), held=reason)
        return msgspec.structs.replace(admitted, strangers=strangers)

    def _settle(self, admitted: "_Admitted", said: Reply) -> None:
        """The message has its answer, which nothing here changes."""
        admitted.usage.end(self._clock.monotonic(), admitted.recipients, accepted=said.is_positive)
        if admitted.held is not None and said.is_positive:
            message = said.text.rpartition(" ")[2]  # "Ok: queued as q…"
            self._brake_words.held(admitted.submission.origin.label, message, admitted.held)
        if not admitted.strangers:
            return
        try:
            self._acquaintances.end(
                admitted.submission.origin.account_id, admitted.strangers, accepted=said.is_positive
            )
        except Exception:  # noqa: BLE001 - the message is the queue's, whatever fails now
            _log.exception("acquaintances not counted account=%s", admitted.submission.origin.label)

    def _refused(self, submission: Submission, said: Reply) -> Reply:
        if isinstance(submission.body, SpooledBody):
            spool.remove(self._spool, submission.body.name)
        return said


def _recipients(submission: Submission) -> int:
    """As the queue counts them: the same address twice is one recipient."""
    paths = submission.envelope.recipients
    return len({(path.address.rpartition("@")[0], path.domain) for path in paths}) if len(paths) > 1 else 1


def _held(submission: Submission, reason: NewRecipients) -> Submission:
    return msgspec.structs.replace(submission, accept=msgspec.structs.replace(submission.accept, hold=str(reason)))
