"""What `youtong serve` says when it is up: where to submit, what to look at, what to do next.

Owns   the sentences.
Knows  nothing of the running server beyond its configuration.
"""

from ..config import Config
from ..texts import _


def welcome(config: Config, password: str | None) -> str:
    """The whole text; `password` is the operator's, given at the first start only."""
    return "\n".join([*_first(password), *_where(config), *_off(config), *_next(config)])


def _first(password: str | None) -> list[str]:
    if password is None:
        return []
    line = _("The operator account was made. User name: operator   Password: {password}").format(password=password)
    return ["", line, _("It is shown this once; `youtong account passwd operator` sets another."), ""]


def _where(config: Config) -> list[str]:
    submission = config.submission
    lines = [_("Youtong is running as {hostname}.").format(hostname=config.server.hostname)]
    if submission.listen:
        addresses = ", ".join(map(str, submission.listen))
        lines.append(_("  Submit mail to    {addresses} (STARTTLS)").format(addresses=addresses))
    if submission.listen_tls:
        addresses = ", ".join(map(str, submission.listen_tls))
        lines.append(_("  or, with TLS, to  {addresses}").format(addresses=addresses))
    return lines


def _off(config: Config) -> list[str]:
    lines: list[str] = []
    roles = [name for name in ("inbound", "admin", "tracking", "dns") if getattr(config, name) is not None]
    if roles:
        text = _("  Not listening yet: {roles} (parts that come with later versions)")
        lines.append(text.format(roles=", ".join(f"[{role}]" for role in roles)))
    if not config.delivery.enabled:
        lines.append(_("  Delivery is switched off ([delivery] enabled = false): mail is accepted and kept."))
    elif config.delivery.redirect_all_to is not None:
        text = _("  ALL MAIL GOES TO {address}, whatever its recipient ([delivery] redirect_all_to).")
        lines.append(text.format(address=config.delivery.redirect_all_to))
    elif not config.has_public_hostname:
        text = _("  '{hostname}' is no public name: mail for public addresses is accepted and held until [server] "
                 "hostname is this machine's full name.")  # fmt: skip
        lines.append(text.format(hostname=config.server.hostname))
    return lines


def _next(config: Config) -> list[str]:
    option = "" if str(config.path) == "youtong.toml" else f" --config {config.path}"
    return [
        _("Next, in another terminal:"),
        f"  youtong account add you@example.com --domain example.com{option}"
        + "   # " + _("an account for your mail client"),
        f"  youtong dkim keygen example.com{option}" + "   # " + _("a key, and the DNS record to publish"),
        f"  youtong explain recipient someone@example.org{option}" + "   # " + _("where a letter is, and why"),
        _("Stop with Ctrl-C."),
    ]  # fmt: skip
