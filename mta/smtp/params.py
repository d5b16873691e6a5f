"""The arguments of MAIL and RCPT: a path and its parameters.

Owns    reading `FROM:<path> KEY=VALUE …` and `TO:<path> KEY=VALUE …` into values, xtext, and the replies to bad ones.
Knows   nothing of sessions, accounts or which recipients exist.
Strict  on everything that two readers could read differently: angle brackets are required, parameters that we do not
        offer and doubled ones are refused. Lenient where clients in the field need it: spaces after the colon.
RFC 5321 §4.1.2 (paths, source routes are read and dropped), RFC 1870 §6 (SIZE), RFC 6152 §2 (BODY), RFC 6531 §3.4
(SMTPUTF8), RFC 4954 §5 (AUTH=), RFC 3461 §4 (RET, ENVID, NOTIFY, ORCPT: read only when `dsn` is offered), RFC 6533 §3
(utf-8 in ORCPT), RFC 2852 §4 (BY: read only when `deliver_by` is offered).
"""

import re

import msgspec

from ..address import AddressError, NeedsSmtputf8Error, split_address
from ..envelope import Body, ByMode, DeliverBy, Domain, ForwardPath
from ..reply import Reply, reply

_ROUTE = r"(?:@[^@:<>\s,]+(?:,@[^@:<>\s,]+)*:)?"  # RFC 5321 §4.1.1.3: MUST be accepted, SHOULD be ignored
_PATH = re.compile(rf'[ \t]*<{_ROUTE}((?:[^"<>\x00-\x20\x7f]|"(?:[^"\\\x00-\x1f\x7f]|\\[ -~])*")*)>(?: +|$)')
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~\x80-\U0010ffff]+))?")
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")
_ORCPT = re.compile(r"[A-Za-z0-9-]+;(?:[!-*,-<>-~]|\+[0-9A-F]{2})+")
# RFC 6533 §3: characters beyond ASCII are \x{…}, or themselves where the transaction is SMTPUTF8.
_UTF8_ORCPT = re.compile(
    r"utf-8;(?:[!-*,-<>-\[\]-~\x80-\U0010ffff]|\\x\{(?!D[89AB][0-9A-F]{2}\}|0)(?:10|[0-9A-F])?[0-9A-F]{1,4}\})+",
    re.IGNORECASE,
)
_BY = re.compile(r"([-+]?[0-9]{1,9});([NR])T?", re.IGNORECASE)
_NOTIFY = frozenset({"SUCCESS", "FAILURE", "DELAY"})
_MAX_ENVID = 100  # RFC 3461 §4.4
_MAX_ORCPT = 500  # RFC 3461 §4.2


