"""Styles of gateways and of the servers of Windows, Domino and GroupWise.

Owns   GATEWAYS and GROUPWARE, rows tried from top to bottom.
"""

from .style import BRACKETED, Style, matching

GATEWAYS: tuple[Style, ...] = (
    Style(
        "amavis",
        matching(r"^\W*our content checker found", r"was considered unsolicited bulk",
        r"our internal reference code for your"),
        begins=matching(r"^\W*(?:to the following recipient|a message from .{1,300} to:)"),
        entry=matching(r"^\s*-> <?ADDRESS"),
    ),
    Style("barracuda", matching(r"barracuda", r"reporting-mta:.{0,80}barracuda"),
    entry=matching(r"^\W{0,4}<?ADDRESS>?:?"), signs=2,
    ),
    Style("ironport", matching(r"ironport", r"the following message to <[^>]{3,300}> was undeliverable"),
    entry=matching(r"message to <ADDRESS>")),
    Style("messagelabs", matching(r"messagelabs", r"symanteccloud", r"mail delivery agent at"),
    entry=matching(r"^\s{0,8}<ADDRESS>:?", r"^\s{2,8}ADDRESS\s*$")),
    Style(
        "symantec",
        matching(r"could not be delivered to the following recipients:", r"symantec_(?:antivirus|mail)"),
        begins=matching(r"following recipients"),
    ),
    Style("mimecast", matching(r"mimecast",
    r"the following message .{0,40}could not be delivered to .{0,10}recipient"),
    entry=matching(r"(?:recipient|to)(?: address)?\s*:\s*<?ADDRESS", r"^\W{0,6}ADDRESS"), signs=2,
    ),
    Style("proofpoint", matching(r"proofpoint"), entry=matching(r"^\W{0,6}<?ADDRESS>?"), signs=2),
    Style("trend-micro", matching(r"interscan", r"trend ?micro", r"message from interscan"),
    entry=matching(r"(?:recipient\(?s?\)?|to)\s*:\s*<?ADDRESS", r"deliver(?:ed)? to\s*:?\s*<?ADDRESS"), signs=2,
    ),
    Style("sophos", matching(r"sophos|astaro|puremessage|pure message"),
    entry=matching(r"(?:recipients?|to|for)\s*:\s*<?ADDRESS", r"^\W{0,6}<?ADDRESS>?"), signs=2,
    ),
    Style("mailmarshal", matching(r"mail ?marshal", r"mailmarshal"),
    entry=matching(r"(?:recipients?|to)\s*:\s*<?ADDRESS", r"message to\s+<?ADDRESS", r"^\s{2,12}<?ADDRESS>?\s*$"),
    signs=2,
    ),
    Style("mimesweeper", matching(r"mimesweeper|mailsweeper", r"a message could not be delivered to:"),
    entry=matching(r"^\W{0,6}ADDRESS\s*$", r"delivered to:?\s+<?ADDRESS")),
    Style(
        "mdaemon",
        matching(r"^from: .{0,80}mdaemon", r"the following addresses did not receive a copy",
        r"attached message had permanent fatal", r"^x-mailer: .{0,20}mdaemon"),
        begins=matching(r"did not receive a copy", r"failed address", r"following recipient",
        r"not been delivered|was not delivered"),
        ends=matching(r"session transcript"),
        entry=matching(r"^\W{0,6}ADDRESS\s*\W{0,6}$", r"failed address(?:es)?\s*:\s*<?ADDRESS"),
    ),
    Style(
        "imail",
        matching(r"^x-mailer: .{0,6}smtp32", r"^from: .{0,60}\n?subject: undeliverable mail",
        r"invalid final delivery userid"),
        entry=matching(
            r"^\s*(?:unknown (?:user|local user|host)|user mailbox exceeds allowed size|undeliverable(?:\s+to)?|"
            r"invalid final delivery userid|delivery failed \d+ attempts|"
            r"unable to deliver message to|error code \d+|mailbox full|user unknown|illegal user id|"
            r"can ?not forward to|deferred|.{1,40}exceeds allowed size)\s*:?\s*<?ADDRESS",
        ),
    ),
    Style(
        "smartermail",
        matching(r"could not deliver message to the following recipient\(s\)", r"smartermail"),
        entry=matching(r"failed recipients?\s*:\s*<?ADDRESS"),
    ),
    Style("mercury", matching(r"mercury", r"the following addresses? (?:produced|generated) errors?"),
    entry=matching(r"^\W{0,6}(?:\d{3}\s)?<?ADDRESS>?", r"address\s*:\s*<?ADDRESS"), signs=2,
    ),
    Style("hmailserver", matching(r"your message did not reach some or all of the intended recipients",
    r"hmailserver"), entry=matching(r"^\s{0,8}<?ADDRESS>?\s*$")),
    Style("kerio", matching(r"kerio", r"delivery to the following recipients? failed[^\n]{0,60}\n[^\n]{0,60}kerio"),
    entry=matching(r"^\W{0,6}<?ADDRESS>?:?"), signs=2,
    ),
    Style("vpop3", matching(r"vpop3|vpop"), entry=matching(r"(?:recipient|to|address)\s*:?\s*<?ADDRESS",
    r"^\W{0,6}<?ADDRESS>?\s*$"), signs=2,
    ),
    Style("hotpop", matching(r"^undeliverable address:"), entry=matching(r"^undeliverable address:\s*<?ADDRESS")),
    Style("failed-recipients", matching(r"^-{3,} failed recipients -{3,}"), begins=matching(r"failed recipients"),
    entry=BRACKETED),
)  # fmt: skip

GROUPWARE: tuple[Style, ...] = (
    Style(
        "domino",
        matching(
            r"^from: .{0,80}domino", r"lotus (?:notes|domino)", r"^subject: delivery failure report",
            r"your (?:document|message):?\s[^\0]{1,300}?(?:could|was) not (?:be )?(?:delivered|sent) to:?",
            r"ihr dokument:?\s[^\0]{1,300}?konnte nicht (?:zugestellt|gesendet)", r"^\W{0,6}was not delivered to:",
            r"^\W{0,6}could not be delivered to:", r"^\W{0,6}n'a pas été remis à",
            r"^subject: (?:rapport d'échec|zustellungsfehlerbericht|zustellfehler|配信失敗)",
        ),
        begins=matching(r"not (?:be )?delivered to", r"konnte nicht", r"zugestellt werden", r"n'a pas",
        r"gesendet (?:wurde|werden)", r"wurde nicht .{0,20}an", r"remis",
        r"配信され|no se entreg|non .{0,20}consegnat"),
        entry=matching(r"^\W{0,6}(?:to:|an:|à ?:|a:)?\s*(?:.{0,60}<)?ADDRESS>?\s*$", r"^\W{0,6}(?:to:|an:)?\s*ADDRESS"),
    ),
    Style(
        "groupwise",
        matching(r"groupwise", r"the message that you sent was undeliverable to the following",
        r"recipients? name is not recognized"),
        entry=matching(r"^\s*(?:\(.{0,60}\))?\s*['\"<]?ADDRESS", r"^\s*.{1,60}\(ADDRESS\)"),
        begins=matching(r"undeliverable to the following", r"following recipient"), signs=2,
    ),
)  # fmt: skip
