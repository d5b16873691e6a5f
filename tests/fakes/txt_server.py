"""A DNS server on loopback that knows some TXT records, for resolvers that are not ours (perl, node, the CLI)."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


@contextmanager
def serving(records: Mapping[str, str], rcode: dns.rcode.Rcode = dns.rcode.NOERROR) -> Iterator[tuple[str, int]]:
    """(address, port); `records` maps names to TXT contents, `rcode` other than NOERROR is said to every question."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_serve, args=(listener, records, rcode))
        thread.start()
        address: tuple[str, int] = listener.getsockname()
        try:
            yield address
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closer:
                closer.sendto(b"", address)
            thread.join()


def _serve(listener: socket.socket, records: Mapping[str, str], rcode: dns.rcode.Rcode) -> None:
    while True:
        wire, peer = listener.recvfrom(4096)
        if not wire:
            return
        listener.sendto(_answer(dns.message.from_wire(wire), records, rcode).to_wire(max_size=65000), peer)


def _answer(query: dns.message.Message, records: Mapping[str, str], rcode: dns.rcode.Rcode) -> dns.message.Message:
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.AA | dns.flags.RA
    question = query.question[0]
    content = records.get(question.name.to_text(omit_final_dot=True).lower())
    if rcode != dns.rcode.NOERROR or content is None:
        answer.set_rcode(rcode if rcode != dns.rcode.NOERROR else dns.rcode.NXDOMAIN)
    elif question.rdtype == dns.rdatatype.TXT:
        strings = " ".join(f'"{content[start : start + 255]}"' for start in range(0, len(content), 255))
        answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", "TXT", strings))
    return answer
