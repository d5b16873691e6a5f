"""What happened to one recipient, in English and Chinese, for a person who knows nothing of SMTP.

Owns   the explanation, and the advice after a failure, for each kind. Both languages stand in every notice: who reads
       it is unknown, so the catalogue of the surfaces, which speaks one language at a time, is of no use here.
Knows  nothing of fields or parts; a kind that is not in the table gets the general words.
"""

from typing import assert_never

from .deadline_words import deadline_over
from .explanation import Explanation, Words
from .notice import Action, Reported

GENERAL = Explanation(
    Words(
        "The receiving system refused this message.",
        "The reason, in its own words, is below. If it does not help you, ask the recipient in another way, or show "
        "this notice to your mail administrator.",
    ),
    Words(
        "对方邮件系统拒收了这封邮件。",
        "拒收原因见下方对方的原话。如果看不明白，请换一种方式联系收件人，或将本通知转给您的邮件管理员。",
    ),
)

EXPIRED = Explanation(
    Words(
        "The message could not be delivered for a long time, and we have stopped trying.",
        "You may send it again later. If it is urgent, reach the recipient in another way.",
    ),
    Words("多次尝试投递均未成功，系统已停止重试。", "您可以稍后重新发送；如有急事，请换一种方式联系收件人。"),
)

NOT_SENT = Explanation(
    Words(
        "This mail system could not send the message to this address.",
        "Show this notice to your mail administrator.",
    ),
    Words("本系统无法将邮件发往该地址。", "请将本通知转给您的邮件管理员。"),
)

PUT_OFF = Explanation(
    Words("The receiving system takes the message later, not now.", ""),
    Words("对方系统暂时不接收这封邮件，要求稍后再试。", ""),
)

NO_ANSWER = Explanation(
    Words("The receiving system could not be reached.", ""),
    Words("暂时无法连接到对方系统。", ""),
)

HANDED_ON = Explanation(
    Words("The receiving system took the message. It sends no confirmation when it reaches the mailbox.", ""),
    Words("对方系统已接收邮件，但不会再告知是否已放入收件人的邮箱。", ""),
)

