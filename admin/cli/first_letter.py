"""The command that sends a first letter, for a person without any mail client: printed to be copied.

Owns   its words: curl where there is one, else Python, which is always there.
Knows  nothing of the running server beyond its configuration. Not translated: a shell reads it.
"""

import shlex
import shutil

from ..config import Config
from ..config.values import Endpoint

RECIPIENT = "friend@example.org"
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}


def first_letter(config: Config, password: str | None) -> list[str]:
    """Lines for a shell; none when nothing listens. Without the password the command asks for it."""
    submission = config.submission
    is_tls = not submission.listen
    places = submission.listen_tls if is_tls else submission.listen
    if not places:
        return []
    host, port = _reachable(places[0])
    sender = f"operator@{config.server.hostname}"
    if shutil.which("curl"):
        return _curl(f"{'smtps' if is_tls else 'smtp'}://{host}:{port}", sender, password)
    return _python(host.strip("[]"), port, sender, password, is_tls)


def _reachable(place: Endpoint) -> tuple[str, int]:
    host, _colon, port = str(place).rpartition(":")
    return _EVERYWHERE.get(host.strip("[]"), host), int(port)


def _curl(url: str, sender: str, password: str | None) -> list[str]:
    user = "operator" if password is None else f"operator:{password}"
    letter = rf"From: {sender}\nTo: {RECIPIENT}\nSubject: A first message\n\nHello!\n"
    return [
        f"printf '{letter}' |",
        f"curl {url} --ssl-reqd --insecure --user {shlex.quote(user)} --crlf \\",
        f"  --mail-from {sender} --mail-rcpt {RECIPIENT} --upload-file -",
    ]


def _python(host: str, port: int, sender: str, password: str | None, is_tls: bool) -> list[str]:
    secret = "__import__('getpass').getpass()" if password is None else repr(password)
    letter = repr(f"From: {sender}\nTo: {RECIPIENT}\nSubject: A first message\n\nHello!\n")
    connect = f"client = smtplib.SMTP{'_SSL' if is_tls else ''}({host!r}, {port})"
    return [
        'python3 -c "',
        "import smtplib",
        connect,
        *([] if is_tls else ["client.starttls()"]),
        f"client.login('operator', {secret})",
        f"client.sendmail({sender!r}, {RECIPIENT!r}, {letter})".replace("\\", "\\\\"),
        'client.quit()"',
    ]
