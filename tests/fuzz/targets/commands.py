"""Invariant: an argument of MAIL or RCPT is read into values that can be said again, or refused for good.

What is read from an argument, said again in the field's plain form, is read as the same.
"""

from collections.abc import Callable

from youtong.mta.envelope import ForwardPath
from youtong.mta.reply import Reply
from youtong.mta.smtp.params import CommandError, MailCommand, parse_mail, parse_rcpt

TOKENS = [
    *(
        b"FROM:",
        b"TO:",
        b"<",
        b">",
        b"@",
        b".",
        b":",
        b";",
        b",",
        b"(",
        b")",
        b'"',
        b"\\",
        b"[",
        b"]",
        b" ",
        b"\t",
        b"=",
    ),
    *(b"SIZE=", b"BODY=8BITMIME", b"SMTPUTF8", b"RET=FULL", b"ENVID=", b"NOTIFY=NEVER", b"NOTIFY=SUCCESS,DELAY"),
    *(b"ORCPT=rfc822;", b"ORCPT=utf-8;", b"AUTH=<>", b"+2B", b"a", b"b.c", b"example.org", b"xn--", "例子".encode()),
    *("é".encode(), b"\x7f", b"\x00", b"postmaster", b"@a,@b:", b"\\x{4E2D}"),
]


def check(octets: bytes) -> None:
    argument = octets.decode("utf-8", "replace")
    mail = _taken(parse_mail, argument, dsn=True)
    if isinstance(mail, MailCommand):
        again = parse_mail(f"FROM:<{mail.reverse_path}>{' SMTPUTF8' * mail.smtputf8}")
        assert again.reverse_path == mail.reverse_path
    for smtputf8 in (True, False):
        path = _taken(parse_rcpt, argument, smtputf8=smtputf8, hostname="mta.test", dsn=True)
        if isinstance(path, ForwardPath):
            again = parse_rcpt(f"TO:<{path.address}>", smtputf8=smtputf8, hostname="mta.test")
            assert (again.address, again.domain) == (path.address, path.domain)
            assert path.domain.isascii()


def _taken(parse: Callable[..., object], argument: str, **how: object) -> object:
    """What was read; None when it was refused."""
    refusal: Reply | None = None
    try:
        return parse(argument, **how)
    except CommandError as error:
        refusal = error.reply
    assert refusal.is_permanent
    return None
