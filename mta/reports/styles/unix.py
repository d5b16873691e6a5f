"""Styles of the mail systems of Unix: qmail and its kin, Postfix, Exim, Sendmail and its heirs, Courier,
PMDF and others.

Owns   UNIX, rows tried from top to bottom.
"""

from .style import BRACKETED, LISTED, Style, matching

UNIX: tuple[Style, ...] = (
    Style(
        "qmail",
        matching(
            r"this is the qmail-send program", r"qmail-(?:send|queue|remote)\b",
            r"this is (?:the|a) machine generated message from mail",
            r"hi\. (?:this is )?the (?:\S+ ){1,4}(?:program )?at .{1,200}(?:unable to deliver|\n.{0,40}(?:afraid|"
            r"sorry))",
            r"i'?m afraid i wasn'?t able to deliver your message to the following addresses",
            r"i was not able to deliver your message to the following addresses",
            r"i tried to deliver (?:this|a) bounce message to this address, but the bounce bounced",
            r"^subject: failure (?:notice|delivery)",
        ),
        entry=matching(
            r"^\s{0,8}<(?:mailto:)?ADDRESS>\s*:",
            r"^\s{0,8}ADDRESS\s*:?\s*$",
            r"(?:unable to deliver|problem delivering|could not deliver) your message to <?ADDRESS",
            r"^\s*\d{3} quota violation for ADDRESS",
        ),
    ),
    Style(
        "postfix",
        matching(
            r"this is the .{1,80} (?:program|system|service|mailer|server) at host", r"this is the mail system at host",
            r"^\s+the (?:postfix|mail system|.{1,40} program)\s*$",
            r"message returned\n?\s*below could not be delivered",
            r"this is the postfix program", r"undelivered mail returned to sender",
        ),
        entry=BRACKETED,
    ),
    Style(
        "exim",
        matching(
            r"this message was created automatically by (?:the )?(?:mail|e-?mail) delivery\s+(?:software|system)",
            r"a message that you (?:have )?sent (?:could not be|has not yet been|was rejected|contained)",
            r"^subject: mail delivery failed: returning message to sender",
            r"^subject: warning: message .{1,60} delayed",
        ),
        entry=matching(r"^\s{0,8}<?ADDRESS>?\s*:?\s*(?:\(.{0,200}\)?)?\s*:?$",
        r"^\s{2,8}(?P<hidden>an undisclosed address)", r"addressed to '?ADDRESS",
                       r"local mailbox ADDRESS"),
        begins=matching(
            r"address(?:es)?(?:\(es\))? failed", r"^\s*failed:\s*$", r"not yet been delivered (?:is|are|to)",
            r"a message that you",
            r"failed to be delivered", r"^the following (?:message|address)",
        ),
    ),
    Style(
        "sendmail",
        matching(
            r"addresses had (?:permanent (?:fatal|delivery)|transient non-fatal|delivery) (?:errors|problems)",
            r"-{3,5} transcript of session follows", r"the original message was received at",
            r"the following addresses had successful delivery", r"-{5,} unsent message follows",
        ),
        entry=LISTED,
        begins=matching(r"addresses had (?:permanent|transient|delivery|fatal)", r"addresses (?:were|could) not"),
        ends=matching(r"-{3,5} transcript of session"),
    ),
    Style(
        "sendmail-transcript",
        matching(r"-{3,5} transcript of session follows"),
        entry=matching(r"^(?:[45]\d\d (?:[45]\.\d\.\d )?)?[<\s]*ADDRESS>?\s*(?:\.\.\.|:|$)", r"RCPT To:\s?<ADDRESS>"),
        begins=matching(r"-{3,5} transcript of session"),
    ),
    Style(
        "courier",
        matching(
            r"this is a delivery status notification from .{1,200}, running the courier mail server",
            r"the original message was received on .{1,100}\n(?:from .{1,200}\n)?\n?.{0,40}\n?.{0,200}undeliverable",
            r"UNDELIVERABLE MAIL",
        ),
        entry=matching(r"^\s*<ADDRESS>:?"),
    ),
    Style(
        "opensmtpd",
        matching(r"this is the MAILER-DAEMON, please do not reply",
        r"errors? occurred while delivering (?:your|this|the) (?:message|mail)"),
        entry=matching(r"^\s{0,8}<?ADDRESS>?:"),
    ),
    Style(
        "smail",
        matching(r"\|-+ ?(?:message log|failed addresses) follows?:? ?-+\|"),
        begins=matching(r"failed addresses follow"),
        entry=LISTED,
        ends=matching(r"\|-+ message (?:text|header) follows"),
    ),
    Style(
        "pmdf",
        matching(
            r"this report relates to a message you sent with the following header",
            r"your message cannot be delivered to the following recipients",
            r"your message (?:is being returned|was returned); it (?:has been|could)", r"pmdf e-?mail interconnect",
        ),
        entry=matching(r"^\s*(?:recipient address|original address|final(?:ly)? recipient):\s*<?ADDRESS"),
    ),
    Style(
        "mmdf",
        matching(r"your message was not delivered to:?\s", r"failed mail .{0,40}\(msg\.", r"^subject: failed mail"),
        entry=matching(r"(?:not delivered to|for)?:?\s+'?ADDRESS'?"),
        signs=2,
    ),
    Style(
        "james",
        matching(
            r"this is the .{0,40}james mail server", r"message bounced by .{0,40}james",
            r"unfortunately we were unable to deliver the attached message",
            r"i'?m afraid i wasn'?t able to deliver your message to the following addresses\.\s+this is a permanent",
            r"failed recipient\(s\):",
        ),
        entry=LISTED,
    ),
    Style(
        "james-details",
        matching(r"^message details:\s*$", r"^error message below:\s*$"),
        entry=matching(r"^\s+rcpt to: <?ADDRESS"),
    ),
    Style(
        "communigate",
        matching(r"failed to deliver to ['\"<]", r"communigate pro"),
        entry=matching(r"failed to deliver to ['\"<]ADDRESS"),
        ends=matching(r"^reporting-mta"),
    ),
    Style(
        "lda",
        matching(
            r"your message to <?[^\s<>]{1,200}>? was automatically rejected", r"dovecot mail delivery agent",
            r"maildrop: ",
            r"procmail: (?:quota|couldn't)", r"^\s*command output: (?:maildrop|procmail|deliver)",
        ),
        entry=matching(r"your message to <?ADDRESS>? was automatically rejected"),
    ),
    Style(
        "netscape",
        matching(r"this message was undeliverable due to the following reason",
        r"following recipients did not receive (?:your|this) message"),
        entry=matching(r"^\s*<ADDRESS>", r"recipient:\s*<ADDRESS>"),
    ),
    Style(
        "phquery",
        matching(r"message not delivered to the following addresses"),
        begins=matching(r"message not delivered to the following"),
        ends=matching(r"error detail"),
    ),
    Style(
        "amenworld",
        matching(r"del[ei]very to the following recipients? failed permanently",
        r"this is an automatically generated delivery status notification"),
        begins=matching(r"following recipients?\b.{0,60}(?:fail|delay|not)"),
        ends=matching(r"technical details"),
    ),
)  # fmt: skip
