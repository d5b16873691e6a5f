"""A letter that was taken, and of which something is to be sent back; and how such messages are put together.

Owns   `Case`, and the octets of heads, multipart reports and the returned letter's head.
Knows  nothing of styles, and nothing of how mail is read: who writes must not share code with who is to read it.
RFC 6522 (multipart/report), RFC 3464 §2.
"""

from email.utils import formatdate

import msgspec

from ..received import Received

_BOUNDARY = "=_returned.{number}.{host}"


class Case(msgspec.Struct, frozen=True):
    """`says` is the reply that the last host gives as its reason: "550 5.1.1 User unknown"."""

    received: Received
    host: str  # who writes
    recipient: str
    says: str
    about: str = ""  # the letter had been forwarded there, and there it failed

    @property
    def failed(self) -> str:
        """The address that the notice is about."""
        return self.about or self.recipient

    @property
    def status(self) -> str:
        second = self.says[4:].partition(" ")[0]
        return second if second.count(".") == 2 else f"{self.says[0]}.0.0"

    @property
    def domain(self) -> str:
        return self.recipient.rpartition("@")[2]

    @property
    def date(self) -> str:
        return formatdate(self.received.at_ms / 1000)

    @property
    def head(self) -> bytes:
        """Of the letter, with the field that its last host adds."""
        head = self.received.content.partition(b"\r\n\r\n")[0]
        return octets(f"Return-Path: <{self.received.reverse_path}>") + head + b"\r\n"

    def field(self, name: str) -> str:
        """The value of a field of the letter on one line; "" without one."""
        for line in self.head.decode("utf-8", "replace").split("\r\n"):
            if line.lower().startswith(f"{name.lower()}:"):
                return line.partition(":")[2].strip()
        return ""


def octets(*lines: str) -> bytes:
    """Lines with CRLF; one with line feeds is several."""
    return "".join(f"{line}\n" for line in lines).replace("\n", "\r\n").encode()


def letter_head(case: Case, sender: str, subject: str, *more: str, to: str = "") -> bytes:
    """The fields of what is sent back; the body's fields and an empty line are still to come."""
    number = f"<returned.{case.received.number}.{case.received.at_ms}@{case.host}>"
    addressee = to or case.received.reverse_path
    return octets(
        f"From: {sender}", f"To: <{addressee}>", f"Subject: {subject}", f"Date: {case.date}", f"Message-ID: {number}",
        "MIME-Version: 1.0", *more,
    )  # fmt: skip


def plain(head: bytes, *lines: str) -> bytes:
    """A text alone."""
    return head + octets("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", *lines)


def report(case: Case, head: bytes, report_type: str, *parts: tuple[str, bytes]) -> bytes:
    """multipart/report; a part is its type and its content."""
    boundary = _BOUNDARY.format(number=case.received.number, host=case.host)
    begun = head + octets(f'Content-Type: multipart/report; report-type={report_type}; boundary="{boundary}"', "")
    written = (octets(f"--{boundary}", f"Content-Type: {kind}", "") + content + b"\r\n" for kind, content in parts)
    return begun + b"".join(written) + octets(f"--{boundary}--")


def multipart(case: Case, head: bytes, *parts: tuple[str, bytes]) -> bytes:
    """The same as an ordinary letter with enclosures."""
    made = report(case, head, "none", *parts)
    return made.replace(b"multipart/report; report-type=none;", b"multipart/mixed;", 1)
