"""What the demo's receivers send back for letters that they took first: bounces, complaints, answers of machines.

Owns   which provider writes in whose manner, and of how many of the streams' recipients.
Knows  nothing of how such messages are written (mta.simulator.returns), or of what follows.
Recipients of streams are `name.number@…`: the last digit says what may happen to one, so that it is one thing.
"""

from ...mta.simulator.behaviours import Returned, ReturnStyle, ReturnTo
from ...mta.simulator.settings import Late, ProviderSettings

_STYLES = {
    "google": ReturnStyle.GMAIL, "outlook": ReturnStyle.EXCHANGE, "microsoft365": ReturnStyle.EXCHANGE,
    "yahoo": ReturnStyle.YAHOO, "qq": ReturnStyle.QQ, "netease": ReturnStyle.NETEASE, "gmx": ReturnStyle.QMAIL,
    "small-firms": ReturnStyle.EXIM, "fastmail": ReturnStyle.POSTFIX, "mimecast": ReturnStyle.SENDMAIL,
}  # fmt: skip
_COMPLAINTS = {
    "yahoo": ReturnStyle.POSTFIX, "outlook": ReturnStyle.MICROSOFT, "comcast": ReturnStyle.REDACTED,
    "mailru": ReturnStyle.REDACTED,
}  # fmt: skip
_FULL = "552 5.2.2 Mailbox full"


def returns_of(provider: ProviderSettings) -> tuple[Late, ...]:
    """Nothing from the greater part of the forty."""
    late: list[Late] = []
    if style := _STYLES.get(provider.name):
        late.append(Late(style=style, recipients=("*.*[024]",), share=0.08, after_seconds=6))
        late.append(Late(style=style, says=_FULL, recipients=("*.*6",), share=0.1, after_seconds=9))
        late.append(Late(send=Returned.VACATION, recipients=("*.*8",), share=0.15, after_seconds=3))
    if style := _COMPLAINTS.get(provider.name):
        late.append(
            Late(
                send=Returned.COMPLAINT,
                style=style,
                to=ReturnTo.FEEDBACK,
                recipients=("*.*[135]",),
                share=0.06,
                after_seconds=12,
            )
        )
    return tuple(late)