class CommandError(Exception):
    """The argument cannot be taken; `reply` says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply


class MailCommand(msgspec.Struct, frozen=True):
    """What MAIL said. `reverse_path` as written, "" for the null reverse-path; `size_bytes` 0 when not declared."""

    reverse_path: str
    size_bytes: int = 0
    body: Body = Body.SEVEN_BIT
    smtputf8: bool = False
    ret: str = ""
    envid: str = ""
    by: DeliverBy | None = None


def parse_mail(argument: str, *, dsn: bool = False, deliver_by: bool = False) -> MailCommand:
    """The argument of MAIL; parameters of extensions that are not offered are refused. Raises CommandError."""
    path, tail = _path(argument, "FROM:")
    given = _parameters(tail) if tail else {}
    smtputf8 = _flag(given, "SMTPUTF8")
    command = MailCommand(
        path,
        _size(given),
        _body(given),
        smtputf8,
        _one_of(given, "RET", ("FULL", "HDRS")) if dsn else "",
        _xtext(given, "ENVID", _MAX_ENVID) if dsn else "",
        _by(given) if deliver_by else None,
    )
    _xtext(given, "AUTH", _MAX_ORCPT)  # accepted and ignored: the session's own origin counts (RFC 4954 §5)
    _refuse_rest(given)
    if path:
        _mailbox(path, smtputf8, "5.1.7")
    return command


def parse_rcpt(argument: str, *, smtputf8: bool, hostname: str, dsn: bool = False) -> ForwardPath:
    """The argument of RCPT. `<postmaster>` alone is our own postmaster (RFC 5321 §4.1.1.3). Raises CommandError."""
    path, tail = _path(argument, "TO:")
    given = _parameters(tail) if tail else {}
    notify = _notify(given) if dsn else ""
    orcpt = _orcpt(given, smtputf8) if dsn else ""
    _refuse_rest(given)
    if path.lower() == "postmaster":
        path = f"{path}@{hostname}"
    return ForwardPath(path, _mailbox(path, smtputf8, "5.1.3"), notify, orcpt)


def encode_xtext(text: str) -> str:
    """ASCII text as xtext (RFC 3461 §4)."""
    return "".join(c if "!" <= c <= "~" and c not in "+=" else f"+{ord(c):02X}" for c in text)


def decode_xtext(xtext: str) -> str:
    """The text that `encode_xtext` was given."""
    return re.sub(r"\+([0-9A-F]{2})", lambda found: chr(int(found.group(1), 16)), xtext)


def _path(argument: str, keyword: str) -> tuple[str, str]:
    if argument[: len(keyword)].upper() != keyword:
        raise CommandError(reply(501, "5.5.2", f"after the command comes {keyword}<address>"))
    found = _PATH.match(argument, len(keyword))
    if found is None:
        raise CommandError(reply(501, "5.5.2", f"{keyword} needs an address between < and >"))
    return found.group(1), argument[found.end() :]


def _parameters(tail: str) -> dict[str, str | None]:
    given: dict[str, str | None] = {}
    for word in tail.split():
        found = _PARAMETER.fullmatch(word)
        if found is None:
            raise CommandError(reply(501, "5.5.4", "a parameter cannot be read"))
        keyword = found.group(1).upper()
        if keyword in given:
            raise CommandError(reply(501, "5.5.4", f"parameter {keyword} is given twice"))
        given[keyword] = found.group(2)
    return given


def _refuse_rest(given: dict[str, str | None]) -> None:
    if given:
        raise CommandError(reply(555, "5.5.4", f"parameter {next(iter(given))} is not offered here"))


def _bad_value(keyword: str) -> CommandError:
    return CommandError(reply(501, "5.5.4", f"parameter {keyword} has a value that is not allowed"))


def _size(given: dict[str, str | None]) -> int:
    if "SIZE" not in given:
        return 0
    digits = given.pop("SIZE") or ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 20):
        raise _bad_value("SIZE")
    return int(digits)


def _body(given: dict[str, str | None]) -> Body:
    if "BODY" not in given:
        return Body.SEVEN_BIT
    return Body(_one_of(given, "BODY", tuple(Body)))


def _flag(given: dict[str, str | None], keyword: str) -> bool:
    if keyword not in given:
        return False
    if given.pop(keyword) is not None:
        raise _bad_value(keyword)
    return True


def _one_of(given: dict[str, str | None], keyword: str, allowed: tuple[str, ...]) -> str:
    if keyword not in given:
        return ""
    value = (given.pop(keyword) or "").upper()
    if value not in allowed:
        raise _bad_value(keyword)
    return value


def _xtext(given: dict[str, str | None], keyword: str, longest: int) -> str:
    if keyword not in given:
        return ""
    value = given.pop(keyword) or ""
    if not value or len(value) > longest or not (_XTEXT.fullmatch(value) or (keyword, value) == ("AUTH", "<>")):
        raise _bad_value(keyword)
    return value


def _by(given: dict[str, str | None]) -> DeliverBy | None:
    """A trace (;T) asks for notices of relaying that nobody makes any more: it is read and left."""
    if "BY" not in given:
        return None
    found = _BY.fullmatch(given.pop("BY") or "")
    if found is None:
        raise _bad_value("BY")
    by = DeliverBy(int(found.group(1)), ByMode(found.group(2).upper()))
    if by.mode is ByMode.RETURN and by.seconds <= 0:
        raise CommandError(reply(501, "5.5.4", "the time of BY is over: with R it must lie ahead"))
    return by


def _notify(given: dict[str, str | None]) -> str:
    if "NOTIFY" not in given:
        return ""
    words = (given.pop("NOTIFY") or "").upper().split(",")
    if words != ["NEVER"] and not (set(words) <= _NOTIFY and len(set(words)) == len(words)):
        raise _bad_value("NOTIFY")
    return ",".join(words)


def _orcpt(given: dict[str, str | None], smtputf8: bool) -> str:
    if "ORCPT" not in given:
        return ""
    value = given.pop("ORCPT") or ""
    form = _UTF8_ORCPT if value[:6].lower() == "utf-8;" else _ORCPT
    if (
        len(value.encode("utf-8", "surrogatepass")) > _MAX_ORCPT
        or not form.fullmatch(value)
        or not (smtputf8 or value.isascii())
    ):
        raise _bad_value("ORCPT")
    return value


def _mailbox(path: str, smtputf8: bool, enhanced: str) -> Domain:
    try:
        return split_address(path, smtputf8=smtputf8)[1]
    except NeedsSmtputf8Error as error:
        raise CommandError(reply(553, "5.6.7", str(error))) from error
    except AddressError as error:
        raise CommandError(reply(553, enhanced, str(error))) from error
