"""Styles of mailing lists: what they say of a member who cannot be reached, and of a letter that they do not take.

Owns   LISTS, rows tried from top to bottom. A list that refuses our letter is the recipient that it did not reach.
"""

from .style import Style, matching

LISTS: tuple[Style, ...] = (
    Style(
        "listserv",
        matching(r"^Error-for:", r"list of\s+the affected recipients? follow"),
        entry=matching(r"^Error-for:\s*<?ADDRESS"),
        ends=matching(r"^Error-end:"),
    ),
    Style(
        "ezmlm",
        matching(r"^subject: .{0,40}ezmlm",
        r"messages to you from the .{1,100} mailing list seem to\s+have been bouncing"),
        entry=matching(r"^<ADDRESS>:"),
    ),
    Style(
        "listserv-posting",
        matching(r"^subject: rejected posting to ", r"you are not\s+authorized\s+to\s+send\s+mail\s+to\s+the"),
        entry=matching(r"^subject: rejected posting to <?ADDRESS"),
    ),
    Style(
        "fml",
        matching(r"^subject: .{0,40}not member article from", r"you are not a? ?member of this mailing ?list",
        r"^subject: fml system error message"),
        entry=matching(r"(?:mail|article|message) to <?ADDRESS", r"mailing list <ADDRESS",
        r"^duplicated message-id in <ADDRESS",
        r"^subject: fml system error message <ADDRESS"),
    ),
)  # fmt: skip
