"""Invariant: any octets of a peer are replies or a protocol error, the same however they are cut; each is judged."""

from youtong.mta.outcome import Stage
from youtong.mta.reply import Reply
from youtong.mta.smtp.client_extensions import read_extensions
from youtong.mta.smtp.errors import RemoteProtocolError
from youtong.mta.smtp.replies import ReplyReader
from youtong.policy.bounces.said import heard
from youtong.policy.judge import RuleJudge

TOKENS = [
    *(
        b"250 ok\r\n",
        b"250-",
        b"250 ",
        b"250\r\n",
        b"550 5.1.1 ",
        b"421 4.7.0 ",
        b"354 ",
        b"\r\n",
        b"\n",
        b"\r",
        b"-",
        b" ",
    ),
    *(b"PIPELINING", b"SIZE 99", b"STARTTLS", b"user unknown", b"mailbox full", b"try again in 5 minutes", b"DT:SPM"),
    *(b"\xff", b"\0", "频率".encode(), b"x" * 600),
]
_JUDGE = RuleJudge()


def check(octets: bytes) -> None:
    step = octets[0] % 7 + 1 if octets else 1
    whole = _read([octets])
    assert whole == _read([octets[at : at + step] for at in range(0, len(octets), step)])
    for each in whole:
        if isinstance(each, Reply):
            assert 200 <= each.code <= 599
            _JUDGE.rules.meaning(heard(each, "", Stage.RCPT))
            read_extensions(each)


def _read(pieces: list[bytes]) -> list[Reply | str]:
    reader, read = ReplyReader(), list[Reply | str]()
    try:
        for piece in pieces:
            reader.feed(piece)
            while (said := reader.next_reply()) is not None:
                read.append(said)
    except RemoteProtocolError:
        read.append("no SMTP")
    return read
