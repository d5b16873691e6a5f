"""Notices in words: what qmail, Exim, Yahoo, QQ, NetEase and Domino send back, each in its own way.

Owns   their words. What there is of fields is not RFC 3464's, or says less than the words.
Knows  nothing of when they are sent.
"""

from .case import Case, letter_head, multipart, octets, plain, report


def qmail(case: Case) -> bytes:
    """The QSBMF form: an introduction, a paragraph for each address, the letter."""
    head = letter_head(case, f"MAILER-DAEMON@{case.host}", "failure notice")
    return plain(
        head,
        f"Hi. This is the qmail-send program at {case.host}.",
        "I'm afraid I wasn't able to deliver your message to the following addresses.",
        "This is a permanent error; I've given up. Sorry it didn't work out.", "",
        f"<{case.failed}>:", f"Remote host said: {case.says}", "",
        "--- Below this line is a copy of the message.", "",
    ) + case.received.content  # fmt: skip


def exim(case: Case) -> bytes:
    head = letter_head(
        case, f"Mail Delivery System <Mailer-Daemon@{case.host}>", "Mail delivery failed: returning message to sender",
        f"X-Failed-Recipients: {case.failed}", "Auto-Submitted: auto-replied",
    )  # fmt: skip
    return plain(
        head,
        "This message was created automatically by mail delivery software.", "",
        "A message that you sent could not be delivered to one or more of its",
        "recipients. This is a permanent error. The following address(es) failed:", "",
        f"  {case.failed}", f"    host {case.host} [192.0.2.1]",
        "    SMTP error from remote mail server after end of data:",
        f"    {case.says}", "",
        "------ This is a copy of the message, including all the headers. ------", "",
    ) + case.received.content  # fmt: skip


def yahoo(case: Case) -> bytes:
    head = letter_head(case, f"MAILER-DAEMON@{case.host}", "Failure Notice")
    return plain(
        head,
        "Sorry, we were unable to deliver your message to the following address.", "",
        f"<{case.failed}>:", f"{case.says[:3]}: {case.says[4:]}", "",
        "--- Below this line is a copy of the message.", "",
    ) + case.received.content  # fmt: skip


def qq(case: Case) -> bytes:
    head = letter_head(case, f"PostMaster@{case.host}", "系统退信/Systems bounce")
    return plain(
        head,
        "抱歉，您的邮件被退回来了……", "", f"原邮件信息：主题 {case.field('Subject')}",
        f"收件人：{case.failed}", "",
        f"退信原因：收件人邮件地址（{case.failed}）不存在，邮件无法送达。" if case.says[:3] == "550" else "退信原因：",
        f"host {case.host} said: {case.says}",
    )  # fmt: skip


def netease(case: Case) -> bytes:
    head = letter_head(case, f"Postmaster@{case.host}", "系统退信")
    words = octets(
        "抱歉，您的邮件被退回来了。", "", f"收件人：{case.failed}", f"退信原因：SMTP error, RCPT TO: {case.says}"
    )
    fields = octets(
        f"Reporting-MTA: dns; {case.host}", "", f"Final-Recipient: rfc822; {case.failed}", "Action: failed",
        f"Status: {case.status}", f"Diagnostic-Code: smtp; {case.says}",
    )  # fmt: skip
    letter = ("message/rfc822", case.received.content)
    return report(
        case, head, "delivery-status", ("text/plain; charset=utf-8", words), ("message/delivery-status", fields), letter
    )


def domino(case: Case) -> bytes:
    head = letter_head(case, f"Postmaster@{case.host}", f"DELIVERY FAILURE: {case.says[4:]}")
    words = octets(
        "Your message", "", f"  Subject: {case.field('Subject')}", "", "was not delivered to:", "",
        f"  {case.failed}", "",
        "because:", "", f"  {case.says}",
    )  # fmt: skip
    return multipart(case, head, ("text/plain; charset=us-ascii", words), ("message/rfc822", case.received.content))