BY_KIND: dict[str, Explanation] = {
    "no-such-user": Explanation(
        Words(
            "The receiving system says that this address does not exist.",
            "Check the spelling of the address. If it is right, the person may have left: ask for a new address.",
        ),
        Words("对方系统表示该地址不存在。", "请检查地址拼写是否正确；如果无误，对方可能已停用该邮箱，请索取新地址。"),
    ),
    "no-such-domain": Explanation(
        Words(
            "The part of the address after the @ does not exist.",
            "Check the spelling of the address, above all what comes after the @.",
        ),
        Words("地址中 @ 后面的域名不存在。", "请检查地址拼写，尤其是 @ 后面的部分。"),
    ),
    "takes-no-mail": Explanation(
        Words("The domain of this address takes no mail.", "Ask the recipient for another address."),
        Words("该地址所属的域名声明不接收邮件。", "请向收件人索取其他地址。"),
    ),
    "inactive": Explanation(
        Words("The mailbox exists but is switched off.", "Ask the recipient for another address."),
        Words("对方邮箱已被停用。", "请向收件人索取其他地址。"),
    ),
    "mailbox-full": Explanation(
        Words(
            "The recipient's mailbox is full.", "Tell the recipient in another way, and send the message again later."
        ),
        Words("收件人的邮箱已满。", "请用其他方式告知收件人，稍后再重新发送。"),
    ),
    "content": Explanation(
        Words(
            "The receiving system refused the content of the message, for example its text, a link or an attachment.",
            "Send it again with other words, or without the attachment.",
        ),
        Words("对方系统因邮件内容（正文、链接或附件等）拒收。", "请修改措辞或去掉附件后重新发送。"),
    ),
    "our-ip": Explanation(
        Words(
            "The receiving system refuses mail from our server. Your message and the address are not the reason.",
            "Show this notice to your mail administrator.",
        ),
        Words("对方系统拒收来自我方服务器的邮件，与您的邮件内容和收件地址无关。", "请将本通知转给您的邮件管理员。"),
    ),
    "sender-setup": Explanation(
        Words(
            "The receiving system could not confirm that the message comes from your domain.",
            "Show this notice to your mail administrator: the domain's SPF, DKIM or DMARC records need a look.",
        ),
        Words(
            "对方系统无法确认邮件确实来自您的域名。", "请将本通知转给您的邮件管理员，检查域名的 SPF、DKIM、DMARC 记录。"
        ),
    ),
    "loops-to-us": Explanation(
        Words(
            "The domain of this address points back to this mail system, which has no mailbox for it.",
            "Show this notice to your mail administrator.",
        ),
        Words("该地址的域名指回本系统，而本系统没有这个邮箱。", "请将本通知转给您的邮件管理员。"),
    ),
    "no-route": Explanation(
        Words(
            "No mail server of this address's domain can be found.",
            "Check the spelling of the address, above all what comes after the @.",
        ),
        Words("找不到该地址所属域名的邮件服务器。", "请检查地址拼写，尤其是 @ 后面的部分。"),
    ),
    "greylisted": Explanation(
        Words("The receiving system lets new senders wait.", "Send the message again later."),
        Words("对方系统要求首次来信的发件人等待。", "请稍后重新发送。"),
    ),
    "rate": Explanation(
        Words("The receiving system takes no more messages from us at this rate.", "Send the message again later."),
        Words("对方系统限制了接收邮件的速度。", "请稍后重新发送。"),
    ),
    "sender-quota": Explanation(
        Words("The receiving system takes no more messages from you today.", "Send the message again tomorrow."),
        Words("对方系统今天不再接收来自您的邮件。", "请明天再重新发送。"),
    ),
    "too-large": Explanation(
        Words(
            "The message is larger than the receiving system takes.",
            "Make it smaller, or send a link instead of the attachment.",
        ),
        Words("邮件超过了对方系统允许的大小。", "请缩小邮件，或用下载链接代替附件后重新发送。"),
    ),
    "needs-smtputf8": Explanation(
        Words(
            "The address or the header of the message has letters beyond ASCII, and the receiving system takes none.",
            "Ask the recipient for an address in plain letters (ASCII).",
        ),
        Words(
            "地址或信头含有非 ASCII 字符，而对方系统不支持（SMTPUTF8）。", "请向收件人索取只含英文字母和数字的地址。"
        ),
    ),
    "needs-8bit": Explanation(
        Words(
            "The receiving system takes 7-bit text only, and this message cannot be converted without harm.",
            "Send the text as an attachment, or without a signature.",
        ),
        Words("对方系统只接收 7 位文本，而这封邮件无法无损转换。", "请将内容作为附件发送，或去掉签名后重新发送。"),
    ),
    "demands-tls": Explanation(
        Words(
            "The receiving system demands encryption (TLS) and offers none that works.",
            "Reach the recipient in another way; only the receiving system's administrator can mend this.",
        ),
        Words(
            "对方系统要求加密传输（TLS），自身却没有可用的加密。",
            "请换一种方式联系收件人；此问题只能由对方管理员解决。",
        ),
    ),
    "other-family": Explanation(
        Words(
            "The receiving system can be reached only over a kind of network address (IPv4 or IPv6) that ours lacks.",
            "Show this notice to your mail administrator.",
        ),
        Words("对方系统只能通过本系统没有的网络地址类型（IPv4 或 IPv6）到达。", "请将本通知转给您的邮件管理员。"),
    ),
}


def is_explained(recipient: Reported) -> bool:
    """Whether there are words for just this, not general ones."""
    return explanation(recipient) is BY_KIND.get(recipient.kind)


def explanation(recipient: Reported) -> Explanation:
    """The words for what happened to one recipient."""
    match recipient.action:
        case Action.RELAYED:
            return HANDED_ON
        case Action.DELAYED:
            return BY_KIND.get(recipient.kind, PUT_OFF if recipient.reply is not None else NO_ANSWER)
        case Action.FAILED:
            general = GENERAL if recipient.reply is not None else NOT_SENT
            if recipient.expired:
                return deadline_over(recipient.deadline_seconds) if recipient.deadline_seconds else EXPIRED
            return BY_KIND.get(recipient.kind, general)
        case _:
            assert_never(recipient.action)
