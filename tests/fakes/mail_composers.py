"""Other people's mail programs that write the letter themselves: told what to say, to whom, and what to attach.

Each logs in as alice@example.org, and is told the port, the channel ("starttls" or "tls") and the AUTH mechanism, where
it lets itself be told.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from fakes.components import require_command, require_file
from fakes.mail_clients import PASSWORD, USER, run

_LOGIN = f"{quote(USER, safe='')}:{PASSWORD}"


@dataclass(frozen=True)
class Wish:
    """One letter to be written and sent. `folder` is for whatever the program keeps."""

    port: int
    channel: str  # "starttls" or "tls"
    mechanism: str  # "PLAIN" or "LOGIN"
    certificate: Path
    folder: Path
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    attachment: Path


async def s_nail(wish: Wish) -> None:
    scheme = "submission" if wish.channel == "starttls" else "submissions"
    settings = [
        "v15-compat", f"mta={scheme}://{_LOGIN}@127.0.0.1:{wish.port}", f"smtp-auth={wish.mechanism.lower()}",
        "tls-verify=ignore", f"from={wish.sender}", "sendwait", "sendcharsets=utf-8", "ttycharset=utf-8",
    ]  # fmt: skip
    said = [word for setting in settings for word in ("-S", setting)]
    command = [require_command("s-nail", "s-nail"), "-:/", *said, "-s", wish.subject, "-a", str(wish.attachment)]
    await run(wish.text.encode(), [*command, *wish.recipients], {"HOME": str(wish.folder), **_CHINESE})


async def mutt(wish: Wish) -> None:
    scheme = "smtp" if wish.channel == "starttls" else "smtps"
    settings = [
        f'from="{wish.sender}"', f'smtp_url="{scheme}://{_LOGIN}@127.0.0.1:{wish.port}"', "ssl_force_tls=yes",
        "ssl_starttls=yes", "ssl_verify_host=no", f'certificate_file="{wish.certificate}"', "copy=no",
        f'smtp_authenticators="{wish.mechanism.lower()}"', "use_envelope_from=yes", "send_charset=utf-8",
    ]  # fmt: skip
    said = [word for setting in settings for word in ("-e", f"set {setting}")]
    command = [require_command("mutt", "mutt"), "-n", "-F", "/dev/null", *said, "-s", wish.subject]
    command += ["-a", str(wish.attachment), "--", *wish.recipients]
    await run(wish.text.encode(), command, {"HOME": str(wish.folder), **_CHINESE})


async def sendemail(wish: Wish) -> None:
    """Knows STARTTLS only, and takes the mechanism that the server names first."""
    command = [
        require_command("sendemail", "sendemail"), "-f", wish.sender, "-t", *wish.recipients, "-u", wish.subject,
        "-s", f"127.0.0.1:{wish.port}", "-xu", USER, "-xp", PASSWORD, "-o", "tls=yes", "-o", "message-charset=utf-8",
        "-a", str(wish.attachment),
    ]  # fmt: skip
    trusts = {"SSL_CERT_FILE": str(wish.certificate), "HOME": str(wish.folder)}
    await run(wish.text.encode(), command, {**trusts, **_CHINESE})


async def git_send_email(wish: Wish) -> None:
    """Sends patches; so the text and the attachment are made a patch by `git` first: what it says is the text."""
    git = require_command("git", "git")
    require_file("/usr/lib/git-core/git-send-email", "git-email")
    home = {"HOME": str(wish.folder), "GIT_CONFIG_NOSYSTEM": "1", **_CHINESE}
    who = [
        "-c",
        "sendemail.smtpsslcertpath=",
        "-c",
        "user.name=Alice",
        "-c",
        f"user.email={wish.sender}",
        "-C",
        str(wish.folder),
    ]
    await run(b"", [git, *who, "init", "--quiet"], home)
    (wish.folder / wish.attachment.name).write_bytes(wish.attachment.read_bytes())
    await run(b"", [git, *who, "add", wish.attachment.name], home)
    await run(f"{wish.subject}\n\n{wish.text}".encode(), [git, *who, "commit", "--quiet", "-F", "-"], home)
    await run(b"", [git, *who, "format-patch", "--quiet", "--binary", "--root", "-o", "patches"], home)
    encryption = "tls" if wish.channel == "starttls" else "ssl"
    settings = [
        "--smtp-server=127.0.0.1", f"--smtp-server-port={wish.port}", f"--smtp-encryption={encryption}",
        f"--smtp-user={USER}", f"--smtp-pass={PASSWORD}", f"--smtp-auth={wish.mechanism}",
        "--confirm=never", "--suppress-cc=all", *(f"--to={address}" for address in wish.recipients),
        f"--from={wish.sender}", "--quiet", "--8bit-encoding=UTF-8", "--transfer-encoding=base64",
    ]  # fmt: skip
    patches = sorted(str(path) for path in (wish.folder / "patches").iterdir())
    await run(b"", [git, *who, "send-email", *settings, *patches], home)


_CHINESE = {"LC_ALL": "C.UTF-8"}

COMPOSERS: dict[str, Callable[[Wish], Awaitable[None]]] = {
    "s-nail": s_nail,
    "mutt": mutt,
    "sendemail": sendemail,
    "git send-email": git_send_email,
}
