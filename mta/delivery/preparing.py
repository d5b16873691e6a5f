"""A job made ready for one peer: its content in the form that the peer can take, and the commands for it.

Owns   the choice of the form, once the peer's extensions are known.
Knows  no socket, and nothing of what a form costs: the usual job is asked two questions and passes.
RFC 6152 §3, RFC 6531 §3.2, RFC 1870 §6.1.
"""

from ..message.seven_bit import Unconvertible
from ..outcome import Failed
from ..smtp.client import ClientSession
from ..smtp.client_fitting import (
    Misfit,
    failed,
    fits,
    in_seven_bit,
    needs_a_labels,
    needs_seven_bit,
    too_large,
    with_a_labels,
)
from ..smtp.client_transaction import Request, Transaction
from .job import Job

_END_OF_HEAD = b"\r\n\r\n"


def prepare(session: ClientSession, transaction: Transaction[Job]) -> list[bytes] | Failed:
    """The commands for `session.start`, with the content hung on the transaction; or why this peer never takes it.

    Raises RenderFault and LocalProtocolError.
    """
    job = transaction.request
    extensions = session.extensions
    if not fits(job, extensions):
        return _prepare_lesser(session, transaction)
    if extensions.max_size_bytes and (refusal := too_large(job.size_bytes, extensions, session.peer)):
        return refusal
    commands = session.compose(job)
    transaction.wire = job.wire()
    return commands


def _prepare_lesser(session: ClientSession, transaction: Transaction[Job]) -> list[bytes] | Failed:
    job, extensions, peer = transaction.request, session.extensions, session.peer
    request: Request = job
    if needs_a_labels(job, extensions):
        lesser = with_a_labels(job)
        if lesser is None:
            return failed(Misfit.NEEDS_SMTPUTF8, "5.6.7 the address needs SMTPUTF8, which is not offered", peer)
        if not _has_ascii_head(job.wire()):
            return failed(Misfit.NEEDS_SMTPUTF8, "5.6.7 the header needs SMTPUTF8, which is not offered", peer)
        request = lesser
    if needs_seven_bit(job, extensions):
        try:
            transaction.wire = job.wire(seven_bit=True)
        except Unconvertible as fault:
            reason = f"5.6.3 8-bit content, which {fault}, and 8BITMIME is not offered"
            return failed(Misfit.NEEDS_8BIT, reason, peer)
        request = in_seven_bit(request, len(transaction.wire))
    else:
        transaction.wire = job.wire()
    return too_large(request.size_bytes, extensions, peer) or session.compose(request)


def _has_ascii_head(wire: bytes) -> bool:
    end = wire.find(_END_OF_HEAD)
    return wire[: end if end >= 0 else len(wire)].isascii()
